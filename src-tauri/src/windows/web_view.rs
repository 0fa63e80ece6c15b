//! What Tauri does not say to the system's web view. Elsewhere than on Linux nothing has to be said.

#[cfg(target_os = "linux")]
pub(super) use linux::{lay_out_hidden, prepare, when_gone};
#[cfg(not(target_os = "linux"))]
pub(super) use other::{lay_out_hidden, prepare, when_gone};

#[cfg(target_os = "linux")]
mod linux {
    use gtk::prelude::WidgetExt as _;
    use tauri::WebviewWindow;
    use webkit2gtk::{HitTestResultExt as _, WebViewExt as _};

    /// The menu of the right button is for text fields only, where it pastes: reloading a page would begin its question
    /// anew.
    pub(in crate::windows) fn prepare(window: &WebviewWindow) -> tauri::Result<()> {
        window.with_webview(|web_view| {
            web_view.inner().connect_context_menu(|_, _, _, place| !place.context_is_editable());
        })
    }

    /// Gives the page its width before it is seen. GTK gives a hidden window no room at all, and the page would find
    /// that it needs a column of single letters.
    pub(in crate::windows) fn lay_out_hidden(
        window: &WebviewWindow,
        width: f64,
        height: f64,
    ) -> tauri::Result<()> {
        #[expect(clippy::cast_possible_truncation, reason = "a window is far smaller than what fits")]
        let room = gtk::Allocation::new(0, 0, width as i32, height as i32);
        window.with_webview(move |web_view| web_view.inner().size_allocate(&room))
    }

    /// Calls `ended` when the process behind the window's page is gone, by a crash, a lack of memory or `kill`: an
    /// empty window would be left, and stay empty.
    pub(in crate::windows) fn when_gone(
        window: &WebviewWindow,
        ended: impl Fn() + Send + 'static,
    ) -> tauri::Result<()> {
        window.with_webview(move |web_view| {
            web_view.inner().connect_web_process_terminated(move |_, reason| {
                tracing::error!(?reason, "the process behind a window ended");
                ended();
            });
        })
    }
}

#[cfg(not(target_os = "linux"))]
#[expect(clippy::unnecessary_wraps, reason = "the same on every system")]
mod other {
    use tauri::WebviewWindow;

    pub(in crate::windows) fn prepare(_window: &WebviewWindow) -> tauri::Result<()> {
        Ok(())
    }

    /// Windows and macOS lay out hidden windows as well.
    pub(in crate::windows) fn lay_out_hidden(
        _window: &WebviewWindow,
        _width: f64,
        _height: f64,
    ) -> tauri::Result<()> {
        Ok(())
    }

    /// There the system starts the process anew and loads the page again.
    pub(in crate::windows) fn when_gone(
        _window: &WebviewWindow,
        _ended: impl Fn() + Send + 'static,
    ) -> tauri::Result<()> {
        Ok(())
    }
}
