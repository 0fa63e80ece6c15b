//! What opens outside of the app: fixed addresses and our own folder, never what a page or a stranger names.

use std::ffi::OsStr;
use std::path::Path;
#[cfg(target_os = "linux")]
use std::process::Stdio;

use bridge_core::control::Failed;

use crate::failure::Failure;

/// Where a person makes and revokes keys (upstream-api.md 6).
const KEY_PAGE: &str = "https://jeanmemory.com/settings";

/// Opens the Jean Memory settings in the browser.
pub(crate) fn open_key_page() -> Result<(), Failed> {
    opened(open(KEY_PAGE.as_ref()))
}

/// Opens a folder of ours in the file manager.
pub(crate) fn open_folder(folder: &Path) -> Result<(), Failed> {
    opened(open(folder.as_ref()))
}

/// Without what was set for our own pages, which a browser on WebKit would take for itself.
#[cfg(target_os = "linux")]
fn open(address: &OsStr) -> std::io::Result<()> {
    let mut failed = std::io::ErrorKind::NotFound.into();
    for mut opener in open::commands(address) {
        opener.env_remove(crate::display::PLAIN_DRAWING);
        opener.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        match opener.spawn() {
            Ok(mut opener) => {
                // Some openers stay as long as the browser does.
                tauri::async_runtime::spawn_blocking(move || opener.wait());
                return Ok(());
            }
            Err(error) => failed = error,
        }
    }
    Err(failed)
}

#[cfg(not(target_os = "linux"))]
fn open(address: &OsStr) -> std::io::Result<()> {
    open::that_detached(address)
}

fn opened(result: std::io::Result<()>) -> Result<(), Failed> {
    result.map_err(|error| {
        tracing::warn!(%error, "nothing opens this here");
        Failure::CannotOpen.into()
    })
}
