//! Through the notification centres of Windows and macOS. There a click only brings the app to the front.

use notify_rust::Notification;
use tauri::AppHandle;

use super::Message;

/// As the installer registers the app.
#[cfg(windows)]
const IDENTIFIER: &str = "com.jeanmemory.bridge";

pub(super) fn start(_app: &AppHandle) {}

pub(super) fn show(_app: &AppHandle, message: Message) {
    // May wait for the system.
    tauri::async_runtime::spawn_blocking(move || {
        let mut notification = Notification::new();
        notification.summary(&message.title).body(&message.body);
        #[cfg(windows)]
        notification.app_id(IDENTIFIER);
        if let Err(error) = notification.show() {
            tracing::warn!(%error, "a notification cannot be shown");
        }
    });
}

/// Neither tells when it has been shown.
pub(super) fn finish() {}

/// Neither system takes one back that was shown this way.
pub(super) fn withdraw(_app: &AppHandle, _tag: String) {}
