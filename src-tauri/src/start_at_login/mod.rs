//! Starting with the desktop. Off until a person switches it on; what is shown is what the system would do.

#[cfg(not(target_os = "linux"))]
#[path = "other.rs"]
mod system;
#[cfg(target_os = "linux")]
#[path = "xdg.rs"]
mod system;

use bridge_core::connect::stays;
use bridge_core::control::Failed;

use crate::failure::Failure;

/// Whether the system would start this program at login; none when that cannot be known.
pub(crate) fn is_on() -> Option<bool> {
    system::is_on().inspect_err(|error| tracing::debug!(%error, "start at login is not known")).ok()
}

/// Switches it on or off.
pub(crate) fn set(is_on: bool) -> Result<(), Failed> {
    // From a disk image, or from where macOS runs an app that was not moved after the download, it would start once.
    let program = tauri::process::current_binary(&tauri::Env::default());
    if is_on && program.is_ok_and(|program| !stays(&program)) {
        return Err(Failure::NoLastingPlace.into());
    }
    system::set(is_on).map_err(|error| {
        tracing::warn!(%error, "start at login cannot be changed");
        Failure::StartAtLogin.into()
    })
}
