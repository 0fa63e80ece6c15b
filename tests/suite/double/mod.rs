//! The upstream double: the Jean Memory API with its faults (upstream-api.md 13).
