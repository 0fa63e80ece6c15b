//! What opens outside of the app: fixed addresses, our own folder and the links of known apps, never what a page or a
//! stranger names.

use std::ffi::OsStr;
use std::path::Path;
#[cfg(target_os = "linux")]
use std::process::Stdio;

use bridge_core::control::Failed;
use bridge_core::upstream::BaseUrl;

use crate::failure::Failure;

/// Where a person makes and revokes keys (upstream-api.md 6).
const KEY_PAGE: &str = "https://jeanmemory.com/settings";

/// The beginnings of the links that apps take (clients.md 4).
const APP_LINKS: [&str; 5] = ["cursor:", "vscode:", "vscode-insiders:", "lmstudio:", "goose:"];

/// Opens the link of an app, as the core has made it.
pub(crate) fn open_app(link: &str) -> Result<(), Failed> {
    if !is_app_link(link) {
        tracing::error!("a link of an app begins in a way that is not known");
        return opened(Err(std::io::ErrorKind::Unsupported.into()));
    }
    opened(open(link.as_ref()))
}

fn is_app_link(link: &str) -> bool {
    APP_LINKS.iter().any(|start| link.starts_with(start))
}

/// Opens the Jean Memory settings in the browser.
pub(crate) fn open_key_page() -> Result<(), Failed> {
    opened(open(KEY_PAGE.as_ref()))
}

/// Opens the page of releases, as it is built in or configured; nothing that was fetched has a say in it.
pub(crate) fn open_releases(page: Option<&str>) -> Result<(), Failed> {
    let Some(page) = page.filter(|page| is_page(page)) else {
        tracing::error!("the page of releases is not known, or no web page");
        return opened(Err(std::io::ErrorKind::Unsupported.into()));
    };
    opened(open(page.as_ref()))
}

/// http is only for this computer; the configuration refuses it elsewhere.
fn is_page(address: &str) -> bool {
    BaseUrl::parse(address).is_ok()
}

/// Opens a folder of ours in the file manager.
pub(crate) fn open_folder(folder: &Path) -> Result<(), Failed> {
    opened(open(folder.as_ref()))
}

/// Opens the extension that was just saved, so that the app asks whether to install it.
#[cfg(not(target_os = "linux"))]
pub(crate) fn show_extension(file: &Path) -> Result<(), Failed> {
    opened(open(file.as_ref()))
}

/// Shows the folder: here some program for archives might take the file for its own.
#[cfg(target_os = "linux")]
pub(crate) fn show_extension(file: &Path) -> Result<(), Failed> {
    open_folder(file.parent().unwrap_or(file))
}

/// Without what was set for our own pages and windows, which a browser would take for itself.
#[cfg(target_os = "linux")]
fn open(address: &OsStr) -> std::io::Result<()> {
    let mut failed = std::io::ErrorKind::NotFound.into();
    for mut opener in open::commands(address) {
        for (name, _) in crate::display::PLAIN_DRAWING {
            opener.env_remove(name);
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_links_of_known_apps_are_opened() {
        assert!(is_app_link("cursor://anysphere.cursor-deeplink/mcp/install?name=jean-memory"));
        assert!(is_app_link("vscode:mcp/install?x"));
        for other in
            ["https://example.com", "file:///etc/passwd", "ms-msdt:/id", "cursorx://y", " cursor://y"]
        {
            assert!(!is_app_link(other), "{other}");
        }
    }

    #[test]
    fn only_a_web_page_is_opened_as_the_page_of_releases() {
        assert!(is_page("https://example.com/releases") && is_page("http://127.0.0.1:9/releases"));
        for other in ["http://example.com", "file:///bin/sh", "cursor://x", "-h", "/bin/sh", ""] {
            assert!(!is_page(other), "{other}");
        }
    }
}
