//! The registry of Windows, a launch agent of macOS.

use std::io;

use auto_launch::{AutoLaunch, AutoLaunchBuilder};

use super::NAME;
use crate::paths::Paths;

/// The entry does not say of which directories it is.
pub(super) fn is_there(_: &Paths) -> io::Result<bool> {
    entry()?.is_enabled().map_err(io::Error::other)
}

pub(super) fn remove() -> io::Result<()> {
    entry()?.disable().map_err(io::Error::other)
}

fn entry() -> io::Result<AutoLaunch> {
    let mut builder = AutoLaunchBuilder::new();
    // The program's path matters to whoever makes the entry only.
    builder.set_app_name(NAME).set_app_path(NAME);
    #[cfg(windows)]
    builder.set_windows_enable_mode(auto_launch::WindowsEnableMode::CurrentUser);
    builder.build().map_err(io::Error::other)
}
