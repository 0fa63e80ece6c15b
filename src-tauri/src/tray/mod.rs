//! The tray icon and its menu.

use tauri::menu::{Menu, MenuItem};
use tauri::tray::TrayIconBuilder;
use tauri::{AppHandle, include_image};

use crate::ending;
use crate::windows::main;

/// What the D-Bus name of the icon ends in, on Linux.
const ICON_ID: &str = "main";
/// The menu entry that ends the app.
const QUIT: &str = "quit";
/// The menu entry that opens the main window.
const OPEN: &str = "open";

/// Puts the icon into the tray. On Linux nothing but the menu can be used: there is no click on the icon and no
/// tooltip.
pub(crate) fn show(app: &AppHandle) -> tauri::Result<()> {
    let quit = MenuItem::with_id(app, QUIT, "Quit", true, None::<&str>)?;
    let open = MenuItem::with_id(app, OPEN, "Open", true, None::<&str>)?;
    let menu = Menu::with_items(app, &[&open, &quit])?;
    TrayIconBuilder::with_id(ICON_ID)
        .icon(include_image!("src-tauri/icons/32x32.png"))
        .tooltip("Jean Memory Bridge")
        .menu(&menu)
        .on_menu_event(|app, event| {
            if event.id().as_ref() == QUIT {
                ending::quit(app);
            } else if event.id().as_ref() == OPEN {
                main::show(app, main::Place::Anywhere);
            }
        })
        .build(app)?;
    Ok(())
}
