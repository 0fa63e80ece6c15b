//! Keys in the OS keychain.
