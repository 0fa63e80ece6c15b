//! What a person has set: in memory for whoever asks, in the database for the next start.

use std::sync::Arc;

use serde_json::{Map, Value};
use tokio::sync::{Mutex, watch};

use super::Bridge;
use crate::store::{Store, StoreError};
use crate::unbroken::unbroken;
use crate::view::{SettingChange, Settings};

/// Longer than any tag of a language that has a name.
const LONGEST_LANGUAGE: usize = 35;

impl Bridge {
    /// What a person has set.
    #[must_use]
    pub fn settings(&self) -> Settings {
        self.settings.current()
    }

    /// Changes a setting: first on the disk, then for everybody.
    ///
    /// # Errors
    /// [`StoreError`]; then everything is as it was.
    pub async fn change_setting(&self, change: SettingChange) -> Result<Settings, StoreError> {
        self.settings.change(change).await
    }
}

/// The settings of this start. Cheap to clone; every clone is the same.
#[derive(Clone)]
pub(super) struct KeptSettings {
    store: Store,
    current: watch::Sender<Settings>,
    /// Held from the write to its effect, so that the last to be written is the last to take effect.
    changing: Arc<Mutex<()>>,
}

impl KeptSettings {
    pub(super) async fn read(store: Store) -> Result<Self, StoreError> {
        let settings = settings_of(store.settings().await?);
        Ok(Self { store, current: watch::Sender::new(settings), changing: Arc::default() })
    }

    pub(super) fn current(&self) -> Settings {
        self.current.borrow().clone()
    }

    /// The settings, and every change of them.
    pub(super) fn follow(&self) -> watch::Receiver<Settings> {
        self.current.subscribe()
    }

    async fn change(&self, mut change: SettingChange) -> Result<Settings, StoreError> {
        tidy(&mut change);
        let (name, value) = row(&change).ok_or(StoreError::Failed)?;
        let kept = self.clone();
        unbroken(async move {
            let _turn = kept.changing.lock().await;
            kept.store.save_setting(name, value).await?;
            kept.current.send_modify(|settings| settings.apply(change));
            Ok(kept.current())
        })
        .await
    }
}

/// What a person has set, by the rows of the database. What is of another version, or was changed by something else, is
/// as if it had never been set.
pub(crate) fn settings_of(rows: Vec<(String, String)>) -> Settings {
    let mut settings = Settings::default();
    rows.into_iter()
        .filter_map(|(name, value)| understood(name, &value))
        .for_each(|change| settings.apply(change));
    settings
}

/// A change as it is kept: `{"paused":true}` is `true` under the name `paused`.
fn row(change: &SettingChange) -> Option<(String, String)> {
    let Ok(Value::Object(members)) = serde_json::to_value(change) else { return None };
    members.into_iter().next().map(|(name, value)| (name, value.to_string()))
}

fn understood(name: String, value: &str) -> Option<SettingChange> {
    let members = Map::from_iter([(name, serde_json::from_str(value).ok()?)]);
    let mut change = serde_json::from_value(Value::Object(members)).ok()?;
    tidy(&mut change);
    Some(change)
}

/// A language names a file, so it must look like one (BCP 47); otherwise the system's is taken.
fn tidy(change: &mut SettingChange) {
    if let SettingChange::Language(language) = change {
        language.take_if(|tag| !is_language(tag));
    }
}

fn is_language(tag: &str) -> bool {
    tag.len() <= LONGEST_LANGUAGE
        && tag
            .split('-')
            .all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;
    use crate::view::Appearance;

    fn store(dir: &tempfile::TempDir) -> Store {
        Store::open(dir.path(), UNIX_EPOCH).unwrap()
    }

    #[tokio::test]
    async fn every_setting_is_there_after_reopening() {
        let dir = tempfile::tempdir().unwrap();
        let kept = KeptSettings::read(store(&dir)).await.unwrap();
        assert_eq!(kept.current(), Settings::default());
        for change in [
            SettingChange::Paused(true),
            SettingChange::Notifications(false),
            SettingChange::Language(Some("de".into())),
            SettingChange::Appearance(Appearance::Dark),
            SettingChange::Welcomed(true),
            SettingChange::UpdateCheck(false),
        ] {
            kept.change(change).await.unwrap();
        }
        let all = Settings {
            paused: true,
            notifications: false,
            language: Some("de".into()),
            appearance: Appearance::Dark,
            welcomed: true,
            update_check: false,
        };
        assert_eq!(kept.current(), all);
        drop(kept);
        assert_eq!(KeptSettings::read(store(&dir)).await.unwrap().current(), all);
        KeptSettings::read(store(&dir)).await.unwrap().change(SettingChange::Language(None)).await.unwrap();
        assert_eq!(KeptSettings::read(store(&dir)).await.unwrap().current().language, None);
    }

    #[tokio::test]
    async fn what_is_damaged_or_unknown_is_as_if_it_had_never_been_set() {
        let dir = tempfile::tempdir().unwrap();
        let store = store(&dir);
        for (name, value) in [
            ("appearance", "\"purple\""),
            ("language", "\"../../etc/passwd\""),
            ("notifications", "no"),
            ("of_a_later_version", "true"),
            ("paused", "{"),
            ("welcomed", "true"),
        ] {
            store.save_setting(name.into(), value.into()).await.unwrap();
        }
        let settings = KeptSettings::read(store).await.unwrap().current();
        assert_eq!(settings, Settings { welcomed: true, ..Settings::default() });
    }

    #[test]
    fn a_language_is_a_tag_and_nothing_else() {
        let long = "a".repeat(LONGEST_LANGUAGE + 1);
        assert!(["en", "de", "pt-BR", "zh-Hant-TW"].into_iter().all(is_language));
        assert!(!["", "-", "en-", "../de", "de/..", "d\u{e9}", "en_US", &long].into_iter().any(is_language));
    }
}
