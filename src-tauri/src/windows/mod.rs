//! The windows. Each is made when it is needed and gone when it is closed, so that a bridge in the tray costs little.

pub(crate) mod cannot_start;
pub(crate) mod consent;
mod foreground;
pub(crate) mod main;
pub(crate) mod place;
mod text_size;
mod web_view;

use std::path::PathBuf;

use bridge_core::view::Appearance;
use tauri::webview::NewWindowResponse;
use tauri::{AppHandle, Manager as _, Theme, Url, WebviewUrl, WebviewWindow, WebviewWindowBuilder};

use crate::words::Words;

type Builder<'a> = WebviewWindowBuilder<'a, tauri::Wry, AppHandle>;

/// What every window has: our words, our pages and no others, and no tools for developers in a release.
fn builder<'a>(
    app: &'a AppHandle,
    label: &str,
    page: &str,
    words: &Words,
    appearance: Appearance,
    data_dir: Option<PathBuf>,
) -> Builder<'a> {
    let builder = WebviewWindowBuilder::new(app, label, WebviewUrl::App(page.into()))
        .initialization_script(words.script(appearance))
        .theme(theme(appearance))
        .devtools(cfg!(debug_assertions))
        .on_navigation(is_own_page)
        .on_new_window(|_, _| NewWindowResponse::Deny)
        .on_download(|_, _| false);
    match data_dir {
        Some(dir) => builder.data_directory(dir),
        None => builder.incognito(true),
    }
}

/// What the system draws around the page, and what the page is told when it asks for the system's colours.
fn theme(appearance: Appearance) -> Option<Theme> {
    match appearance {
        Appearance::System => None,
        Appearance::Light => Some(Theme::Light),
        Appearance::Dark => Some(Theme::Dark),
    }
}

/// Gives every window the colours that the person chose.
pub(crate) fn set_appearance(app: &AppHandle, appearance: Appearance) {
    for window in app.webview_windows().values() {
        if let Err(error) = window.set_theme(theme(appearance)) {
            tracing::warn!(%error, "a window keeps its colours");
        }
    }
}

/// The pages in the program, as Tauri addresses them: `tauri://localhost`, on Windows `http://tauri.localhost`.
fn is_own_page(url: &Url) -> bool {
    match url.scheme() {
        "tauri" => url.host_str() == Some("localhost"),
        "http" | "https" => cfg!(windows) && url.host_str() == Some("tauri.localhost"),
        _ => false,
    }
}

/// Brings a window to the front, from wherever it is.
fn raise(window: &WebviewWindow) -> tauri::Result<()> {
    window.show()?;
    window.unminimize()?;
    foreground::take(window)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_shows_nothing_but_pages_of_the_app() {
        assert!(is_own_page(&Url::parse("tauri://localhost/main.html#apps").unwrap()));
        for foreign in [
            "https://example.com/",
            "tauri://example.com/main.html",
            "file:///etc/passwd",
            "data:text/html,x",
            "javascript:alert(1)",
            "http://127.0.0.1:5326/",
            "https://tauri.localhost.example.com/",
        ] {
            assert!(!is_own_page(&Url::parse(foreign).unwrap()), "{foreign}");
        }
    }
}
