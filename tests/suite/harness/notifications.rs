//! Plays the desktop's notification service: keeps what is shown, and clicks on it.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;

use zbus::Message;
use zbus::blocking::connection::Builder;
use zbus::blocking::{Connection, MessageIterator};
use zbus::message::Type;
use zbus::zvariant::OwnedValue;

use super::desktop::PATIENCE;
use super::screen::until;

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
    is_slow: Mutex<bool>,
    faster: Condvar,
    asked: AtomicUsize,
}

impl Notifications {
    pub(crate) fn start(address: &str) -> Self {
        let shown = Arc::new(Shown::default());
        let bus = Builder::address(address).and_then(Builder::build).unwrap();
        let service = Service { calls: MessageIterator::from(&bus), bus: bus.clone(), shown: shown.clone() };
        thread::spawn(move || service.serve());
        bus.request_name(NAME).unwrap();
        Self { bus, shown }
    }

    /// From now on nothing is shown and nobody gets an answer, or again what is asked for.
    pub(crate) fn be_slow(&self, is_slow: bool) {
        *self.shown.is_slow.lock().unwrap() = is_slow;
        self.shown.faster.notify_all();
    }

    /// Waits until so many notifications were asked for.
    pub(crate) fn until_asked(&self, times: usize) {
        until("a call", || (self.shown.asked.load(Ordering::Relaxed) >= times).then_some(()));
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

/// Answers the calls one after the other until the bus ends. A click cannot come before the answer to what it is on.
struct Service {
    bus: Connection,
    calls: MessageIterator,
    shown: Arc<Shown>,
}

/// What `Notify` takes: program, id to replace, icon, summary, body, actions, hints, time.
type Notify = (String, u32, String, String, String, Vec<String>, HashMap<String, OwnedValue>, i32);

impl Service {
    fn serve(self) {
        let Self { bus, calls, shown } = self;
        for call in calls.map_while(Result::ok).filter(|message| message.message_type() == Type::MethodCall) {
            // Who asked may be gone by now.
            let _ = shown.answer(&bus, &call);
        }
    }
}

impl Shown {
    fn answer(&self, bus: &Connection, call: &Message) -> zbus::Result<()> {
        let header = call.header();
        match header.member().map_or("", |member| member.as_str()) {
            "Notify" => {
                let (_, replaces, _, summary, body, actions, _, _) = call.body().deserialize::<Notify>()?;
                let id = if replaces == 0 { self.next_id() } else { replaces };
                self.asked.fetch_add(1, Ordering::Relaxed);
                let is_slow = self.is_slow.lock().unwrap();
                drop(self.faster.wait_while(is_slow, |is_slow| *is_slow).unwrap());
                bus.reply(&header, &id)?;
                let shown = Notification { id, summary, body, actions, is_withdrawn: false };
                self.all.lock().unwrap().push(shown);
            }
            "CloseNotification" => {
                let id: u32 = call.body().deserialize()?;
                bus.reply(&header, &())?;
                for one in self.all.lock().unwrap().iter_mut().filter(|one| one.id == id) {
                    one.is_withdrawn = true;
                }
            }
            "GetCapabilities" => bus.reply(&header, &vec!["actions", "body", "persistence"])?,
            "GetServerInformation" => bus.reply(&header, &("harness", "bridge-tests", "1", "1.2"))?,
            _ => bus.reply_error(&header, "org.freedesktop.DBus.Error.UnknownMethod", &"no such method")?,
        }
        self.more.notify_all();
        Ok(())
    }

    fn next_id(&self) -> u32 {
        u32::try_from(self.all.lock().unwrap().len()).unwrap() + 1
    }
}
