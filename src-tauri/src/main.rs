//! The tray app: a shell around `bridge-core`.

fn main() {}
