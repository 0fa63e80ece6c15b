//! Draws the menu. What only changes its words is changed in place, so that a menu that somebody has open stays.

use std::collections::HashMap;
use std::path::PathBuf;

use tauri::image::Image;
use tauri::menu::{CheckMenuItem, Menu, MenuItem, PredefinedMenuItem, Submenu};
use tauri::tray::{TrayIcon, TrayIconBuilder};
use tauri::{AppHandle, Manager as _, Wry};

use super::menu::{Action, Entry, Switch, Tray};
use super::{PRODUCT, icon};
use crate::shell::Shell;

/// What the D-Bus name of the icon ends in, on Linux.
const ICON_ID: &str = "main";

/// The icon and the menu as they are on the screen. All of it is done on the main thread.
pub(super) struct Drawing {
    icon: TrayIcon,
    tray: Tray,
    menus: Menus,
}

/// The menu that is shown, and the one before it: a click on that may be on its way while it is drawn anew, and means what
/// the person has read there.
struct Menus {
    shown: Shown,
    before: Option<Shown>,
    /// How many there have been; no two have an id in common.
    number: u64,
}

/// What is known of a menu.
struct Shown {
    /// Kept, because its entries go with it, and the desktop activates the one that was clicked only a moment after it
    /// said that it was clicked.
    _menu: Option<Menu<Wry>>,
    items: Vec<Item>,
    actions: HashMap<String, Action>,
}

/// The parts of a menu that may change, from top to bottom, submenus before what is in them.
enum Item {
    Plain(MenuItem<Wry>),
    Turning(Turning),
    Menu(Submenu<Wry>),
}

/// The entry of a switch. It turns by itself when it is clicked, before anybody hears of the click.
struct Turning {
    item: CheckMenuItem<Wry>,
    switch: Switch,
    /// How it was drawn, or how the last click that was heard of left it.
    expected: bool,
}

impl Drawing {
    /// Puts the icon into the tray.
    pub(super) fn new(app: &AppHandle, tray: Tray) -> tauri::Result<Self> {
        let made = Made::of(app, &tray, 0)?;
        let icon = TrayIconBuilder::with_id(ICON_ID)
            .icon(icon::of(tray.state))
            .icon_as_template(cfg!(target_os = "macos"))
            .tooltip(PRODUCT)
            .menu(&made.menu)
            .show_menu_on_left_click(true)
            .temp_dir_path(folder(app))
            .build(app)?;
        Ok(Self { icon, tray, menus: Menus { shown: made.shown, before: None, number: 0 } })
    }

    /// What a click on the entry of this id does.
    pub(super) fn heard(&mut self, id: &str) -> Option<Action> {
        self.menus.heard(id)
    }

    /// Whether a switch was clicked and nobody has heard of it yet.
    pub(super) fn has_click_under_way(&self) -> bool {
        self.menus.shown.items.iter().any(|item| match item {
            Item::Turning(turning) => turning.item.is_checked().is_ok_and(|is_on| is_on != turning.expected),
            Item::Plain(_) | Item::Menu(_) => false,
        })
    }

    /// Draws what is different.
    pub(super) fn update(&mut self, app: &AppHandle, tray: Tray) -> tauri::Result<()> {
        if tray.state != self.tray.state {
            let icon: Image<'_> = icon::of(tray.state);
            self.icon.set_icon_with_as_template(Some(icon), cfg!(target_os = "macos"))?;
        }
        if shape(&tray.entries) == shape(&self.tray.entries) {
            set_words(&mut self.menus.shown.items.iter_mut(), &tray.entries)?;
        } else {
            let made = Made::of(app, &tray, self.menus.number + 1)?;
            self.icon.set_menu(Some(made.menu))?;
            self.menus.show(made.shown);
        }
        self.tray = tray;
        Ok(())
    }

    /// Whether this is what was drawn last. A switch that was clicked since then has turned by itself.
    pub(super) fn shows(&self, tray: &Tray) -> bool {
        self.tray == *tray
    }
}

impl Menus {
    fn show(&mut self, next: Shown) {
        self.before = Some(std::mem::replace(&mut self.shown, next));
        self.number += 1;
    }

    fn heard(&mut self, id: &str) -> Option<Action> {
        self.shown.heard(id).or_else(|| self.before.as_mut()?.heard(id))
    }
}

impl Shown {
    /// What a switch shows is what the person wants, however often it was clicked before the menu could follow.
    fn heard(&mut self, id: &str) -> Option<Action> {
        let turned = self.items.iter_mut().find_map(|item| match item {
            Item::Turning(turning) if turning.item.id() == id => Some(turning),
            Item::Turning(_) | Item::Plain(_) | Item::Menu(_) => None,
        });
        let Some(turned) = turned else { return self.actions.get(id).cloned() };
        turned.expected = turned.item.is_checked().ok()?;
        Some(Action::Turn { switch: turned.switch, on: turned.expected })
    }
}

/// Where Linux puts the picture for the panel: a folder that is ours alone. What the library would take without a
/// folder of the session is below `/tmp`, where another user may have put a link in the picture's place.
fn folder(app: &AppHandle) -> PathBuf {
    let of_session =
        directories::BaseDirs::new().and_then(|user| Some(user.runtime_dir()?.join("tray-icon")));
    of_session.unwrap_or_else(|| app.state::<Shell>().paths.data_dir.join("tray-icon"))
}

struct Made {
    menu: Menu<Wry>,
    shown: Shown,
}

impl Made {
    fn of(app: &AppHandle, tray: &Tray, number: u64) -> tauri::Result<Self> {
        let menu = Menu::new(app)?;
        let mut items = Vec::new();
        fill(app, &tray.entries, &number.to_string(), &mut items, &|item| menu.append(item))?;
        let shown = Shown { _menu: Some(menu.clone()), items, actions: actions(&tray.entries, number) };
        Ok(Self { menu, shown })
    }
}

type Append<'a> = &'a dyn Fn(&dyn tauri::menu::IsMenuItem<Wry>) -> tauri::Result<()>;

fn fill(
    app: &AppHandle,
    entries: &[Entry],
    above: &str,
    items: &mut Vec<Item>,
    append: Append<'_>,
) -> tauri::Result<()> {
    for (at, entry) in entries.iter().enumerate() {
        let id = format!("{above}/{at}");
        match entry {
            Entry::Words(text) => {
                let item = MenuItem::with_id(app, &id, text, false, None::<&str>)?;
                append(&item)?;
                items.push(Item::Plain(item));
            }
            Entry::Button(text, _) => {
                let item = MenuItem::with_id(app, &id, text, true, None::<&str>)?;
                append(&item)?;
                items.push(Item::Plain(item));
            }
            Entry::Switch { text, is_on, switch } => {
                let item = CheckMenuItem::with_id(app, &id, text, true, *is_on, None::<&str>)?;
                append(&item)?;
                items.push(Item::Turning(Turning { item, switch: *switch, expected: *is_on }));
            }
            Entry::Menu(text, entries) => {
                let menu = Submenu::with_id(app, &id, text, true)?;
                items.push(Item::Menu(menu.clone()));
                fill(app, entries, &id, items, &|item| menu.append(item))?;
                append(&menu)?;
            }
            Entry::Line => append(&PredefinedMenuItem::separator(app)?)?,
        }
    }
    Ok(())
}

/// The menu without its words: two of the same shape differ in nothing that needs new entries.
fn shape(entries: &[Entry]) -> Vec<Shape<'_>> {
    entries
        .iter()
        .map(|entry| match entry {
            Entry::Words(_) => Shape::Words,
            Entry::Button(_, action) => Shape::Button(action),
            Entry::Switch { switch, .. } => Shape::Switch(*switch),
            Entry::Menu(_, entries) => Shape::Menu(shape(entries)),
            Entry::Line => Shape::Line,
        })
        .collect()
}

#[derive(PartialEq, Eq)]
enum Shape<'a> {
    Words,
    Button(&'a Action),
    Switch(Switch),
    Menu(Vec<Shape<'a>>),
    Line,
}

/// Gives entries of the same shape their new words.
fn set_words<'a>(items: &mut impl Iterator<Item = &'a mut Item>, entries: &[Entry]) -> tauri::Result<()> {
    for entry in entries {
        match (entry, if matches!(entry, Entry::Line) { None } else { items.next() }) {
            (Entry::Words(text) | Entry::Button(text, _), Some(Item::Plain(item))) => item.set_text(text)?,
            (Entry::Switch { text, is_on, .. }, Some(Item::Turning(turning))) => {
                turning.item.set_text(text)?;
                turning.item.set_checked(*is_on)?;
                turning.expected = *is_on;
            }
            (Entry::Menu(text, entries), Some(Item::Menu(menu))) => {
                menu.set_text(text)?;
                set_words(items, entries)?;
            }
            // A line has no words; nothing else is left over when the shapes are the same.
            (
                Entry::Words(_) | Entry::Button(..) | Entry::Switch { .. } | Entry::Menu(..) | Entry::Line,
                _,
            ) => {}
        }
    }
    Ok(())
}

/// What the buttons do, by the ids of the menu of that number, which no other menu has.
fn actions(entries: &[Entry], number: u64) -> HashMap<String, Action> {
    fn gather(entries: &[Entry], above: &str, actions: &mut HashMap<String, Action>) {
        for (at, entry) in entries.iter().enumerate() {
            let id = format!("{above}/{at}");
            match entry {
                Entry::Button(_, action) => {
                    actions.insert(id, action.clone());
                }
                Entry::Menu(_, entries) => gather(entries, &id, actions),
                Entry::Words(_) | Entry::Switch { .. } | Entry::Line => {}
            }
        }
    }
    let mut actions = HashMap::new();
    gather(entries, &number.to_string(), &mut actions);
    actions
}

#[cfg(test)]
mod tests {
    use bridge_core::ids::ClientId;

    use super::*;

    #[test]
    fn a_click_that_comes_late_means_what_was_read_and_an_older_one_nothing() {
        let revoke = |id: &str| Action::Revoke(ClientId::new(id));
        let menu = |id: &str, number| {
            let entries = [Entry::Menu("apps".into(), vec![Entry::Button(id.into(), revoke(id))])];
            Shown { _menu: None, items: Vec::new(), actions: actions(&entries, number) }
        };
        let mut menus = Menus { shown: menu("one", 0), before: None, number: 0 };
        menus.show(menu("two", 1));
        assert_eq!(menus.heard("0/0/0"), Some(revoke("one")));
        assert_eq!(menus.heard("1/0/0"), Some(revoke("two")));
        menus.show(menu("three", 2));
        assert_eq!((menus.heard("0/0/0"), menus.heard("1/0/0")), (None, Some(revoke("two"))));
    }
}
