//! The focus, when a person asked for a window somewhere else: in the tray, in a notification, by a second launch.

#[cfg(target_os = "linux")]
pub(super) use linux::take;
#[cfg(not(target_os = "linux"))]
pub(super) use other::take;

#[cfg(target_os = "linux")]
mod linux {
    use gtk::gdk;
    use gtk::glib::Cast as _;
    use gtk::prelude::{GtkWindowExt as _, WidgetExt as _};
    use tauri::{Manager as _, WebviewWindow};

    /// Gives a window the focus and shows it if it is hidden.
    ///
    /// Tauri asks for it with the time of the last click in one of our windows. A window manager that keeps windows
    /// from taking the focus refuses that as soon as the person has used another program since.
    pub(in crate::windows) fn take(window: &WebviewWindow) -> tauri::Result<()> {
        let taken = window.clone();
        window.app_handle().run_on_main_thread(move || {
            if let Ok(window) = taken.gtk_window() {
                window.present_with_time(now(&window));
            }
        })
    }

    /// The time of the X server; elsewhere there is none, and the system finds its own.
    fn now(window: &gtk::ApplicationWindow) -> u32 {
        let Some(Ok(window)) = window.window().map(gdk::Window::downcast::<gdkx11::X11Window>) else {
            return gdk::ffi::GDK_CURRENT_TIME as u32;
        };
        gdkx11::functions::x11_get_server_time(&window)
    }
}

#[cfg(not(target_os = "linux"))]
mod other {
    use tauri::WebviewWindow;

    pub(in crate::windows) fn take(window: &WebviewWindow) -> tauri::Result<()> {
        window.set_focus()
    }
}
