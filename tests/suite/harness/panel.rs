//! Plays the desktop's panel: finds the app's tray icon on the session bus, reads its menu and clicks in it.
//!
//! On Linux an icon is a `StatusNotifierItem`, and its menu a `com.canonical.dbusmenu` object; no panel is needed.

#![expect(
    clippy::needless_pass_by_value,
    clippy::unused_self,
    clippy::used_underscore_binding,
    reason = "zbus decides what the methods of an interface look like"
)]

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use zbus::blocking::connection::Builder;
use zbus::blocking::{Connection, Proxy};
use zbus::zvariant::{OwnedObjectPath, OwnedValue, Value};

use super::desktop::PATIENCE;

const WATCHER: &str = "org.kde.StatusNotifierWatcher";
const POLL: Duration = Duration::from_millis(10);

/// `label`, `enabled`, `toggle-state`, `type`, ….
type Properties = HashMap<String, OwnedValue>;
/// Id, properties, children.
type Node = (i32, Properties, Vec<OwnedValue>);

/// The panel, waiting for icons.
pub(crate) struct Panel {
    bus: Connection,
    icons: Receiver<Registered>,
}

struct Registered {
    owner: String,
    path: String,
}

/// An icon in the panel.
pub(crate) struct Icon<'a> {
    item: Proxy<'a>,
    menu: Proxy<'a>,
}

/// An entry of a menu as it was when it was read.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// Changes when the menu does.
    id: i32,
    /// Without the mnemonics' underscores.
    pub(crate) label: String,
    pub(crate) is_enabled: bool,
    /// Of entries with a check mark.
    pub(crate) is_on: Option<bool>,
    pub(crate) entries: Vec<Entry>,
}

impl Panel {
    pub(crate) fn start(address: &str) -> Self {
        let (sender, icons) = channel();
        let watcher = Builder::address(address).unwrap().serve_at("/StatusNotifierWatcher", Watcher(sender));
        let bus = watcher.and_then(|watcher| watcher.name(WATCHER)).and_then(Builder::build).unwrap();
        Self { bus, icons }
    }

    /// Overlooks the icons that came so far: an app registers its own more than once.
    pub(crate) fn overlook(&self) {
        while self.icons.try_recv().is_ok() {}
    }

    /// The next icon to appear.
    #[track_caller]
    pub(crate) fn icon(&self) -> Icon<'_> {
        let Registered { owner, path } = self.icons.recv_timeout(PATIENCE).expect("a tray icon");
        let item = Proxy::new(&self.bus, owner.clone(), path, "org.kde.StatusNotifierItem").unwrap();
        let menu: OwnedObjectPath = item.get_property("Menu").unwrap();
        Icon { item, menu: Proxy::new(&self.bus, owner, menu, "com.canonical.dbusmenu").unwrap() }
    }
}

impl Drop for Panel {
    fn drop(&mut self) {
        // The connection ends later than this, and the next panel wants the name. The bus may be gone.
        let _ = self.bus.release_name(WATCHER);
    }
}

impl Icon<'_> {
    /// Clicks the entry that these labels lead to, as soon as it is there. The click returns before its effect, but
    /// an app that quits may not get around to an answer.
    #[track_caller]
    pub(crate) fn click(&self, labels: &[&str]) {
        self.until(&format!("a click on {labels:?}"), |menu| {
            let entry = find(menu, labels).filter(|entry| entry.is_enabled)?;
            let clicked: zbus::Result<()> =
                self.menu.call("Event", &(entry.id, "clicked", Value::from(""), 0_u32));
            if let Err(error) = clicked.map_err(|error| error.to_string()) {
                // The menu was drawn anew since it was read: nothing was clicked.
                if error.contains("does not refer to a menu item") {
                    return None;
                }
                assert!(error.contains("NoReply"), "{error}");
            }
            Some(())
        });
    }

    /// The entry that these labels lead to, as soon as it is there.
    #[track_caller]
    pub(crate) fn entry(&self, labels: &[&str]) -> Entry {
        self.until(&format!("{labels:?}"), |menu| find(menu, labels).cloned())
    }

    /// Waits until no entry is where these labels lead.
    #[track_caller]
    pub(crate) fn until_gone(&self, labels: &[&str]) {
        self.until(&format!("the end of {labels:?}"), |menu| find(menu, labels).is_none().then_some(()));
    }

    /// Waits until there is a menu and it is as wanted.
    #[track_caller]
    pub(crate) fn until<T>(&self, what: &str, wanted: impl Fn(&[Entry]) -> Option<T>) -> T {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let menu = self.read();
            if let Some(found) = (!menu.is_empty()).then(|| wanted(&menu)).flatten() {
                return found;
            }
            assert!(Instant::now() < deadline, "waited in vain for {what} in {menu:#?}");
            std::thread::sleep(POLL);
        }
    }

    /// The menu as it is now, separators left out.
    pub(crate) fn read(&self) -> Vec<Entry> {
        // An icon is there a moment before its menu.
        let about: zbus::Result<bool> = self.menu.call("AboutToShow", &0_i32);
        if about.is_err_and(|error| error.to_string().contains("UnknownMethod")) {
            return Vec::new();
        }
        let (_revision, (_, _, children)): (u32, Node) =
            self.menu.call("GetLayout", &(0_i32, -1_i32, Vec::<String>::new())).unwrap();
        entries(children)
    }

    /// The picture that the panel is told to show now.
    pub(crate) fn picture(&self) -> PathBuf {
        // The app tells each change; a cached property would be right only a moment later.
        let property = |name: &str| -> String {
            let properties = Proxy::new(
                self.item.connection(),
                self.item.destination().to_owned(),
                self.item.path().to_owned(),
                "org.freedesktop.DBus.Properties",
            );
            let value: OwnedValue =
                properties.unwrap().call("Get", &("org.kde.StatusNotifierItem", name)).unwrap();
            String::try_from(value).unwrap()
        };
        let (folder, name) = (property("IconThemePath"), property("IconName"));
        let given = PathBuf::from(&name);
        if given.is_absolute() { given } else { PathBuf::from(folder).join(format!("{name}.png")) }
    }
}

fn entries(children: Vec<OwnedValue>) -> Vec<Entry> {
    let nodes = children.into_iter().map(|child| Node::try_from(Value::from(child)).unwrap());
    nodes
        .filter(|(_, properties, _)| text(properties, "type") != "separator")
        .map(|(id, properties, children)| Entry {
            id,
            label: text(&properties, "label").replace('_', ""),
            // What is not said is the default.
            is_enabled: properties.get("enabled").is_none_or(|value| bool::try_from(value) != Ok(false)),
            is_on: (!text(&properties, "toggle-type").is_empty())
                .then(|| properties.get("toggle-state").is_some_and(|value| i32::try_from(value) == Ok(1))),
            entries: entries(children),
        })
        .collect()
}

fn text<'a>(properties: &'a Properties, name: &str) -> &'a str {
    properties.get(name).and_then(|value| <&str>::try_from(value).ok()).unwrap_or_default()
}

fn find<'a>(menu: &'a [Entry], labels: &[&str]) -> Option<&'a Entry> {
    let (first, rest) = labels.split_first().expect("a label at least");
    let entry = menu.iter().find(|entry| entry.label == *first)?;
    if rest.is_empty() { Some(entry) } else { find(&entry.entries, rest) }
}

struct Watcher(Sender<Registered>);

#[zbus::interface(name = "org.kde.StatusNotifierWatcher")]
impl Watcher {
    /// The argument is a bus name, or a path at the sender.
    fn register_status_notifier_item(
        &self,
        service: &str,
        #[zbus(header)] header: zbus::message::Header<'_>,
    ) {
        let sender = header.sender().map(ToString::to_string).unwrap_or_default();
        let icon = if service.starts_with('/') {
            Registered { owner: sender, path: service.to_owned() }
        } else {
            Registered { owner: service.to_owned(), path: "/StatusNotifierItem".to_owned() }
        };
        let _ = self.0.send(icon);
    }

    fn register_status_notifier_host(&self, _service: &str) {}

    #[zbus(property)]
    fn is_status_notifier_host_registered(&self) -> bool {
        true
    }

    #[zbus(property)]
    fn protocol_version(&self) -> i32 {
        0
    }

    #[zbus(property)]
    fn registered_status_notifier_items(&self) -> Vec<String> {
        Vec::new()
    }
}
