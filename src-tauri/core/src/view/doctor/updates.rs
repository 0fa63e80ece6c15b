//! Whether a newer version is out, as far as the bridge knows: the doctor asks nobody.

use serde::{Deserialize, Serialize};

use super::Told;

/// What was found of newer versions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum UpdateFinding {
    /// None was out when it was asked last.
    UpdateNone {
        /// Of this program.
        version: String,
        /// The day of the last answer, as in 2026-11-21.
        day: String,
    },
    /// One is out.
    UpdateOut {
        /// Its number.
        version: String,
        /// Of this program.
        own: String,
        /// Where it is to be had.
        page: String,
    },
    /// The last question has no answer.
    UpdateUnchecked {
        /// Why: a clause.
        reason: String,
    },
    /// Nobody was asked yet.
    UpdateNotYet,
    /// A person does not want it.
    UpdateOff,
    /// The configuration forbids it.
    UpdateForbidden,
    /// This build does not know whom to ask.
    UpdateNoSource,
}

impl UpdateFinding {
    pub(super) fn told(&self) -> Told {
        match self {
            Self::UpdateNone { version, day } => {
                Told::ok(format!("No version newer than {version} was out on {day}."))
            }
            Self::UpdateOut { version, own, page } => {
                Told::note(format!("Version {version} is out; this is {own}."))
                    .cure(format!("Get it from {page} and install it as you installed this one."))
            }
            Self::UpdateUnchecked { reason } => {
                Told::unknown(format!("Whether a newer version is out could not be found out: {reason}."))
                    .cure("It is tried again within two days; the window tries at once, in Settings.")
            }
            Self::UpdateNotYet => Told::note("No check for a newer version was made yet.")
                .cure("The bridge does so some minutes after its start; the window does at once, in Settings."),
            Self::UpdateOff => {
                Told::note("It is switched off to ask whether a newer version is out.").cure("Switch it on in Settings.")
            }
            Self::UpdateForbidden => Told::note(
                "The configuration does not allow to ask whether a newer version is out (`update_check`).",
            ),
            Self::UpdateNoSource => Told::note(
                "This build does not know where releases are published, so it does not ask for a newer version.",
            )
            .cure("Look where you got the program, or set `releases_url`."),
        }
    }
}
