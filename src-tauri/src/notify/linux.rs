//! Through the desktop's notification service, over the session bus that GTK has open anyway: a click comes back,
//! and no second D-Bus library is needed.

use std::cell::RefCell;
use std::collections::HashMap;

use gtk::gio::prelude::*;
use gtk::gio::{BusType, Cancellable, DBusCallFlags, DBusConnection, DBusSignalFlags, bus_get_sync};
use gtk::glib::{Variant, VariantTy};
use tauri::AppHandle;

use super::{Click, Message};

/// Name and interface of the service.
const SERVICE: &str = "org.freedesktop.Notifications";
const PATH: &str = "/org/freedesktop/Notifications";
const APP_NAME: &str = "Jean Memory Bridge";
/// As the package installs it.
const ICON: &str = "jean-memory-bridge";
/// The action of a click on the notification itself.
const DEFAULT_ACTION: &str = "default";
/// The service decides how long it stays.
const ITS_TIME: i32 = -1;
/// No limit for an answer of the service: nothing waits for it, and what it shows late must be known, or it could neither
/// be taken back nor clicked.
const PATIENCE: i32 = i32::MAX;

/// Where a notification is.
enum State {
    /// On its way to the service.
    Asked,
    /// Taken back before the service said under which number it is shown.
    Withdrawn,
    /// There.
    Shown { id: u32, on_click: Click },
}

thread_local! {
    /// What is there, by its tag. Only the main thread speaks to the service.
    static STATES: RefCell<HashMap<String, State>> = RefCell::default();
}

/// Listens for clicks.
pub(super) fn start(app: &AppHandle) {
    let Some(bus) = bus() else { return };
    let app = app.clone();
    on_signal(&bus, "ActionInvoked", move |signal| {
        if let Some((id, action)) = signal.get::<(u32, String)>()
            && action == DEFAULT_ACTION
            && let Some(on_click) = take(id)
        {
            super::clicked(&app, on_click);
        }
    });
    on_signal(&bus, "NotificationClosed", |signal| {
        if let Some((id, _reason)) = signal.get::<(u32, u32)>() {
            take(id);
        }
    });
}

pub(super) fn show(app: &AppHandle, message: Message) {
    on_main_thread(app, move || {
        let Some(bus) = bus() else { return };
        let Message { tag, title, body, on_click } = message;
        let replaces = match STATES.with_borrow_mut(|all| all.insert(tag.clone(), State::Asked)) {
            Some(State::Shown { id, .. }) => id,
            Some(State::Asked | State::Withdrawn) | None => 0,
        };
        let (actions, hints) = (vec![DEFAULT_ACTION, &title], HashMap::<String, Variant>::new());
        let arguments = (APP_NAME, replaces, ICON, &title, &body, actions, hints, ITS_TIME).to_variant();
        call(&bus, "Notify", &arguments, move |answer| {
            let state = STATES.with_borrow_mut(|all| all.remove(&tag));
            match (answer.map(|answer| answer.get::<(u32,)>()), state) {
                (Ok(Some((id,))), Some(State::Withdrawn)) => close(id),
                (Ok(Some((id,))), _) => {
                    STATES.with_borrow_mut(|all| all.insert(tag, State::Shown { id, on_click }));
                }
                (Ok(None), _) => tracing::warn!("the notification service gave a strange answer"),
                (Err(error), _) => tracing::warn!(%error, "a notification cannot be shown"),
            }
        });
    });
}

pub(super) fn withdraw(app: &AppHandle, tag: String) {
    on_main_thread(app, move || {
        let shown = STATES.with_borrow_mut(|all| match all.remove(&tag)? {
            State::Shown { id, .. } => Some(id),
            State::Asked | State::Withdrawn => {
                all.insert(tag, State::Withdrawn);
                None
            }
        });
        if let Some(id) = shown {
            close(id);
        }
    });
}

/// Another thread writes to the bus.
pub(super) fn finish() {
    if let Some(bus) = bus()
        && let Err(error) = bus.flush_sync(Cancellable::NONE)
    {
        tracing::warn!(%error, "the last notification may not be shown");
    }
}

fn close(id: u32) {
    if let Some(bus) = bus() {
        call(&bus, "CloseNotification", &(id,).to_variant(), |_| {});
    }
}

fn on_main_thread(app: &AppHandle, work: impl FnOnce() + Send + 'static) {
    // Fails when the app ends, and then nobody has to be told any more.
    let _ = app.run_on_main_thread(work);
}

/// The connection that the whole process shares.
fn bus() -> Option<DBusConnection> {
    bus_get_sync(BusType::Session, Cancellable::NONE).ok().filter(|bus| !bus.is_closed())
}

/// Where a click on it leads; it is gone then.
fn take(id: u32) -> Option<Click> {
    STATES.with_borrow_mut(|all| {
        let is_it = |state: &State| matches!(state, State::Shown { id: shown, .. } if *shown == id);
        let tag = all.iter().find(|(_, state)| is_it(state))?.0.clone();
        match all.remove(&tag)? {
            State::Shown { on_click, .. } => Some(on_click),
            State::Asked | State::Withdrawn => None,
        }
    })
}

fn on_signal(bus: &DBusConnection, name: &str, handle: impl Fn(&Variant) + 'static) {
    // For as long as the connection is.
    let _subscription = bus.signal_subscribe(
        Some(SERVICE),
        Some(SERVICE),
        Some(name),
        Some(PATH),
        None,
        DBusSignalFlags::NONE,
        move |_, _, _, _, _, signal| handle(signal),
    );
}

fn call(
    bus: &DBusConnection,
    method: &str,
    arguments: &Variant,
    answered: impl FnOnce(Result<Variant, gtk::glib::Error>) + 'static,
) {
    bus.call(
        Some(SERVICE),
        PATH,
        SERVICE,
        method,
        Some(arguments),
        None::<&VariantTy>,
        DBusCallFlags::NONE,
        PATIENCE,
        Cancellable::NONE,
        answered,
    );
}
