//! The icon for each state.

use bridge_core::view::State;
use tauri::image::Image;
use tauri::include_image;

/// One glyph with a small mark; on macOS the system colours it.
pub(super) fn of(state: State) -> Image<'static> {
    #[cfg(not(target_os = "macos"))]
    return match state {
        State::Ready => include_image!("src-tauri/icons/tray/ready.png"),
        State::Asking => include_image!("src-tauri/icons/tray/asking.png"),
        State::NeedsKey => include_image!("src-tauri/icons/tray/needs_key.png"),
        State::Offline => include_image!("src-tauri/icons/tray/offline.png"),
        State::Paused => include_image!("src-tauri/icons/tray/paused.png"),
    };
    #[cfg(target_os = "macos")]
    match state {
        State::Ready => include_image!("src-tauri/icons/tray/template/ready.png"),
        State::Asking => include_image!("src-tauri/icons/tray/template/asking.png"),
        State::NeedsKey => include_image!("src-tauri/icons/tray/template/needs_key.png"),
        State::Offline => include_image!("src-tauri/icons/tray/template/offline.png"),
        State::Paused => include_image!("src-tauri/icons/tray/template/paused.png"),
    }
}
