//! The configuration: file, environment, defaults.
