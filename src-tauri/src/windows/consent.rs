//! The window that asks. Its label says which question it is about, and that is the only one it can answer.

use std::time::Duration;

use bridge_core::ids::QuestionId;
use bridge_core::view::RequestView;
use tauri::{AppHandle, LogicalPosition, LogicalSize, Manager as _, WebviewWindow, WindowEvent};

use super::{builder, raise, text_size, web_view};
use crate::notify::{self, Notice};
use crate::shell::Shell;

/// Before the question's id in the window's label; the capability `consent` is for `consent-*`.
const LABEL_PREFIX: &str = "consent-";
/// In CSS pixels at the usual size of text.
const WIDTH: f64 = 440.0;
const HEIGHT: f64 = 560.0;
const LEAST_HEIGHT: f64 = 320.0;
/// Kept free of the screen's height, for title bar and panels.
const MARGIN: f64 = 80.0;
/// About what the window manager puts on top.
const TITLE_BAR: f64 = 30.0;
/// A page that has not said by then that it is painted is shown as it is: an empty window can at least be closed.
const PATIENCE: Duration = Duration::from_secs(5);

/// The question that a window is about.
pub(crate) fn question_of(window: &WebviewWindow) -> Option<QuestionId> {
    window.label().strip_prefix(LABEL_PREFIX).map(QuestionId::new)
}

fn label(id: &QuestionId) -> String {
    format!("{LABEL_PREFIX}{id}")
}

/// Opens the window of a question; it is seen when its page is painted, and `gone` is called when it is no more,
/// whoever closed it. Not to be called on the main thread.
pub(crate) fn open(
    app: &AppHandle,
    request: &RequestView,
    gone: impl Fn() + Send + 'static,
) -> tauri::Result<()> {
    let shell = app.state::<Shell>();
    let words = shell.words();
    let size = text_size::factor(app);
    let window = builder(
        app,
        &label(&request.id),
        "consent.html",
        &words,
        shell.appearance(),
        Some(shell.web_view_dir()),
    )
    .title(words.say("consent.window_title", &[]))
    .inner_size(WIDTH * size, HEIGHT * size)
    .prevent_overflow()
    .always_on_top(true)
    .minimizable(false)
    .maximizable(false)
    .center()
    .focused(true)
    .visible(false)
    .build()?;
    web_view::prepare(&window)?;
    web_view::lay_out_hidden(&window, WIDTH * size, HEIGHT * size)?;
    window.on_window_event(move |event| {
        if matches!(event, WindowEvent::Destroyed) {
            gone();
        }
    });
    let dead = window.clone();
    let name = request.client_name.clone();
    web_view::when_gone(&window, move || {
        // Nobody can see what they would allow: gone is gone, and that refuses it.
        notify::show(dead.app_handle(), &Notice::ConsentBroke { app: name.clone() });
        let _ = dead.destroy();
    })?;
    tauri::async_runtime::spawn(show_at_last(window));
    Ok(())
}

/// Closes the window of a question that has ended.
pub(crate) fn close(app: &AppHandle, id: &QuestionId) {
    if let Some(window) = app.get_webview_window(&label(id)) {
        // Not `close`, which the page could hold up.
        let _ = window.destroy();
    }
}

/// Brings the window of a question to the front; false when it has none.
pub(crate) fn show(app: &AppHandle, id: &QuestionId) -> bool {
    app.get_webview_window(&label(id)).is_some_and(|window| raise(&window).is_ok())
}

/// The page is painted: the window takes the height it needs, in the middle of the screen, and is seen.
pub(crate) fn painted(window: &WebviewWindow, height: f64) -> tauri::Result<()> {
    fit(window, height)?;
    raise(window)?;
    // The window manager gives a window its place when it is shown. Not `center`, which goes by the size that the
    // window had, and it has the new one a moment later.
    match (screen(window)?, size(window, height)?) {
        (Some((origin, room)), size) => window.set_position(middle(origin, room, size)),
        (None, _) => Ok(()),
    }
}

/// The window takes the height that its page needs, as far as the screen allows.
pub(crate) fn fit(window: &WebviewWindow, height: f64) -> tauri::Result<()> {
    window.set_size(size(window, height)?)
}

/// For a page of this height, in CSS pixels: the larger the text, the larger they are.
fn size(window: &WebviewWindow, height: f64) -> tauri::Result<LogicalSize<f64>> {
    let text = text_size::factor(window.app_handle());
    let most = screen(window)?.map_or(f64::INFINITY, |(_, room)| room.height - MARGIN);
    let height = if height.is_finite() { height } else { HEIGHT };
    Ok(LogicalSize::new(WIDTH * text, (height.max(LEAST_HEIGHT) * text).min(most)))
}

/// Where the window's screen begins and how large it is; none where the system does not say.
fn screen(window: &WebviewWindow) -> tauri::Result<Option<(LogicalPosition<f64>, LogicalSize<f64>)>> {
    Ok(window.current_monitor()?.map(|monitor| {
        let scale = monitor.scale_factor();
        (monitor.position().to_logical(scale), monitor.size().to_logical(scale))
    }))
}

fn middle(
    origin: LogicalPosition<f64>,
    room: LogicalSize<f64>,
    size: LogicalSize<f64>,
) -> LogicalPosition<f64> {
    LogicalPosition::new(
        origin.x + (room.width - size.width).max(0.0) / 2.0,
        origin.y + (room.height - size.height - TITLE_BAR).max(0.0) / 2.0,
    )
}

/// Whether somebody has the window of this question before them.
pub(crate) fn is_seen(app: &AppHandle, id: &QuestionId) -> bool {
    app.get_webview_window(&label(id))
        .is_some_and(|window| matches!((window.is_visible(), window.is_focused()), (Ok(true), Ok(true))))
}

async fn show_at_last(window: WebviewWindow) {
    tokio::time::sleep(PATIENCE).await;
    if matches!(window.is_visible(), Ok(false)) {
        tracing::warn!(window = window.label(), "a page is slow");
        let _ = raise(&window);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_stands_in_the_middle_of_its_own_screen() {
        let (second, room) = (LogicalPosition::new(1920.0, 100.0), LogicalSize::new(1280.0, 900.0));
        let place = middle(second, room, LogicalSize::new(440.0, 530.0));
        assert_eq!(place, LogicalPosition::new(1920.0 + 420.0, 100.0 + 170.0));
        let larger_than_it = middle(second, room, LogicalSize::new(1500.0, 1000.0));
        assert_eq!(larger_than_it, second);
    }
}
