//! Plays the desktop's notification service: keeps what is shown, and clicks on it.

#![expect(
    clippy::too_many_arguments,
    clippy::unused_self,
    clippy::used_underscore_binding,
    reason = "zbus and the notification standard decide what the methods look like"
)]

use std::collections::HashMap;
use std::sync::{Arc, Condvar, Mutex};

use zbus::blocking::Connection;
use zbus::blocking::connection::Builder;
use zbus::zvariant::OwnedValue;

use super::desktop::PATIENCE;

const NAME: &str = "org.freedesktop.Notifications";
const PATH: &str = "/org/freedesktop/Notifications";
/// Why it was closed.
const BY_THE_PERSON: u32 = 2;

/// The service.
pub(crate) struct Notifications {
    bus: Connection,
    shown: Arc<Shown>,
}

/// A notification that was asked for.
#[derive(Clone, Debug)]
pub(crate) struct Notification {
    pub(crate) id: u32,
    pub(crate) summary: String,
    pub(crate) body: String,
    /// Keys and labels by turns.
    pub(crate) actions: Vec<String>,
    /// Whether the app has taken it back.
    pub(crate) is_withdrawn: bool,
}

#[derive(Default)]
struct Shown {
    all: Mutex<Vec<Notification>>,
    more: Condvar,
}

impl Notifications {
    pub(crate) fn start(address: &str) -> Self {
        let shown = Arc::new(Shown::default());
        let service = Builder::address(address).unwrap().serve_at(PATH, Service(shown.clone()));
        let bus = service.and_then(|service| service.name(NAME)).and_then(Builder::build).unwrap();
        Self { bus, shown }
    }

    /// All that were ever shown.
    pub(crate) fn all(&self) -> Vec<Notification> {
        self.shown.all.lock().unwrap().clone()
    }

    /// The first that is as wanted, as soon as it is there.
    #[track_caller]
    pub(crate) fn wait_for(&self, what: &str, wanted: impl Fn(&Notification) -> bool) -> Notification {
        let all = self.shown.all.lock().unwrap();
        let (all, late) =
            self.shown.more.wait_timeout_while(all, PATIENCE, |all| !all.iter().any(&wanted)).unwrap();
        assert!(!late.timed_out(), "no notification {what} among {all:#?}");
        all.iter().find(|one| wanted(one)).unwrap().clone()
    }

    /// Clicks on it, which closes it.
    pub(crate) fn click(&self, notification: &Notification) {
        assert!(
            notification.actions.iter().any(|key| key == "default"),
            "{notification:?} cannot be clicked"
        );
        let clicked = (notification.id, "default");
        self.bus.emit_signal(None::<&str>, PATH, NAME, "ActionInvoked", &clicked).unwrap();
        let closed = (notification.id, BY_THE_PERSON);
        self.bus.emit_signal(None::<&str>, PATH, NAME, "NotificationClosed", &closed).unwrap();
    }
}

struct Service(Arc<Shown>);

#[zbus::interface(name = "org.freedesktop.Notifications")]
impl Service {
    fn notify(
        &self,
        _app_name: &str,
        replaces_id: u32,
        _app_icon: &str,
        summary: String,
        body: String,
        actions: Vec<String>,
        _hints: HashMap<String, OwnedValue>,
        _expire_timeout: i32,
    ) -> u32 {
        let mut all = self.0.all.lock().unwrap();
        let next = u32::try_from(all.len()).unwrap() + 1;
        let id = if replaces_id == 0 { next } else { replaces_id };
        all.push(Notification { id, summary, body, actions, is_withdrawn: false });
        self.0.more.notify_all();
        id
    }

    fn close_notification(&self, id: u32) {
        for one in self.0.all.lock().unwrap().iter_mut().filter(|one| one.id == id) {
            one.is_withdrawn = true;
        }
        self.0.more.notify_all();
    }

    fn get_capabilities(&self) -> Vec<String> {
        ["actions", "body", "persistence"].map(str::to_owned).to_vec()
    }

    fn get_server_information(&self) -> (String, String, String, String) {
        let text = str::to_owned;
        (text("harness"), text("bridge-tests"), text("1"), text("1.2"))
    }
}
