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
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use zbus::blocking::connection::Builder;
use zbus::blocking::{Connection, Proxy};
use zbus::zvariant::{OwnedObjectPath, OwnedValue, Value};

use super::desktop::PATIENCE;

const WATCHER: &str = "org.kde.StatusNotifierWatcher";

/// `label`, `enabled`, `toggle-state`, `type`, ….
type Properties = HashMap<String, OwnedValue>;
/// Id, properties, children.
type Node = (i32, Properties, Vec<OwnedValue>);

/// The panel, waiting for icons.
pub(crate) struct Panel {
    bus: Connection,
    icons: Receiver<Icon>,
}

struct Icon {
    owner: String,
    path: String,
}

/// The menu of a tray icon.
pub(crate) struct Menu<'a>(Proxy<'a>);

impl Panel {
    pub(crate) fn start(address: &str) -> Self {
        let (sender, icons) = channel();
        let watcher = Builder::address(address).unwrap().serve_at("/StatusNotifierWatcher", Watcher(sender));
        let bus = watcher.and_then(|watcher| watcher.name(WATCHER)).and_then(Builder::build).unwrap();
        Self { bus, icons }
    }

    /// The menu of the next icon to appear.
    pub(crate) fn menu(&self) -> Menu<'_> {
        let icon = self.icons.recv_timeout(PATIENCE).expect("a tray icon");
        let item =
            Proxy::new(&self.bus, icon.owner.clone(), icon.path, "org.kde.StatusNotifierItem").unwrap();
        let path: OwnedObjectPath = item.get_property("Menu").unwrap();
        Menu(Proxy::new(&self.bus, icon.owner, path, "com.canonical.dbusmenu").unwrap())
    }
}

impl Menu<'_> {
    /// Clicks the entry as soon as it is there. The click returns before its effect.
    #[track_caller]
    pub(crate) fn click(&self, label: &str) {
        let deadline = Instant::now() + PATIENCE;
        // Ids change when the menu does, so each click looks its own up.
        let id = loop {
            let labels = self.labels();
            if let Some((id, _)) = labels.iter().find(|(_, text)| text == label) {
                break *id;
            }
            assert!(Instant::now() < deadline, "no menu entry {label:?} among {labels:?}");
            std::thread::sleep(Duration::from_millis(10));
        };
        let () = self.0.call("Event", &(id, "clicked", Value::from(""), 0_u32)).unwrap();
    }

    /// The first level of the menu: ids and labels, without the mnemonics' underscores.
    fn labels(&self) -> Vec<(i32, String)> {
        let _: bool = self.0.call("AboutToShow", &0_i32).unwrap();
        let (_revision, (_, _, children)): (u32, Node) =
            self.0.call("GetLayout", &(0_i32, -1_i32, Vec::<String>::new())).unwrap();
        let nodes = children.into_iter().map(|child| Node::try_from(Value::from(child)).unwrap());
        nodes
            .map(|(id, properties, _)| {
                let label = properties.get("label").and_then(|label| <&str>::try_from(label).ok());
                (id, label.unwrap_or_default().replace('_', ""))
            })
            .collect()
    }
}

struct Watcher(Sender<Icon>);

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
            Icon { owner: sender, path: service.to_owned() }
        } else {
            Icon { owner: service.to_owned(), path: "/StatusNotifierItem".to_owned() }
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
