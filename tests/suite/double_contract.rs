//! The double itself behaves as upstream-api.md says.
