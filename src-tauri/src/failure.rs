//! What fails in the app itself, as windows are told: a code for their words, and a sentence for when they have none. What
//! fails in the bridge has its codes in the core.

use bridge_core::control::Failed;
use bridge_core::view::KeychainTrouble;

/// Why a window does not get what it asked for.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The desktop did not take the entry that starts the app at login.
    StartAtLogin,
    /// The program is where it will not be for long.
    NoLastingPlace,
    /// No program shows an address or a folder.
    CannotOpen,
    /// What was pasted has not the form of a key.
    NotAKey,
    /// The paths themselves are what is not known.
    NoDirectory,
    /// A window could not be used.
    Screen,
    /// The page asked for something that this program does not know.
    NotUnderstood,
    /// A variable wins over what would be written.
    SetByEnvironment(&'static str),
    /// The configuration is as it was.
    ConfigNotWritten {
        /// The file, the place and the reason.
        reason: String,
    },
    /// The report is in no file.
    ReportNotSaved,
    /// The log cannot be read.
    LogUnreadable,
    /// A part of the app broke down; what it was about is in the log.
    Unexpected,
    /// The page named an AI app that is not known.
    UnknownApp,
    /// Without a home folder no AI app can be found.
    NoHome,
    /// The extension is in no file.
    ExtensionNotSaved {
        /// A clause.
        reason: String,
    },
    /// An app could not be disconnected.
    ResetApps,
    /// The bridge did not end.
    ResetLock,
    /// The keychain keeps what is to be removed.
    ResetKeychain(KeychainTrouble),
}

impl From<Failure> for Failed {
    fn from(failure: Failure) -> Self {
        let (code, message) = match failure {
            Failure::StartAtLogin => {
                ("start_at_login_failed", "Start at login could not be changed. Look into the log.".into())
            }
            Failure::NoLastingPlace => (
                "no_lasting_place",
                "The app is not where it would stay. Install it, or move it to Applications, and open it there.".into(),
            ),
            Failure::CannotOpen => ("cannot_open", "No program here opens this. Open it by hand.".into()),
            Failure::NotAKey => {
                ("not_a_key", "This does not look like a Jean Memory key. Copy it whole; it starts with jean_sk_.".into())
            }
            Failure::NoDirectory => ("no_directory", "No folder of the app is known.".into()),
            Failure::Screen => ("screen_failed", "The window could not be used. Look into the log.".into()),
            Failure::NotUnderstood => (
                "not_understood",
                "The window and the app are of different versions. Restart the app.".into(),
            ),
            Failure::SetByEnvironment(variable) => (
                "set_by_environment",
                format!(
                    "This comes from {variable}. Unset the variable and restart the app to change it here."
                ),
            ),
            Failure::ConfigNotWritten { reason } => ("config_not_written", format!("{reason}.")),
            Failure::ReportNotSaved => {
                ("report_not_saved", "The report could not be saved. Copy it instead.".into())
            }
            Failure::LogUnreadable => ("unexpected", "The log could not be read.".into()),
            Failure::Unexpected => ("unexpected", "This failed. Look into the log.".into()),
            Failure::UnknownApp => ("unknown_app", "There is no such app here.".into()),
            Failure::NoHome => ("no_home", "There is no home folder, so no app can be found.".into()),
            Failure::ExtensionNotSaved { reason } => {
                ("extension_not_saved", format!("The extension was not saved: {reason}."))
            }
            Failure::ResetApps => (
                "reset_apps",
                "The bridge could not be taken out of every app, so nothing else was removed.".into(),
            ),
            Failure::ResetLock => {
                ("reset_lock", "The bridge did not end, so nothing else was removed. Try again.".into())
            }
            Failure::ResetKeychain(trouble) => (of_keychain(trouble), trouble.sentence().into()),
        };
        Self { code: code.into(), message }
    }
}

fn of_keychain(trouble: KeychainTrouble) -> &'static str {
    match trouble {
        KeychainTrouble::Locked => "reset_keychain_locked",
        KeychainTrouble::Missing => "reset_keychain_missing",
        KeychainTrouble::Slow => "reset_keychain_slow",
        KeychainTrouble::Failed => "reset_keychain_failed",
    }
}
