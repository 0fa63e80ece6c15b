//! What the doctor finds: each check with its state, the cause and the cure.
//!
//! A finding is typed, so that windows have words of their own for it; its sentences are here for everybody else.

mod apps;
mod bridge;
mod computer;
mod keeping;
mod memories;
mod updates;

use serde::{Deserialize, Serialize};

pub use apps::AppFinding;
pub use bridge::BridgeFinding;
pub use computer::ComputerFinding;
pub use keeping::KeepingFinding;
pub use memories::MemoriesFinding;
pub use updates::UpdateFinding;

/// What is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// Whether a bridge runs and its socket answers.
    Bridge,
    /// Whether all programs are of one version.
    Versions,
    /// Whether a newer one is out.
    Updates,
    /// Who has the port.
    Port,
    /// The configuration file.
    Config,
    /// The directories, and the room on their disk.
    Folders,
    /// The log.
    Log,
    /// Starting with the desktop.
    Start,
    /// The keychain.
    Keychain,
    /// The database.
    Database,
    /// The way to Jean Memory.
    Upstream,
    /// This computer's clock.
    Clock,
    /// The key of each account.
    Keys,
    /// The settings of each connected app.
    Apps,
}

impl Subject {
    /// What is examined by itself, in the order in which it is told. The clock comes with the way to Jean Memory: one
    /// answer tells about both.
    pub const EXAMINED: [Self; 13] = [
        Self::Bridge,
        Self::Versions,
        Self::Updates,
        Self::Port,
        Self::Config,
        Self::Folders,
        Self::Log,
        Self::Start,
        Self::Keychain,
        Self::Database,
        Self::Upstream,
        Self::Keys,
        Self::Apps,
    ];

    /// What a person calls it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Bridge => "bridge",
            Self::Versions => "versions",
            Self::Updates => "updates",
            Self::Port => "port",
            Self::Config => "settings file",
            Self::Folders => "folders",
            Self::Log => "log",
            Self::Start => "start at login",
            Self::Keychain => "keychain",
            Self::Database => "database",
            Self::Upstream => "Jean Memory",
            Self::Clock => "clock",
            Self::Keys => "keys",
            Self::Apps => "apps",
        }
    }
}

/// How it is, the worst last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckState {
    /// As it should be.
    Ok,
    /// Worth knowing, and no fault.
    Note,
    /// It could not be found out.
    Unknown,
    /// It works, but not for long or not for everything.
    Warning,
    /// Something does not work.
    Failed,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// What was looked at.
    pub check: Subject,
    /// How it is.
    pub state: CheckState,
    /// What was found.
    pub finding: Finding,
    /// A sentence.
    pub cause: String,
    /// A sentence, where something can be done.
    pub cure: Option<String>,
}

impl Check {
    /// What a finding means.
    #[must_use]
    pub fn new(check: Subject, finding: impl Into<Finding>) -> Self {
        let finding = finding.into();
        let Told { state, cause, cure } = finding.told();
        Self { check, state, finding, cause, cure }
    }
}

/// All that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DoctorView {
    /// The worst state.
    pub state: CheckState,
    /// Version of the program that looked.
    pub version: String,
    /// In the order in which they are told.
    pub checks: Vec<Check>,
}

impl DoctorView {
    /// Of these checks.
    #[must_use]
    pub fn new(checks: Vec<Check>) -> Self {
        let state = checks.iter().map(|check| check.state).max().unwrap_or(CheckState::Ok);
        Self { state, version: env!("CARGO_PKG_VERSION").to_owned(), checks }
    }
}

/// What was found; on the wire an object with a `code`, which no other finding has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Finding {
    /// About the bridge and its socket.
    Bridge(BridgeFinding),
    /// About this computer.
    Computer(ComputerFinding),
    /// About what is kept.
    Keeping(KeepingFinding),
    /// About Jean Memory and its accounts.
    Memories(MemoriesFinding),
    /// About newer versions.
    Update(UpdateFinding),
    /// About the settings of an app.
    App(AppFinding),
    /// About the examination.
    Unexamined(Unexamined),
}

/// Why there is nothing to tell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum Unexamined {
    /// It did not end.
    TookTooLong {
        /// What it was given.
        seconds: u64,
    },
    /// The configuration says what to look at, and cannot be read.
    SettingsFirst,
    /// Only a bridge that runs can tell.
    BridgeNeeded,
    /// The running bridge does not know the question.
    OtherVersion,
    /// The running bridge did not answer the question.
    BridgeSilent,
}

impl Finding {
    fn told(&self) -> Told {
        match self {
            Self::Bridge(finding) => finding.told(),
            Self::Computer(finding) => finding.told(),
            Self::Keeping(finding) => finding.told(),
            Self::Memories(finding) => finding.told(),
            Self::Update(finding) => finding.told(),
            Self::App(finding) => finding.told(),
            Self::Unexamined(finding) => finding.told(),
        }
    }
}

impl Unexamined {
    fn told(&self) -> Told {
        match self {
            Self::TookTooLong { seconds } => Told::unknown(format!("This did not end within {seconds} s."))
                .cure("Try again; the log may say more."),
            Self::SettingsFirst => Told::unknown("This depends on the settings file, which cannot be used.")
                .cure("Correct the settings file first."),
            Self::BridgeNeeded => Told::unknown("Only a bridge that runs can tell this.")
                .cure("Start the bridge, then try again."),
            Self::OtherVersion => Told::unknown("The running bridge does not know this question.")
                .cure("Restart the bridge: it is of another version."),
            Self::BridgeSilent => Told::unknown("The running bridge did not answer this question.")
                .cure("Try again, or restart the bridge."),
        }
    }
}

impl From<Unexamined> for Finding {
    fn from(finding: Unexamined) -> Self {
        Self::Unexamined(finding)
    }
}

impl From<BridgeFinding> for Finding {
    fn from(finding: BridgeFinding) -> Self {
        Self::Bridge(finding)
    }
}

impl From<ComputerFinding> for Finding {
    fn from(finding: ComputerFinding) -> Self {
        Self::Computer(finding)
    }
}

impl From<KeepingFinding> for Finding {
    fn from(finding: KeepingFinding) -> Self {
        Self::Keeping(finding)
    }
}

impl From<MemoriesFinding> for Finding {
    fn from(finding: MemoriesFinding) -> Self {
        Self::Memories(finding)
    }
}

impl From<UpdateFinding> for Finding {
    fn from(finding: UpdateFinding) -> Self {
        Self::Update(finding)
    }
}

impl From<AppFinding> for Finding {
    fn from(finding: AppFinding) -> Self {
        Self::App(finding)
    }
}

/// What a finding means, in words.
struct Told {
    state: CheckState,
    cause: String,
    cure: Option<String>,
}

impl Told {
    fn new(state: CheckState, cause: impl Into<String>) -> Self {
        Self { state, cause: cause.into(), cure: None }
    }

    fn ok(cause: impl Into<String>) -> Self {
        Self::new(CheckState::Ok, cause)
    }

    fn note(cause: impl Into<String>) -> Self {
        Self::new(CheckState::Note, cause)
    }

    fn unknown(cause: impl Into<String>) -> Self {
        Self::new(CheckState::Unknown, cause)
    }

    fn warning(cause: impl Into<String>) -> Self {
        Self::new(CheckState::Warning, cause)
    }

    fn failed(cause: impl Into<String>) -> Self {
        Self::new(CheckState::Failed, cause)
    }

    fn cure(self, cure: impl Into<String>) -> Self {
        Self { cure: Some(cure.into()), ..self }
    }
}
