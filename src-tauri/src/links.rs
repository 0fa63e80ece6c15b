//! What opens outside of the app: fixed addresses and our own folder, never what a page or a stranger names.

use std::path::Path;

use bridge_core::control::Failed;

/// Where a person makes and revokes keys (upstream-api.md 6).
const KEY_PAGE: &str = "https://jeanmemory.com/settings";

/// Opens the Jean Memory settings in the browser.
pub(crate) fn open_key_page() -> Result<(), Failed> {
    opened(open::that_detached(KEY_PAGE))
}

/// Opens a folder of ours in the file manager.
pub(crate) fn open_folder(folder: &Path) -> Result<(), Failed> {
    opened(open::that_detached(folder))
}

fn opened(result: std::io::Result<()>) -> Result<(), Failed> {
    result.map_err(|error| {
        tracing::warn!(%error, "nothing opens this here");
        let message = "No program here opens this. Open it by hand.".into();
        Failed { code: "cannot_open".into(), message }
    })
}
