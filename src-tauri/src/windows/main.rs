//! The main window: apps, accounts, activity, settings. It is there only while somebody looks at it.

use std::time::Duration;

use tauri::{AppHandle, Manager as _};

use super::place::Place;
use super::{builder, raise, text_size, web_view};
use crate::notify::{self, Notice};
use crate::shell::Shell;

const LABEL: &str = "main";
/// In CSS pixels at the usual size of text.
const WIDTH: f64 = 960.0;
const HEIGHT: f64 = 680.0;
const LEAST_WIDTH: f64 = 480.0;
const LEAST_HEIGHT: f64 = 400.0;

/// Opens the window, or brings it to the front. May be called anywhere: the work is done where waiting hurts nobody.
pub(crate) fn show(app: &AppHandle, place: Place) {
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        if let Err(error) = open(&app, &place) {
            tracing::error!(%error, "the main window cannot be shown");
        }
    });
}

/// Whether there is one, seen or not.
pub(crate) fn is_open(app: &AppHandle) -> bool {
    app.get_webview_window(LABEL).is_some()
}

fn open(app: &AppHandle, place: &Place) -> tauri::Result<()> {
    if let Some(window) = app.get_webview_window(LABEL) {
        if *place != Place::Anywhere {
            // The id in it is one of ours: letters and digits.
            window.eval(format!("location.hash = {}", serde_json::Value::from(place.to_string())))?;
        }
        return raise(&window);
    }
    let shell = app.state::<Shell>();
    let words = shell.words();
    let size = text_size::factor(app);
    let page = format!("main.html{place}");
    let window = builder(app, LABEL, &page, &words, shell.appearance(), Some(shell.web_view_dir()))
        .title(words.say("main.window_title", &[]))
        .inner_size(WIDTH * size, HEIGHT * size)
        .min_inner_size(LEAST_WIDTH, LEAST_HEIGHT)
        .prevent_overflow()
        .center()
        .focused(true)
        .build()?;
    web_view::prepare(&window)?;
    let dead = window.clone();
    web_view::when_gone(&window, move || {
        notify::show(dead.app_handle(), &Notice::MainBroke);
        let _ = dead.destroy();
    })
}

/// Makes the window anew where it is, with the words that are now the person's: a page knows the words it was made
/// with.
pub(crate) fn renew(app: &AppHandle, place: Place) {
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        let Some(old) = app.get_webview_window(LABEL) else { return };
        let (position, size) = (old.outer_position(), old.inner_size());
        let renewed = async {
            old.destroy()?;
            gone(&app).await;
            open(&app, &place)?;
            if let (Some(new), Ok(position), Ok(size)) = (app.get_webview_window(LABEL), position, size) {
                new.set_size(size)?;
                new.set_position(position)?;
            }
            tauri::Result::Ok(())
        };
        if let Err(error) = renewed.await {
            tracing::error!(%error, "the main window cannot be shown again");
        }
    });
}

/// Waits until the label is free; the window goes when the main loop turns.
async fn gone(app: &AppHandle) {
    const PAUSE: Duration = Duration::from_millis(5);
    while app.get_webview_window(LABEL).is_some() {
        tokio::time::sleep(PAUSE).await;
    }
}
