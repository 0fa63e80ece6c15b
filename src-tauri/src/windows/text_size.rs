//! How large the person wants text: windows grow with it.

/// 1 is the usual size. A system that scales whole windows by itself says 1 here.
#[cfg(target_os = "linux")]
pub(super) fn factor() -> f64 {
    use gtk::prelude::GtkSettingsExt as _;
    /// Dots per inch at the usual size, and GTK counts 1024ths of them.
    const USUAL: f64 = 96.0 * 1024.0;
    let dpi = gtk::Settings::default().map_or(-1, |settings| settings.gtk_xft_dpi());
    // -1: the system does not say.
    if dpi > 0 { (f64::from(dpi) / USUAL).clamp(1.0, 3.0) } else { 1.0 }
}

/// 1 is the usual size. A system that scales whole windows by itself says 1 here.
#[cfg(not(target_os = "linux"))]
pub(super) fn factor() -> f64 {
    1.0
}
