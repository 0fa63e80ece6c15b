//! Does this desktop show tray icons? GNOME needs an extension for it, and a bare window manager has no panel.

use tauri::{AppHandle, Manager as _};

use crate::shell::Shell;

/// Follows whether there is a panel, in [`crate::shell::Shell::has_tray`]; an icon that could not be drawn is on none.
/// On the main thread.
///
/// The session bus that GTK shares with us would end the process when it goes; that is switched off. What works after
/// the bus was restarted: everything over HTTP and the local socket, the windows, and the keychain, which is opened
/// anew. What does not, until the app is restarted: the tray icon and notifications, which are tied to the old bus.
/// So a lost bus counts as a lost tray, and the main window says it and offers to restart.
#[cfg(target_os = "linux")]
pub(crate) fn watch(app: &AppHandle, is_drawn: bool) {
    use std::sync::atomic::Ordering;

    use gtk::gio::prelude::*;
    use gtk::gio::{BusType, Cancellable, DBusCallFlags, DBusSignalFlags, bus_get_sync};
    use gtk::glib::VariantTy;

    /// Whom icons tell that they are there.
    const WATCHER: &str = "org.kde.StatusNotifierWatcher";
    const BUS: &str = "org.freedesktop.DBus";
    const BUS_PATH: &str = "/org/freedesktop/DBus";
    /// Milliseconds for an answer of the bus itself.
    const PATIENCE: i32 = 5000;

    let bus = match bus_get_sync(BusType::Session, Cancellable::NONE) {
        Ok(bus) => bus,
        Err(error) => {
            tracing::warn!(%error, "there is no session bus, so no tray and no notifications");
            return set(app, false);
        }
    };
    bus.set_exit_on_close(false);
    let lost = app.clone();
    bus.connect_closed(move |_, _, _| {
        tracing::warn!("the session bus is gone");
        let shell = lost.state::<Shell>();
        shell.has_lost_bus.store(true, Ordering::Relaxed);
        // On a desktop without a panel nothing else says that something is different now.
        shell.note_change();
        set(&lost, false);
    });
    if !is_drawn {
        return set(app, false);
    }
    let changed = app.clone();
    let _subscription = bus.signal_subscribe(
        Some(BUS),
        Some(BUS),
        Some("NameOwnerChanged"),
        Some(BUS_PATH),
        Some(WATCHER),
        DBusSignalFlags::NONE,
        move |_, _, _, _, _, change| {
            if let Some((_, _, owner)) = change.get::<(String, String, String)>() {
                set(&changed, !owner.is_empty());
            }
        },
    );
    let known = app.clone();
    bus.call(
        Some(BUS),
        BUS_PATH,
        BUS,
        "NameHasOwner",
        Some(&(WATCHER,).to_variant()),
        Some(VariantTy::new("(b)").unwrap_or(VariantTy::ANY)),
        DBusCallFlags::NONE,
        PATIENCE,
        Cancellable::NONE,
        move |answer| {
            let has_owner = answer.ok().and_then(|answer| answer.get::<(bool,)>());
            set(&known, has_owner.is_some_and(|(has_owner,)| has_owner));
        },
    );
}

/// Windows and macOS always show them.
#[cfg(not(target_os = "linux"))]
pub(crate) fn watch(app: &AppHandle, is_drawn: bool) {
    set(app, is_drawn);
}

fn set(app: &AppHandle, has_tray: bool) {
    let shell = app.state::<Shell>();
    if shell.has_tray.send_if_modified(|known| std::mem::replace(known, has_tray) != has_tray) {
        tracing::info!(has_tray, "the tray came or went");
        shell.note_change();
    }
}
