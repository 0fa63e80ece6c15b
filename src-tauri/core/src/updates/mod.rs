//! Whether a newer version is out. It is only told: nothing is downloaded, nothing is installed, and nothing is sent
//! but one request for a small file at the place where releases are published.
//!
//! The place is built in or configured; what the file says leads nowhere. When to ask is in `schedule`; who calls
//! [`Updates::check`] sees to it that no call is under way.

#[cfg(any(fuzzing, test))]
pub(crate) mod fuzzing;
mod kept;
mod release;
mod request;
mod schedule;

use std::sync::Arc;
use std::time::SystemTime;

use tokio::sync::{Mutex, watch};

use self::kept::Kept;
pub(crate) use self::release::Release;
use self::request::Request;
pub(crate) use self::schedule::Schedule;
use crate::clock::rfc3339;
use crate::store::{Store, StoreError};
use crate::unbroken::unbroken;
use crate::upstream::BaseUrl;
use crate::view::{UpdateMode, UpdateTrouble, UpdateView};

/// What the configuration says of it.
#[derive(Clone, Debug)]
pub struct Permission {
    releases: Option<BaseUrl>,
    is_allowed: bool,
}

/// What is known of newer versions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    kept: Kept,
    trouble: Option<UpdateTrouble>,
    /// Questions since the start.
    questions: u64,
}

/// Asks, and knows the answer. Cheap to clone; every clone is the same.
#[derive(Clone)]
pub struct Updates {
    permission: Permission,
    own: Release,
    store: Store,
    known: watch::Sender<Known>,
    /// One question at a time.
    turn: Arc<Mutex<()>>,
    /// One change at a time, from what it starts from to its effect.
    changing: Arc<Mutex<()>>,
}

impl Permission {
    /// Of a configuration: where releases are published, and whether anybody may be asked.
    #[must_use]
    pub fn new(releases: Option<BaseUrl>, is_allowed: bool) -> Self {
        Self { releases, is_allowed }
    }

    fn mode(&self, is_wanted: bool) -> UpdateMode {
        match (&self.releases, self.is_allowed, is_wanted) {
            (_, false, _) => UpdateMode::Forbidden,
            (None, true, _) => UpdateMode::NoSource,
            (Some(_), true, false) => UpdateMode::Off,
            (Some(_), true, true) => UpdateMode::On,
        }
    }

    /// Whom to ask, if anybody may be asked.
    fn source(&self) -> Option<&BaseUrl> {
        self.releases.as_ref().filter(|_| self.is_allowed)
    }

    /// What is known, for a person; `is_wanted` is their switch.
    #[must_use]
    pub fn view(&self, known: &Known, is_wanted: bool) -> UpdateView {
        self.view_for(&Release::own(), known, is_wanted)
    }

    fn view_for(&self, own: &Release, known: &Known, is_wanted: bool) -> UpdateView {
        let newer = known.kept.latest.as_ref().filter(|latest| latest.is_news_for(own));
        UpdateView {
            mode: self.mode(is_wanted),
            page: self.source().map(BaseUrl::to_string),
            checked_at: known.kept.answered_at.map(rfc3339),
            newer: newer.filter(|_| self.source().is_some()).map(Release::to_string),
            trouble: known.trouble,
        }
    }
}

impl Known {
    /// By the rows of the database.
    #[must_use]
    pub fn of(rows: &[(String, String)]) -> Self {
        Self { kept: Kept::of(rows), ..Self::default() }
    }
}

impl Updates {
    /// With what earlier starts have left.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn read(store: Store, permission: Permission) -> Result<Self, StoreError> {
        let known = Known::of(&store.settings().await?);
        let known = watch::Sender::new(known);
        Ok(Self {
            permission,
            own: Release::own(),
            store,
            known,
            turn: Arc::default(),
            changing: Arc::default(),
        })
    }

    /// What is known, and every change of it.
    #[must_use]
    pub fn follow(&self) -> watch::Receiver<Known> {
        self.known.subscribe()
    }

    /// What is known, for a person; `is_wanted` is their switch.
    #[must_use]
    pub fn view(&self, is_wanted: bool) -> UpdateView {
        self.permission.view_for(&self.own, &self.known.borrow(), is_wanted)
    }

    /// Whether anybody may ever be asked.
    #[must_use]
    pub fn may_ask(&self) -> bool {
        self.permission.source().is_some()
    }

    pub(crate) fn is_due(&self, schedule: &Schedule, now: SystemTime) -> bool {
        schedule.is_due(self.known.borrow().kept.asked_at, now)
    }

    /// Asks now, unless nobody may be asked. That it was asked is on the disk before the question leaves, so that not
    /// even a program that crashes again and again asks more than once. Who comes while another asks shares the answer.
    pub async fn check(&self, now: SystemTime) {
        let Some(releases) = self.permission.source().cloned() else { return };
        let questions = self.known.borrow().questions;
        let updates = self.clone();
        unbroken(async move {
            let _turn = updates.turn.lock().await;
            if updates.known.borrow().questions != questions {
                return;
            }
            let asked = updates.ask(releases, now).await;
            if let Err(trouble) = asked {
                tracing::debug!(reason = %trouble, "whether a newer version is out could not be found out");
            }
            updates.known.send_modify(|known| {
                known.trouble = asked.err();
                known.questions += 1;
            });
        })
        .await;
    }

    async fn ask(&self, releases: BaseUrl, now: SystemTime) -> Result<(), UpdateTrouble> {
        self.keep(|kept| kept.asked_at = Some(now)).await.map_err(|_| UpdateTrouble::Unkept)?;
        let manifest = Request::new(releases).send().await?;
        let latest = Release::of_manifest(&manifest).ok_or(UpdateTrouble::NotUnderstood)?;
        let is_newer = latest.is_news_for(&self.own);
        tracing::debug!(%latest, is_newer, "the page of releases was asked for the newest version");
        if is_newer {
            tracing::info!(version = %latest, "a newer version is out");
        }
        self.keep(|kept| {
            kept.answered_at = Some(now);
            kept.latest = Some(latest);
        })
        .await
        .map_err(|_| UpdateTrouble::Unkept)
    }

    /// A newer version of which no person was told yet.
    #[must_use]
    pub fn untold(&self) -> Option<String> {
        let known = self.known.borrow();
        let latest = known.kept.latest.as_ref().filter(|latest| latest.is_news_for(&self.own))?;
        (known.kept.told.as_ref() != Some(latest)).then(|| latest.to_string())
    }

    /// A person knows of `version` from now on.
    ///
    /// # Errors
    /// [`StoreError`]; then they would be told again after a restart.
    pub async fn mark_told(&self, version: &str) -> Result<(), StoreError> {
        let told = Release::parse(version);
        self.keep(|kept| kept.told = told).await
    }

    /// First on the disk, then for everybody.
    async fn keep(&self, change: impl FnOnce(&mut Kept)) -> Result<(), StoreError> {
        let _alone = self.changing.lock().await;
        let mut kept = self.known.borrow().kept.clone();
        change(&mut kept);
        kept.write(&self.store).await?;
        self.known.send_modify(|known| known.kept = kept);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;
    use crate::test_server::{Answer, Server};

    const NEWER: &[u8] = br#"{"version":"9.0.0"}"#;

    fn now() -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(1_800_000_000)
    }

    fn allowing(server: &Server) -> Permission {
        Permission { releases: Some(BaseUrl::parse(&server.url()).unwrap()), is_allowed: true }
    }

    async fn updates(dir: &tempfile::TempDir, permission: Permission) -> Updates {
        Updates::read(Store::open(dir.path(), now()).unwrap(), permission).await.unwrap()
    }

    #[tokio::test]
    async fn a_newer_version_is_known_told_once_and_remembered() {
        let server = Server::start(|_, _| Answer::with(200, "", NEWER)).await;
        let dir = tempfile::tempdir().unwrap();
        let first = updates(&dir, allowing(&server)).await;
        assert_eq!((first.view(true).newer, first.untold()), (None, None));
        first.check(now()).await;
        let view = first.view(true);
        assert_eq!((view.newer.as_deref(), view.trouble), (Some("9.0.0"), None));
        assert_eq!(view.checked_at.as_deref(), Some("2027-01-15T08:00:00Z"));
        assert_eq!(view.out().unwrap().page, server.url());
        assert_eq!(first.untold().as_deref(), Some("9.0.0"));
        first.mark_told("9.0.0").await.unwrap();
        assert_eq!(first.untold(), None);
        drop(first);

        let second = updates(&dir, allowing(&server)).await;
        assert_eq!((second.view(true), second.untold()), (view, None));
        let schedule = Schedule::new(now());
        assert!(!second.is_due(&schedule, now() + Duration::from_secs(3600)), "a restart asks nobody");
        assert!(second.is_due(&schedule, now() + Duration::from_secs(30 * 3600)));
        assert_eq!(server.seen().len(), 1);
    }

    #[tokio::test]
    async fn who_has_it_by_then_is_not_told_of_it() {
        let server = Server::start(|_, _| Answer::with(200, "", NEWER)).await;
        let dir = tempfile::tempdir().unwrap();
        let mut updates = updates(&dir, allowing(&server)).await;
        updates.check(now()).await;
        updates.own = Release::parse("9.0.0").unwrap();
        assert_eq!((updates.view(true).newer, updates.untold()), (None, None));
    }

    #[tokio::test]
    async fn a_failure_keeps_what_was_known_and_says_why() {
        let server = Server::start(|_, before| match before {
            0 => Answer::with(200, "", NEWER),
            1 => Answer::html(200),
            2 => Answer::html(503),
            _ => Answer::with(200, "", br#"{"version":"0.0.1"}"#),
        })
        .await;
        let dir = tempfile::tempdir().unwrap();
        let updates = updates(&dir, allowing(&server)).await;
        updates.check(now()).await;
        for trouble in [UpdateTrouble::NotUnderstood, UpdateTrouble::Status { status: 503 }] {
            updates.check(now()).await;
            let view = updates.view(true);
            assert_eq!((view.trouble, view.newer.as_deref()), (Some(trouble), Some("9.0.0")));
        }
        // A release that was withdrawn is not told any more.
        updates.check(now()).await;
        assert_eq!((updates.view(true).newer, updates.view(true).trouble), (None, None));
    }

    #[tokio::test]
    async fn nobody_is_asked_who_may_not_be_asked() {
        let server = Server::start(|_, _| Answer::with(200, "", NEWER)).await;
        let dir = tempfile::tempdir().unwrap();
        let none = Permission { releases: None, is_allowed: true };
        let forbidden = Permission { is_allowed: false, ..allowing(&server) };
        for (permission, mode) in [(none, UpdateMode::NoSource), (forbidden, UpdateMode::Forbidden)] {
            let updates = updates(&dir, permission).await;
            assert!(!updates.may_ask());
            updates.check(now()).await;
            assert_eq!(updates.view(true).mode, mode);
            assert_eq!(updates.view(true).page, None);
        }
        assert_eq!(server.connections(), 0);
        let updates = updates(&dir, allowing(&server)).await;
        assert_eq!((updates.view(false).mode, updates.view(true).mode), (UpdateMode::Off, UpdateMode::On));
    }

    #[tokio::test]
    async fn questions_at_the_same_time_are_one() {
        let gate = Arc::new(tokio::sync::Semaphore::new(0));
        let waits = gate.clone();
        let good = Answer::with(200, "", NEWER).bytes();
        let server = Server::start(move |_, _| Answer::After(waits.clone(), good.clone())).await;
        let dir = tempfile::tempdir().unwrap();
        let updates = updates(&dir, allowing(&server)).await;
        let (first, second) = (updates.check(now()), updates.check(now()));
        let opened = async {
            server.wait_for_requests(1).await;
            gate.add_permits(2);
        };
        tokio::join!(first, second, opened);
        assert_eq!(server.seen().len(), 1);
        assert_eq!(updates.view(true).newer.as_deref(), Some("9.0.0"));
    }

    #[tokio::test]
    async fn what_was_told_by_an_answer_is_told_only_where_a_person_wants_it() {
        let server = Server::start(|_, _| Answer::with(200, "", NEWER)).await;
        let dir = tempfile::tempdir().unwrap();
        let updates = updates(&dir, allowing(&server)).await;
        updates.check(now()).await;
        assert!(updates.view(true).out().is_some());
        assert_eq!(updates.view(false).out(), None);
    }
}
