//! Is there a desktop to draw on, and how is it drawn on? Asked and settled before Tauri, which would panic instead of
//! saying that there is none.

/// Why the app cannot draw, in the words that the person reads.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoDisplay {
    /// Neither X11 nor Wayland is announced: an SSH session, a container, a virtual console.
    #[cfg(target_os = "linux")]
    #[error(
        "there is no display here (DISPLAY and WAYLAND_DISPLAY are not set); \
         run `jean-bridge serve` on a machine without one"
    )]
    NotAnnounced,
    /// A display is announced, but nothing answers there: a stale SSH forwarding, a wrong DISPLAY.
    #[cfg(target_os = "linux")]
    #[error(
        "the display named by DISPLAY or WAYLAND_DISPLAY does not answer; \
         correct it, or run `jean-bridge serve`, which needs none"
    )]
    NotAnswering,
}

/// Makes sure that a display is announced; costs nothing.
#[cfg(target_os = "linux")]
pub(crate) fn require_announced() -> Result<(), NoDisplay> {
    let announced = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    if announced("DISPLAY") || announced("WAYLAND_DISPLAY") { Ok(()) } else { Err(NoDisplay::NotAnnounced) }
}

/// How pages and windows are drawn: read by WebKit when its first page is made, and by GTK when it connects.
#[cfg(target_os = "linux")]
pub(crate) const PLAIN_DRAWING: [(&str, &str); 2] =
    [("WEBKIT_DISABLE_COMPOSITING_MODE", "1"), ("GDK_GL", "disable")];

/// Has pages and windows drawn without the graphics card, unless the person has set it otherwise: what is as plain as
/// ours gains nothing from it.
///
/// Pages pay with memory, with a first picture that comes seconds later where there is no such card, and on some drivers
/// with a window that stays empty. WebKit's own setting for it comes too late: a page that is told while it loads breaks
/// down. GTK loads the whole driver at the start if no other program of the desktop has asked it yet what it can do,
/// which costs a third of the memory that an idle app has.
///
/// To be called before there is a second thread.
#[cfg(target_os = "linux")]
pub(crate) fn draw_plainly() {
    for (name, value) in PLAIN_DRAWING {
        // Fails only for names that no system takes.
        let _ = gtk::glib::setenv(name, value, false);
    }
}

/// Only WebKit on Linux has the trouble.
#[cfg(not(target_os = "linux"))]
pub(crate) fn draw_plainly() {}

/// Connects to the display; takes a tenth of a second and more.
#[cfg(target_os = "linux")]
pub(crate) fn connect() -> Result<(), NoDisplay> {
    // Tauri initialises GTK again, which is then a no-op.
    gtk::init().map_err(|_| NoDisplay::NotAnswering)
}

/// Windows and macOS have a desktop wherever the app can be started.
#[cfg(not(target_os = "linux"))]
#[expect(clippy::unnecessary_wraps, reason = "the same on every system")]
pub(crate) fn require_announced() -> Result<(), NoDisplay> {
    Ok(())
}

/// Windows and macOS have a desktop wherever the app can be started.
#[cfg(not(target_os = "linux"))]
#[expect(clippy::unnecessary_wraps, reason = "the same on every system")]
pub(crate) fn connect() -> Result<(), NoDisplay> {
    Ok(())
}
