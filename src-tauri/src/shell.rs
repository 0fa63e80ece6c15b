//! What the windows, the tray and the commands share: the bridge, and what only the screen needs to know.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU16, AtomicU32};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::SystemTime;

use bridge_core::bridge::Bridge;
use bridge_core::clock::{Clock as _, SystemClock, rfc3339_millis};
use bridge_core::paths::Paths;
use bridge_core::program_file::ProgramFile;
use bridge_core::view::{Appearance, Check, Subject};
use tokio::sync::{Notify, watch};

use crate::connecting::kept::Connecting;
use crate::launch::Started;
use crate::queue::Queue;
use crate::words::Words;

/// The folder for what the web view keeps, in the data directory.
pub(crate) const WEB_VIEW_FOLDER: &str = "webview";

/// One per app, as Tauri's state.
pub(crate) struct Shell {
    /// Everything but the screen.
    pub(crate) bridge: Arc<Bridge>,
    /// Where it keeps things.
    pub(crate) paths: Paths,
    /// The file that was started.
    pub(crate) program: ProgramFile,
    /// When it was started.
    pub(crate) started_at: SystemTime,
    /// The questions of this burst, for "1 of 2".
    pub(crate) queue: watch::Sender<Queue>,
    /// The apps of this computer.
    pub(crate) connecting: Connecting,
    /// Told when somebody sees what is looked at now and then, so that it is looked at at once.
    pub(crate) wants_look: Notify,
    /// Whether the desktop shows tray icons.
    pub(crate) has_tray: watch::Sender<bool>,
    /// Whether the session bus is gone that tray and notifications are tied to.
    pub(crate) has_lost_bus: AtomicBool,
    /// Whether the app was told to end: what it is to show from now on is not shown any more.
    pub(crate) is_ending: AtomicBool,
    /// What the next start will use, as far as this one has written it.
    pub(crate) next_port: AtomicU16,
    /// How many days activity is kept.
    pub(crate) activity_days: u32,
    /// The same from the next start on.
    pub(crate) next_activity_days: AtomicU32,
    /// What the doctor found last.
    pub(crate) examined: Mutex<BTreeMap<Subject, Vec<Check>>>,
    changes: watch::Sender<u64>,
    words: RwLock<Arc<Words>>,
}

impl Shell {
    /// As the windows should look.
    pub(crate) fn appearance(&self) -> Appearance {
        self.bridge.settings().appearance
    }

    pub(crate) fn new(started: &Started) -> Self {
        Self {
            bridge: started.bridge.clone(),
            paths: started.paths.clone(),
            program: program_file(),
            started_at: started.at,
            queue: watch::Sender::new(Queue::default()),
            connecting: Connecting::default(),
            wants_look: Notify::new(),
            has_tray: watch::Sender::new(true),
            has_lost_bus: AtomicBool::new(false),
            is_ending: AtomicBool::new(false),
            next_port: AtomicU16::new(started.config.port),
            activity_days: started.config.activity_days,
            next_activity_days: AtomicU32::new(started.config.activity_days),
            examined: Mutex::default(),
            changes: watch::Sender::new(0),
            words: RwLock::new(Arc::new(Words::of(started.bridge.settings().language.as_deref()))),
        }
    }

    /// Grows whenever the screen's own part of what is shown may be different.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// Something that [`Shell::changes`] stands for may be different now.
    pub(crate) fn note_change(&self) {
        self.changes.send_modify(|count| *count += 1);
    }

    /// Speaks another language from now on; none: the system's.
    pub(crate) fn speak(&self, language: Option<&str>) {
        *self.words.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(Words::of(language));
        self.note_change();
    }

    /// The words of the person's language.
    pub(crate) fn words(&self) -> Arc<Words> {
        self.words.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Where the web view keeps its cache: beside everything else, so that one folder is all there is.
    pub(crate) fn web_view_dir(&self) -> PathBuf {
        self.paths.data_dir.join(WEB_VIEW_FOLDER)
    }
}

/// What the next start runs: in an `AppImage` the file that a person downloaded, not what it unpacks.
fn program_file() -> ProgramFile {
    let path = tauri::process::current_binary(&tauri::Env::default());
    // Without a path, nothing is noticed of what becomes of it.
    ProgramFile::at(path.unwrap_or_default())
}

/// The time, as pages get it.
pub(crate) fn now() -> String {
    rfc3339_millis(SystemClock.now())
}
