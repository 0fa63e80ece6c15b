//! The tray: the state at a glance, what is connected, and the way to everything else.
//!
//! On Linux nothing but the menu can be used: there is no click on the icon and no tooltip.

mod drawing;
pub(crate) mod host;
mod icon;
mod menu;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bridge_core::clock::{Clock as _, SystemClock};
use bridge_core::control::{Failed, failed};
use bridge_core::program_file::ProgramState;
use bridge_core::view::SettingChange;
use tauri::{AppHandle, Manager as _};
use tokio::sync::mpsc;

use crate::notify::{self, Notice};
use crate::shell::Shell;
use crate::windows::place::Place;
use crate::windows::{consent, main};
use crate::{ending, links, start_at_login};
use drawing::Drawing;
use menu::{Action, Known, Switch, Tray};

/// What the icon is called where it has a name.
const PRODUCT: &str = "Jean Memory Bridge";
/// How often "used 3 min ago" is looked at.
const TICK: Duration = Duration::from_secs(30);
/// A busy bridge changes with every call; the menu follows this often at most.
const REST: Duration = Duration::from_millis(250);

/// What is on the screen.
#[derive(Default)]
struct Drawn {
    drawing: Mutex<Option<Drawing>>,
    clicks: Clicks,
}

/// Between a click and its effect the menu shows what the person wants; drawing what was known before would turn the
/// switch back under the next click.
#[derive(Default)]
struct Clicks {
    made: AtomicU64,
    done: AtomicU64,
}

impl Clicks {
    /// How many there were, if none waits for its effect.
    fn settled(&self) -> Option<u64> {
        let made = self.made.load(Ordering::SeqCst);
        (self.done.load(Ordering::SeqCst) == made).then_some(made)
    }
}

impl Drawn {
    fn lock(&self) -> MutexGuard<'_, Option<Drawing>> {
        self.drawing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Puts the icon into the tray and keeps it up to date until the app ends. On the main thread.
pub(crate) fn start(app: &AppHandle) -> tauri::Result<()> {
    app.manage(Drawn::default());
    let (clicked, mut clicks) = mpsc::unbounded_channel();
    app.on_menu_event(move |app, event| {
        let action = app.state::<Drawn>().lock().as_mut().and_then(|drawn| drawn.heard(event.id().as_ref()));
        if let Some(action) = action {
            app.state::<Drawn>().clicks.made.fetch_add(1, Ordering::SeqCst);
            let _ = clicked.send(action); // the app ends
        }
    });
    let performing = app.clone();
    tauri::async_runtime::spawn(async move {
        // One after the other: the last click of a switch decides.
        while let Some(action) = clicks.recv().await {
            perform(&performing, action).await;
            performing.state::<Drawn>().clicks.done.fetch_add(1, Ordering::SeqCst);
            // Has the switches drawn as they really are.
            performing.state::<Shell>().note_change();
        }
    });
    let known = tauri::async_runtime::block_on(known(app));
    *app.state::<Drawn>().lock() = Some(Drawing::new(app, wanted(app, &known))?);
    tauri::async_runtime::spawn(follow(app.clone()));
    Ok(())
}

async fn follow(app: AppHandle) {
    let shell = app.state::<Shell>();
    let (mut of_bridge, mut of_screen) = (shell.bridge.changes(), shell.changes());
    loop {
        // A switch that was clicked has turned by itself: it is drawn anew even if nothing came of the click.
        let may_have_turned = tokio::select! {
            changed = of_bridge.changed() => if changed.is_err() { return } else { false },
            _ = of_screen.changed() => true,
            () = tokio::time::sleep(TICK) => false,
        };
        let Some(clicks) = app.state::<Drawn>().clicks.settled() else { continue };
        let tray = wanted(&app, &known(&app).await);
        let drawing = app.clone();
        let drawn = app.run_on_main_thread(move || {
            let drawn = drawing.state::<Drawn>();
            if drawn.clicks.settled() != Some(clicks) {
                return;
            }
            let mut drawn = drawn.lock();
            let Some(drawn) = drawn.as_mut().filter(|drawn| may_have_turned || !drawn.shows(&tray)) else {
                return;
            };
            // That click has it drawn when it was carried out.
            if drawn.has_click_under_way() {
                return;
            }
            if let Err(error) = drawn.update(&drawing, tray) {
                tracing::error!(%error, "the tray menu cannot be drawn");
            }
        });
        if drawn.is_err() {
            return; // the app ends
        }
        tokio::time::sleep(REST).await;
    }
}

/// What the tray should show now.
fn wanted(app: &AppHandle, known: &Known) -> Tray {
    menu::tray(known, &app.state::<Shell>().words(), SystemClock.now())
}

/// A store that fails is among the problems; the rest of the menu still works.
async fn known(app: &AppHandle) -> Known {
    let shell = app.state::<Shell>();
    let bridge = &shell.bridge;
    Known {
        status: bridge.status().await,
        clients: bridge.clients().await.unwrap_or_default(),
        accounts: bridge.accounts().await.unwrap_or_default(),
        settings: bridge.settings(),
        problems: bridge.problems().len(),
        is_replaced: shell.program.state() == ProgramState::Replaced,
        start_at_login: start_at_login::is_on(),
    }
}

async fn perform(app: &AppHandle, action: Action) {
    let shell = app.state::<Shell>();
    let done = match action {
        Action::Answer => {
            let first = shell.queue.borrow().first().cloned();
            if let Some(id) = first {
                consent::show(app, &id);
            }
            Ok(())
        }
        Action::NewKey(id) => open(app, Place::Key(id)),
        Action::Revoke(client) => shell.bridge.revoke(client.as_str()).await.map(drop).map_err(failed),
        Action::Connect => open(app, Place::Connect),
        Action::Apps => open(app, Place::Apps),
        Action::Open => open(app, Place::Anywhere),
        Action::NewVersion => links::open_releases(shell.bridge.updates().page.as_deref()),
        Action::Turn { switch: Switch::Pause, on } => {
            shell.bridge.change_setting(SettingChange::Paused(on)).await.map(drop).map_err(failed)
        }
        Action::Turn { switch: Switch::StartAtLogin, on } => start_at_login::set(on),
        Action::Restart => {
            ending::restart(app);
            Ok(())
        }
        Action::Quit => {
            ending::quit(app);
            Ok(())
        }
    };
    if let Err(Failed { code, message }) = done {
        tracing::warn!(code, message, "what was chosen in the tray failed");
        notify::show(app, &Notice::Failed);
    }
}

#[expect(clippy::unnecessary_wraps, reason = "one arm of a match whose others may fail")]
fn open(app: &AppHandle, place: Place) -> Result<(), Failed> {
    main::show(app, place);
    Ok(())
}
