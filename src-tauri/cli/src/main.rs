//! `jean-bridge`, the command line.
fn main() {}
