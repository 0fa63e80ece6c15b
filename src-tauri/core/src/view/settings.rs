//! What a person has set in the app. What is needed before the database is open is in the configuration instead.

use serde::{Deserialize, Serialize};

/// Settings that live in the database.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub struct Settings {
    /// Nothing is relayed to Jean Memory.
    pub paused: bool,
    /// Whether the system's notifications are used.
    pub notifications: bool,
    /// The language of the windows, as in their file's name (`en`); none: the system's.
    pub language: Option<String>,
    /// Light, dark, or as the system has it.
    pub appearance: Appearance,
    /// Whether the first window was seen.
    pub welcomed: bool,
    /// Whether it is asked from time to time for a newer version.
    pub update_check: bool,
}

/// Light, dark, or as the system has it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Appearance {
    /// As the system has it.
    #[default]
    System,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            paused: false,
            notifications: true,
            language: None,
            appearance: Appearance::System,
            welcomed: false,
            update_check: true,
        }
    }
}

impl Settings {
    /// Takes a change over.
    pub fn apply(&mut self, change: SettingChange) {
        match change {
            SettingChange::Paused(paused) => self.paused = paused,
            SettingChange::Notifications(notifications) => self.notifications = notifications,
            SettingChange::Language(language) => self.language = language,
            SettingChange::Appearance(appearance) => self.appearance = appearance,
            SettingChange::Welcomed(welcomed) => self.welcomed = welcomed,
            SettingChange::UpdateCheck(update_check) => self.update_check = update_check,
        }
    }
}

/// One change of [`Settings`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SettingChange {
    /// [`Settings::paused`].
    Paused(bool),
    /// [`Settings::notifications`].
    Notifications(bool),
    /// [`Settings::language`].
    Language(Option<String>),
    /// [`Settings::appearance`].
    Appearance(Appearance),
    /// [`Settings::welcomed`].
    Welcomed(bool),
    /// [`Settings::update_check`].
    UpdateCheck(bool),
}
