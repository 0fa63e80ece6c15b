//! The pages run in a process of their own, which may end on its own: a crash, a lack of memory, `kill`.

use tauri::WebviewWindow;

/// Calls `ended` when the process behind the window's page is gone: an empty window would be left, and on Linux it
/// would stay empty.
#[cfg(target_os = "linux")]
pub(super) fn when_gone(window: &WebviewWindow, ended: impl Fn() + Send + 'static) -> tauri::Result<()> {
    use webkit2gtk::WebViewExt as _;
    window.with_webview(move |web_view| {
        web_view.inner().connect_web_process_terminated(move |_, reason| {
            tracing::error!(?reason, "the process behind a window ended");
            ended();
        });
    })
}

/// Elsewhere the system starts the process anew and loads the page again.
#[cfg(not(target_os = "linux"))]
#[expect(clippy::unnecessary_wraps, reason = "the same on every system")]
pub(super) fn when_gone(_window: &WebviewWindow, _ended: impl Fn() + Send + 'static) -> tauri::Result<()> {
    Ok(())
}
