//! What a person or a script is shown: plain data, the same on the socket, in `--json` and in the windows.
//!
//! Members may be added, never renamed.

mod account;
mod activity;
mod client;
mod connect;
mod doctor;
mod request;
mod reset;
mod settings;
mod status;
mod update;

pub use account::{AccountKind, AccountView, KeyState};
pub use activity::{
    ActivityView, CallFilter, CallOutcome, CallView, ClientActivity, ClientCalls, Stretch, ToolActivity,
};
pub use client::{ClientView, ToolView, Via};
pub use connect::{
    ByHand, ConnectBy, ConnectNext, ConnectState, ConnectStep, ConnectSteps, ConnectTrouble,
    ConnectTroubleCode, ConnectView, EntryChange, NamedApp,
};
pub use doctor::{
    AppFinding, BridgeFinding, Check, CheckState, ComputerFinding, DoctorView, Finding, KeepingFinding,
    MemoriesFinding, Subject, Unexamined, UpdateFinding,
};
pub use request::{Destination, Registered, RequestView, Warning};
pub use reset::{
    Holds, KeychainTrouble, ResetApp, ResetFile, ResetKeychain, ResetOutcome, ResetPlan, ResetStay,
    StaysBecause,
};
pub use settings::{Appearance, SettingChange, Settings};
pub use status::{Problem, State, StatusView};
pub use update::{NewVersion, UpdateMode, UpdateTrouble, UpdateView};
