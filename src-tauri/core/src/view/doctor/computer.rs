//! This computer: the settings file, the folders and their disk, the log, the start at login, the clock.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::Told;

/// Bytes in a megabyte, as disks are sold.
const MEGABYTE: u64 = 1_000_000;

/// What was found of this computer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum ComputerFinding {
    /// The settings file is understood.
    SettingsFine {
        /// The file.
        file: PathBuf,
    },
    /// There is none, so all is as it is by itself.
    SettingsAbsent,
    /// It has a key that means nothing.
    SettingsUnknownKey {
        /// The file.
        file: PathBuf,
        /// The key, where it is safe to show.
        key: String,
    },
    /// It cannot be used for another reason.
    SettingsWrong {
        /// Where and why: a clause that shows no value.
        reason: String,
    },
    /// All can be written, with room.
    FoldersFine {
        /// Megabytes; none where the system does not tell.
        free_mb: Option<u64>,
    },
    /// They are made at the first start.
    FoldersAbsent,
    /// One of them cannot be used.
    FolderUnusable {
        /// Why, with its name: a clause.
        reason: String,
    },
    /// There is no room left.
    DiskFull {
        /// What cannot be written.
        folder: PathBuf,
    },
    /// There is little room left.
    DiskLow {
        /// Megabytes.
        free_mb: u64,
    },
    /// The log is written.
    LogFine {
        /// Its folder.
        folder: PathBuf,
    },
    /// Nothing was written down yet.
    LogAbsent,
    /// It cannot be written.
    LogUnwritable {
        /// The log.
        file: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// The app starts at login.
    StartOn,
    /// It does not, which is a person's choice.
    StartOff,
    /// It is meant to, and the program is not there any more.
    StartBroken {
        /// The program that is not there.
        program: PathBuf,
    },
    /// This cannot be known here.
    StartUnknown,
    /// The clock is right.
    ClockFine,
    /// It is ahead of Jean Memory's.
    ClockAhead {
        /// By how much.
        seconds: u64,
    },
    /// It is behind Jean Memory's.
    ClockBehind {
        /// By how much.
        seconds: u64,
    },
    /// There was nothing to compare it with.
    ClockUnchecked,
}

impl ComputerFinding {
    /// For a number of bytes.
    #[must_use]
    pub fn megabytes(bytes: u64) -> u64 {
        bytes / MEGABYTE
    }

    pub(super) fn told(&self) -> Told {
        match self {
            Self::SettingsFine { file } => Told::ok(format!("{} is understood.", file.display())),
            Self::SettingsAbsent => {
                Told::ok("There is no settings file, so nothing is changed from the usual.")
            }
            Self::SettingsUnknownKey { file, key } => {
                Told::failed(format!("{} has a key that does not exist: {key}.", file.display()))
                    .cure("Remove or correct it; the next start would refuse the file.")
            }
            Self::SettingsWrong { reason } => Told::failed(format!("The settings cannot be used: {reason}."))
                .cure("Correct that; the next start would refuse it."),
            Self::FoldersFine { free_mb: Some(free) } => {
                Told::ok(format!("All folders can be written; {free} MB are free."))
            }
            Self::FoldersFine { free_mb: None } => Told::ok("All folders can be written."),
            Self::FoldersAbsent => Told::ok("The folders are made at the first start."),
            Self::FolderUnusable { reason } => Told::failed(format!("A folder cannot be used: {reason}."))
                .cure("Check whose it is and its permissions."),
            Self::DiskFull { folder } => {
                Told::failed(format!("The disk is full: nothing can be written to {}.", folder.display()))
                    .cure("Free some space.")
            }
            Self::DiskLow { free_mb } => {
                Told::warning(format!("Only {free_mb} MB are free, so sign-ins may soon not be remembered."))
                    .cure("Free some space.")
            }
            Self::LogFine { folder } => Told::ok(format!("The log is in {}.", folder.display())),
            Self::LogAbsent => Told::ok("There is no log yet; the bridge writes one when it runs."),
            Self::LogUnwritable { file, reason } => {
                Told::warning(format!("The log {} cannot be written: {reason}.", file.display()))
                    .cure("Check its permissions, then restart the bridge.")
            }
            Self::StartOn => Told::ok("The app starts at login."),
            Self::StartOff => Told::note("The app does not start at login.")
                .cure("To have it start, switch it on in Settings or in the tray menu."),
            Self::StartBroken { program } => Told::warning(format!(
                "The app is to start at login, but {} is not there any more.",
                program.display()
            ))
            .cure("Switch the start at login off and on again in Settings."),
            Self::StartUnknown => Told::note("Whether the app starts at login cannot be seen from here.")
                .cure("The window shows it in Settings."),
            Self::ClockFine => Told::ok("The clock agrees with Jean Memory's."),
            Self::ClockAhead { seconds } => wrong_clock(*seconds, "ahead"),
            Self::ClockBehind { seconds } => wrong_clock(*seconds, "behind"),
            Self::ClockUnchecked => Told::note("There was no answer to compare the clock with."),
        }
    }
}

fn wrong_clock(seconds: u64, side: &str) -> Told {
    let away = humantime::format_duration(std::time::Duration::from_secs(seconds));
    Told::failed(format!("The clock of this computer is {away} {side}, so sign-ins end at the wrong time."))
        .cure("Set the clock, or have the system set it by itself.")
}
