//! What the program is called.

/// The program's name on the wire (protocol.md 7.13).
pub const PRODUCT: &str = "jean-memory-bridge";
/// Its name for people.
pub const TITLE: &str = "Jean Memory Bridge";
