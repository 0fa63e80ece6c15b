//! How large the person wants text: windows grow with it.

use tauri::AppHandle;

/// 1 is the usual size. A system that scales whole windows by itself says 1 here.
#[cfg(target_os = "linux")]
pub(super) fn factor(app: &AppHandle) -> f64 {
    let (answer, asked) = std::sync::mpsc::sync_channel(1);
    // GTK is for the main thread only; on that thread the question is answered at once.
    let sent = app.run_on_main_thread(move || {
        let _ = answer.send(of_gtk());
    });
    sent.ok().and_then(|()| asked.recv().ok()).unwrap_or(1.0)
}

#[cfg(target_os = "linux")]
fn of_gtk() -> f64 {
    use gtk::prelude::GtkSettingsExt as _;
    /// Dots per inch at the usual size; GTK counts 1024ths of them.
    const USUAL: f64 = 96.0 * 1024.0;
    let dpi = gtk::Settings::default().map_or(-1, |settings| settings.gtk_xft_dpi());
    // -1: the system does not say.
    if dpi > 0 { (f64::from(dpi) / USUAL).clamp(1.0, 3.0) } else { 1.0 }
}

/// 1 is the usual size. A system that scales whole windows by itself says 1 here.
#[cfg(not(target_os = "linux"))]
pub(super) fn factor(_app: &AppHandle) -> f64 {
    1.0
}
