//! What the suites share: starting programs, asking over HTTP, waiting for conditions.
