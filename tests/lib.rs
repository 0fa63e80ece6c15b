//! Nothing here: the suites are the integration test `suite`.
