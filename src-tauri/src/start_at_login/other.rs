//! The registry of Windows, a launch agent of macOS.

use std::io;

use auto_launch::{AutoLaunch, AutoLaunchBuilder};
use bridge_core::login_entry::NAME;

use crate::launch::BACKGROUND;

pub(super) fn is_on() -> io::Result<bool> {
    entry()?.is_enabled().map_err(io::Error::other)
}

pub(super) fn set(is_on: bool) -> io::Result<()> {
    let entry = entry()?;
    if is_on {
        return entry.enable().map_err(io::Error::other);
    }
    // Removing what is not there is an error of the Windows registry.
    if entry.is_enabled().map_err(io::Error::other)? {
        entry.disable().map_err(io::Error::other)
    } else {
        Ok(())
    }
}

fn entry() -> io::Result<AutoLaunch> {
    let program = tauri::process::current_binary(&tauri::Env::default())?;
    let program = program.display().to_string();
    // Windows splits the line at blanks; macOS gets a list.
    let program = if cfg!(windows) { format!("\"{program}\"") } else { program };
    let mut builder = AutoLaunchBuilder::new();
    builder.set_app_name(NAME).set_app_path(&program).set_args(&[BACKGROUND]);
    // For this person only: for everybody would need the rights of an administrator.
    #[cfg(windows)]
    builder.set_windows_enable_mode(auto_launch::WindowsEnableMode::CurrentUser);
    builder.build().map_err(io::Error::other)
}
