//! The Jean Memory API, as it really behaves (upstream-api.md).
