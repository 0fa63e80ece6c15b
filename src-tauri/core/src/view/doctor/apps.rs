//! Whether what was entered into the settings of apps is still there.

use serde::{Deserialize, Serialize};

use super::Told;

/// What was found in the settings of an app; an app that was never connected is no finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum AppFinding {
    /// None is connected by its settings.
    NoAppConnected,
    /// There is no home directory to look in.
    AppsNotLookedFor,
    /// Its entry leads to this program.
    AppConnected {
        /// What it is called on the command line.
        app: String,
        /// What people call it.
        name: String,
    },
    /// Its entry leads to where the bridge was.
    AppOutdated {
        /// What it is called on the command line.
        app: String,
        /// What people call it.
        name: String,
    },
    /// Its entry was changed after the bridge wrote it.
    AppEdited {
        /// What it is called on the command line.
        app: String,
        /// What people call it.
        name: String,
    },
    /// It has an entry of that name that the bridge did not write.
    AppForeign {
        /// What it is called on the command line.
        app: String,
        /// What people call it.
        name: String,
    },
    /// The entry is gone.
    AppWiped {
        /// What it is called on the command line.
        app: String,
        /// What people call it.
        name: String,
    },
    /// Its settings cannot be read.
    AppUnreadable {
        /// What it is called on the command line.
        app: String,
        /// What people call it.
        name: String,
        /// Why: a clause.
        reason: String,
    },
}

impl AppFinding {
    pub(super) fn told(&self) -> Told {
        let again =
            |app: &str| format!("Connect it again: Connect in the window, or jean-bridge connect {app}");
        let replace =
            |app: &str| format!("Replace it: Connect in the window, or jean-bridge connect {app} --replace");
        match self {
            Self::NoAppConnected => Told::note("No app is connected by its settings.")
                .cure("Connect one: Connect in the window, or jean-bridge connect"),
            Self::AppsNotLookedFor => {
                Told::unknown("There is no home directory, so apps cannot be looked for.")
            }
            Self::AppConnected { name, .. } => Told::ok(format!("{name} leads to this bridge.")),
            Self::AppOutdated { app, name } => {
                Told::failed(format!("{name} leads to where the bridge was before.")).cure(again(app))
            }
            Self::AppEdited { app, name } => Told::warning(format!(
                "The entry of {name} was changed after the bridge wrote it, and leads elsewhere."
            ))
            .cure(replace(app)),
            Self::AppForeign { app, name } => Told::warning(format!(
                "{name} has a \"jean-memory\" that the bridge did not write and that leads elsewhere."
            ))
            .cure(replace(app)),
            Self::AppWiped { app, name } => {
                Told::failed(format!("{name} lost the entry of the bridge.")).cure(again(app))
            }
            Self::AppUnreadable { name, reason, .. } => {
                Told::failed(format!("The settings of {name} cannot be read: {reason}."))
                    .cure(format!("Correct the file in {name}, then connect it again."))
            }
        }
    }
}
