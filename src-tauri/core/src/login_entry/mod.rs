//! The entry that starts the app at login, as whoever removes everything finds it: the app alone makes it, because it
//! knows its own program best.

#[cfg(not(target_os = "linux"))]
#[path = "other.rs"]
mod system;
#[cfg(target_os = "linux")]
#[path = "xdg.rs"]
mod system;

use std::io;

use crate::paths::Paths;

#[cfg(target_os = "linux")]
pub use system::{file, quoted, write};

/// What the entry is called where it has no file of its own.
pub const NAME: &str = "Jean Memory Bridge";

/// Whether there is one that starts the bridge of these directories.
///
/// # Errors
/// What the system said.
pub fn is_there(paths: &Paths) -> io::Result<bool> {
    system::is_there(paths)
}

/// Removes it; says whether there was one.
///
/// # Errors
/// What the system said.
pub fn remove(paths: &Paths) -> io::Result<bool> {
    Ok(system::is_there(paths)? && system::remove().map(|()| true)?)
}
