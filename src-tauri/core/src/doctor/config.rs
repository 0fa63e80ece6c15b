//! Whether the next start would understand the settings file.

use super::Doctor;
use crate::config::ConfigError;
use crate::view::{Check, ComputerFinding, Subject};

impl Doctor {
    pub(super) async fn settings(&self) -> Vec<Check> {
        let file = &self.paths.config_file;
        let finding = match self.configured().await {
            Ok(_) if file.exists() => ComputerFinding::SettingsFine { file: file.clone() },
            Ok(_) => ComputerFinding::SettingsAbsent,
            Err(ConfigError::UnknownKey { file, key }) => {
                ComputerFinding::SettingsUnknownKey { file: file.clone(), key: key.to_string() }
            }
            Err(error) => ComputerFinding::SettingsWrong { reason: error.to_string() },
        };
        vec![Check::new(Subject::Config, finding)]
    }
}
