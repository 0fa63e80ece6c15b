//! Noticing that an app has thrown our entry away: some write their settings from memory over what others have added
//! (clients.md 5.4). It is told once for each loss and never repaired unasked, or bridge and app would fight in a loop.
//! In the same files it is seen that an app leads to where the bridge was before (clients.md 8.2, rule 7).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::Connector;
use super::apps::{APPS, App};
use super::memory::Record;
use super::state::FileState;
use crate::view::{EntryChange, NamedApp};

/// An app that was just connected may be starting: what it makes of its file is looked at after this.
const CALM: Duration = Duration::from_secs(30);

/// What was seen of the apps that are connected.
#[derive(Debug, Default)]
pub struct Losses {
    apps: BTreeMap<&'static str, Watched>,
}

/// What a look has shown.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Noticed {
    /// All that have lost their entry.
    pub lost: Vec<NamedApp>,
    /// Those of them that nobody has been told of.
    pub untold: Vec<NamedApp>,
    /// All that have an entry with an address that the bridge had earlier.
    pub outdated: Vec<NamedApp>,
    /// Whether nobody has been told of one of these.
    pub is_move_untold: bool,
}

/// One app.
#[derive(Debug, Default)]
struct Watched {
    /// What its files were like at the last look.
    seen: Option<Vec<Stamp>>,
    connected_at: Option<SystemTime>,
    health: Health,
    /// Whether somebody has to be told of it.
    is_untold: bool,
}

/// What an app's files say; of several files, the one that most needs a person.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Health {
    #[default]
    Sound,
    Outdated,
    Lost,
}

/// By which it is told whether a file is another one, without reading it. None: there is none.
type Stamp = Option<(SystemTime, u64)>;

impl Losses {
    /// It was connected, or connected again, and is left alone for a moment.
    pub fn connected(&mut self, app: &App, now: SystemTime) {
        self.apps.insert(app.id, Watched { connected_at: Some(now), ..Watched::default() });
    }

    /// Looks at the files that are not as they were. What nobody has been told of stays so until [`Losses::told`].
    pub fn look(&mut self, connector: &Connector, now: SystemTime) -> Noticed {
        let mut noticed = Noticed::default();
        if !connector.memory.has_records() {
            self.apps.clear();
            return noticed;
        }
        for app in APPS {
            let files = connector.written_files(app);
            if files.is_empty() {
                self.apps.remove(app.id);
                continue;
            }
            let watched = self.apps.entry(app.id).or_default();
            let stamps = connector.stamps(&files);
            // While another bridge edits files, what they say is not settled, and records are not ours to write.
            if watched.wants_look(&stamps, now)
                && let Ok(Some(_lock)) = connector.memory.lock()
            {
                watched.seen = Some(stamps);
                watched.health =
                    files.iter().map(|file| connector.health(app, file)).max().unwrap_or_default();
                watched.is_untold =
                    watched.health != Health::Sound && !connector.was_told(&files, watched.health);
                if !watched.is_untold {
                    connector.note_told(&files, watched.health);
                }
            }
            match watched.health {
                Health::Sound => {}
                Health::Outdated => {
                    noticed.outdated.push(named(app));
                    noticed.is_move_untold |= watched.is_untold;
                }
                Health::Lost => {
                    noticed.lost.push(named(app));
                    noticed.untold.extend(watched.is_untold.then(|| named(app)));
                }
            }
        }
        noticed
    }

    /// The person has been told of all that the last look has shown, and is not told of it again, not even after a
    /// restart.
    pub async fn told(&mut self, connector: &Connector) {
        let lock = connector.lock().await;
        if let Err(error) = &lock {
            tracing::warn!(%error, "what an app has lost may be told again");
        }
        for app in APPS {
            let Some(watched) = self.apps.get_mut(app.id).filter(|watched| watched.is_untold) else {
                continue;
            };
            watched.is_untold = false;
            let files = connector.written_files(app);
            // What is not as it was is looked at again, and may be another loss.
            if lock.is_ok() && watched.seen == Some(connector.stamps(&files)) {
                connector.note_told(&files, watched.health);
            }
        }
    }
}

impl Watched {
    fn wants_look(&self, stamps: &[Stamp], now: SystemTime) -> bool {
        // A clock that was set back must not make it calm for longer.
        let since = |then: SystemTime| now.duration_since(then).unwrap_or(CALM);
        let is_calm = self.connected_at.is_none_or(|then| since(then) >= CALM);
        is_calm && self.seen.as_deref() != Some(stamps)
    }
}

impl Connector {
    /// The files of an app that the bridge has written to, or had written to.
    fn written_files(&self, app: &App) -> Vec<PathBuf> {
        let mut files = self.surroundings.files_of(app);
        files.retain(|file| self.memory.record_file(file).exists());
        files
    }

    /// Of the files and of what is remembered of each.
    fn stamps(&self, files: &[PathBuf]) -> Vec<Stamp> {
        let stamp = |file: &Path| {
            let found = file.metadata().ok()?;
            Some((found.modified().ok()?, found.len()))
        };
        files.iter().flat_map(|file| [stamp(file), stamp(&self.memory.record_file(file))]).collect()
    }

    fn health(&self, app: &App, file: &Path) -> Health {
        match self.state_of(app, file) {
            FileState::Wiped => Health::Lost,
            FileState::Changed(EntryChange::Outdated) => Health::Outdated,
            FileState::Connected
            | FileState::Found
            | FileState::Changed(EntryChange::Edited | EntryChange::Foreign)
            // One that cannot be read now may be half written.
            | FileState::Unreadable(_) => Health::Sound,
        }
    }

    /// Whether somebody was told that this is how an app is.
    fn was_told(&self, files: &[PathBuf], health: Health) -> bool {
        let mut records = files.iter().filter_map(|file| self.memory.record(file));
        records.any(|record| record.told() == health.told())
    }

    /// Remembers that it was told.
    fn note_told(&self, files: &[PathBuf], health: Health) {
        for file in files {
            let Some(mut record) = self.memory.record(file) else { continue };
            if record.told() == health.told() {
                continue;
            }
            (record.is_loss_told, record.is_move_told) = health.told();
            if let Err(error) = self.memory.remember(file, &record) {
                tracing::warn!(%error, "what an app has lost may be told again");
            }
        }
    }
}

impl Record {
    /// Of a loss, and of a move.
    fn told(&self) -> (bool, bool) {
        (self.is_loss_told, self.is_move_told)
    }
}

impl Health {
    /// What [`Record::told`] is once this was told.
    fn told(self) -> (bool, bool) {
        (self == Self::Lost, self == Self::Outdated)
    }
}

fn named(app: &App) -> NamedApp {
    NamedApp { id: app.id.to_owned(), name: app.name.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::super::apps::find;
    use super::super::surroundings::Surroundings;
    use super::super::system::System;
    use super::*;

    const CLAUDE: &str = "Claude/claude_desktop_config.json";

    /// A home with Claude Desktop in it.
    struct Home(tempfile::TempDir);

    impl Home {
        fn new() -> Self {
            let home = Self(tempfile::tempdir().expect("a directory"));
            std::fs::create_dir_all(home.config().parent().expect("a parent")).expect("a directory");
            home
        }

        fn config(&self) -> PathBuf {
            self.0.path().join(".config").join(CLAUDE)
        }

        fn connector(&self) -> Connector {
            self.connector_at("http://127.0.0.1:5326")
        }

        fn connector_at(&self, bridge: &str) -> Connector {
            let surroundings = Surroundings {
                home: self.0.path().to_owned(),
                system: System::Linux,
                environment: Box::new(|_| None),
                applications: Vec::new(),
                runs: Box::new(|_| false),
            };
            let adapter = Some("/opt/jean-bridge".into());
            Connector::new(surroundings, &self.0.path().join("data"), bridge, adapter)
        }

        fn wipe(&self) {
            std::fs::write(self.config(), "{\"theme\": \"dark\"}").expect("a file");
        }
    }

    fn claude() -> &'static App {
        find("claude-desktop").expect("an app")
    }

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000 + seconds)
    }

    /// Looks and tells, as the app does.
    async fn look(losses: &mut Losses, connector: &Connector, now: SystemTime) -> Noticed {
        let noticed = losses.look(connector, now);
        losses.told(connector).await;
        noticed
    }

    fn names(apps: &[NamedApp]) -> Vec<&str> {
        apps.iter().map(|app| app.name.as_str()).collect()
    }

    #[tokio::test]
    async fn a_loss_is_told_once_and_stays_until_it_is_repaired() {
        let home = Home::new();
        let connector = home.connector();
        let mut losses = Losses::default();
        assert_eq!(look(&mut losses, &connector, at(0)).await, Noticed::default(), "nothing is connected");
        connector.connect(claude(), false, at(0)).await.unwrap();
        losses.connected(claude(), at(0));
        assert_eq!(look(&mut losses, &connector, at(40)).await, Noticed::default());

        home.wipe();
        let noticed = look(&mut losses, &connector, at(50)).await;
        assert_eq!(
            (names(&noticed.lost), names(&noticed.untold)),
            (vec!["Claude Desktop"], vec!["Claude Desktop"])
        );
        // Neither again, nor after another change of the file, nor after a restart.
        for later in 60..63 {
            std::fs::write(home.config(), format!("{{\"started\": {later}}}")).unwrap();
            let noticed = look(&mut losses, &connector, at(later)).await;
            assert_eq!((noticed.lost.len(), noticed.untold.len()), (1, 0));
        }
        let noticed = look(&mut Losses::default(), &connector, at(70)).await;
        assert_eq!((noticed.lost.len(), noticed.untold.len()), (1, 0));

        connector.connect(claude(), false, at(80)).await.unwrap();
        losses.connected(claude(), at(80));
        assert_eq!(look(&mut losses, &connector, at(81)).await, Noticed::default());
        // The next loss is another one.
        home.wipe();
        assert_eq!(look(&mut losses, &connector, at(120)).await.untold.len(), 1);
    }

    #[tokio::test]
    async fn a_loss_that_nobody_was_told_of_before_the_end_is_told_after_the_next_start() {
        let home = Home::new();
        let connector = home.connector();
        connector.connect(claude(), false, at(0)).await.unwrap();
        home.wipe();
        let mut ending = Losses::default();
        for later in [40, 50] {
            assert_eq!(ending.look(&connector, at(later)).untold.len(), 1);
        }
        assert_eq!(look(&mut Losses::default(), &connector, at(60)).await.untold.len(), 1);
        assert_eq!(look(&mut Losses::default(), &connector, at(70)).await.untold.len(), 0);

        let moved = home.connector_at("http://127.0.0.1:5327");
        let file = home.0.path().join(".cursor/mcp.json");
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        connector.connect(find("cursor").expect("an app"), false, at(80)).await.unwrap();
        assert!(ending.look(&moved, at(120)).is_move_untold && ending.look(&moved, at(130)).is_move_untold);
        assert!(look(&mut Losses::default(), &moved, at(140)).await.is_move_untold);
        assert!(!look(&mut Losses::default(), &moved, at(150)).await.is_move_untold);
    }

    #[tokio::test]
    async fn what_was_connected_again_before_it_could_be_noted_is_not_told() {
        let home = Home::new();
        let connector = home.connector();
        connector.connect(claude(), false, at(0)).await.unwrap();
        home.wipe();
        let mut losses = Losses::default();
        assert_eq!(losses.look(&connector, at(40)).untold.len(), 1);
        connector.connect(claude(), false, at(50)).await.unwrap();
        losses.told(&connector).await;
        home.wipe();
        assert_eq!(losses.look(&connector, at(90)).untold.len(), 1, "another loss");
    }

    #[tokio::test]
    async fn an_app_that_was_just_connected_is_left_alone_for_a_moment() {
        let home = Home::new();
        let connector = home.connector();
        let mut losses = Losses::default();
        connector.connect(claude(), false, at(0)).await.unwrap();
        losses.connected(claude(), at(0));
        home.wipe();
        assert_eq!(look(&mut losses, &connector, at(29)).await, Noticed::default());
        assert_eq!(look(&mut losses, &connector, at(30)).await.untold.len(), 1);
    }

    #[tokio::test]
    async fn an_entry_that_comes_back_by_itself_is_no_loss_any_more() {
        let home = Home::new();
        let connector = home.connector();
        connector.connect(claude(), false, at(0)).await.unwrap();
        let written = std::fs::read_to_string(home.config()).unwrap();
        let mut losses = Losses::default();
        home.wipe();
        assert_eq!(look(&mut losses, &connector, at(40)).await.untold.len(), 1);
        std::fs::write(home.config(), written).unwrap();
        assert_eq!(look(&mut losses, &connector, at(50)).await, Noticed::default());
        home.wipe();
        assert_eq!(look(&mut losses, &connector, at(60)).await.untold.len(), 1);
    }

    #[tokio::test]
    async fn what_a_person_took_out_with_the_bridge_or_uninstalled_is_no_loss() {
        let home = Home::new();
        let connector = home.connector();
        connector.connect(claude(), false, at(0)).await.unwrap();
        std::fs::remove_dir_all(home.config().parent().unwrap()).unwrap();
        assert_eq!(look(&mut Losses::default(), &connector, at(40)).await, Noticed::default());
        std::fs::create_dir_all(home.config().parent().unwrap()).unwrap();
        assert_eq!(look(&mut Losses::default(), &connector, at(50)).await.lost.len(), 1);
        connector.disconnect(claude(), at(60)).await.unwrap();
        assert_eq!(look(&mut Losses::default(), &connector, at(70)).await, Noticed::default());
    }

    #[tokio::test]
    async fn an_app_that_leads_to_where_the_bridge_was_is_noticed_until_it_is_connected_anew() {
        let home = Home::new();
        let cursor = find("cursor").expect("an app");
        let file = home.0.path().join(".cursor/mcp.json");
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        home.connector().connect(cursor, false, at(0)).await.unwrap();
        assert_eq!(look(&mut Losses::default(), &home.connector(), at(40)).await, Noticed::default());

        let moved = home.connector_at("http://127.0.0.1:5327");
        let mut losses = Losses::default();
        let noticed = look(&mut losses, &moved, at(50)).await;
        assert_eq!((names(&noticed.outdated), noticed.is_move_untold), (vec!["Cursor"], true));
        // It is told once, is no loss, and stays as long as the file is as it was, also after a restart.
        for (losses, later) in [(&mut losses, 60), (&mut Losses::default(), 65)] {
            let noticed = look(losses, &moved, at(later)).await;
            assert_eq!((names(&noticed.outdated), noticed.is_move_untold), (vec!["Cursor"], false));
            assert!(noticed.lost.is_empty() && noticed.untold.is_empty(), "{noticed:?}");
        }
        // What somebody made of it since is theirs.
        let outdated = std::fs::read_to_string(&file).unwrap();
        std::fs::write(&file, outdated.replace("5326", "53260")).unwrap();
        assert_eq!(look(&mut losses, &moved, at(70)).await, Noticed::default());
        std::fs::write(&file, "{}").unwrap();
        let noticed = look(&mut losses, &moved, at(80)).await;
        assert_eq!((names(&noticed.lost), names(&noticed.untold)), (vec!["Cursor"], vec!["Cursor"]));
        assert!(noticed.outdated.is_empty(), "{noticed:?}");
        std::fs::write(&file, outdated).unwrap();
        assert_eq!(names(&look(&mut losses, &moved, at(90)).await.outdated), ["Cursor"]);

        moved.connect(cursor, false, at(100)).await.unwrap();
        losses.connected(cursor, at(100));
        assert_eq!(look(&mut losses, &moved, at(101)).await, Noticed::default());
        assert_eq!(look(&mut losses, &moved, at(140)).await, Noticed::default());
    }

    #[test]
    fn files_are_read_only_when_they_are_not_as_they_were() {
        let (one, two) = (vec![Some((at(0), 5))], vec![Some((at(0), 6))]);
        let mut watched = Watched::default();
        assert!(watched.wants_look(&one, at(0)));
        watched.seen = Some(one.clone());
        assert!(!watched.wants_look(&one, at(1)));
        assert!(watched.wants_look(&two, at(1)));
        watched.connected_at = Some(at(10));
        assert!(!watched.wants_look(&two, at(39)));
        assert!(watched.wants_look(&two, at(5)), "the clock was set back");
    }
}
