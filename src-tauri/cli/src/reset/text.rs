//! What `reset` says before and after.

use std::fmt::Write as _;
use std::path::Path;

use bridge_core::view::{
    Holds, ResetApp, ResetFile, ResetOutcome, ResetPlan, ResetStay, StatusView, StaysBecause,
};

use crate::connect::text::step;
use crate::safe::safe;
use crate::words::{self, counted};

/// More are counted only.
const MAX_STAYS: usize = 20;

/// What would go, or goes when the person says so.
pub(super) fn plan(plan: &ResetPlan, running: Option<&StatusView>, is_only_shown: bool) -> String {
    if plan.is_empty() && running.is_none() {
        return format!("There is nothing to remove.\n{}", stays(&plan.stays));
    }
    let mut goes = String::new();
    let mut line = |words: &str| {
        // Writing to a string cannot fail.
        let _ = writeln!(goes, "  {words}");
    };
    if let Some(status) = running {
        line(&format!("the bridge that runs ends (process {})", status.pid));
    }
    for app in &plan.apps {
        line(&app_line(app));
    }
    if plan.starts_at_login {
        line("it does not start at login any more");
    }
    match plan.keychain.entries.as_slice() {
        [] => {}
        entries => line(&format!(
            "{} of the keychain: {}",
            counted(entries.len(), "entry", "entries"),
            safe(&entries.join(", "))
        )),
    }
    for file in plan.files.iter().filter(|file| !is_beside_a_database(&file.path)) {
        line(&file_line(file));
    }
    let mut text = match (goes.is_empty(), is_only_shown) {
        (true, _) => "There is nothing to remove.\n".to_owned(),
        (false, true) => format!("This would be removed:\n{goes}"),
        (false, false) => format!("This is removed:\n{goes}"),
    };
    if let Some(trouble) = plan.keychain.trouble {
        let _ = writeln!(text, "{}", trouble.sentence());
    }
    text.push_str(&stays(&plan.stays));
    text.push_str("Your memories at Jean Memory stay.\n");
    if plan.has_environment_key {
        text.push_str("JEAN_BRIDGE_API_KEY is set, so its account is back at the next start.\n");
    }
    text
}

/// What went.
pub(super) fn outcome(outcome: &ResetOutcome) -> String {
    let mut text = String::new();
    for app in &outcome.apps {
        let _ = writeln!(text, "Taken out of {}.", safe(&app.name));
    }
    if outcome.started_at_login {
        text.push_str("It does not start at login any more.\n");
    }
    let files = counted(outcome.files.len(), "file or folder", "files and folders");
    let entries = match outcome.keychain_entries {
        0 => String::new(),
        entries => format!("{} of the keychain, ", counted(entries, "entry", "entries")),
    };
    let _ = writeln!(text, "Removed {entries}{files}.");
    if let Some(trouble) = outcome.keychain {
        let _ = writeln!(text, "{}", trouble.sentence());
    }
    text.push_str(&stays(&outcome.stays));
    text
}

fn app_line(app: &ResetApp) -> String {
    let name = safe(&app.name);
    if let Some(reason) = &app.blocked {
        return format!("{name}: not now. {}", safe(&words::sentence(reason)));
    }
    let steps: String = app.steps.iter().map(step).collect();
    let mut text = format!("{name} is disconnected");
    for line in steps.lines() {
        let _ = write!(text, "\n  {line}");
    }
    text
}

fn file_line(file: &ResetFile) -> String {
    let holds = match file.holds {
        Holds::Data => "accounts, what apps may do, activity",
        Holds::Sandbox => "the sandbox and its memories",
        Holds::Configuration => "the configuration",
        Holds::Backups => "earlier settings of apps",
        Holds::Windows => "what the windows keep",
        Holds::Log => "the log",
        Holds::Socket => "the local socket",
    };
    format!("{}: {holds}", shown(&file.path))
}

/// What SQLite keeps beside the file that is named anyway.
fn is_beside_a_database(path: &Path) -> bool {
    let name = path.to_string_lossy();
    name.ends_with("-wal") || name.ends_with("-shm")
}

fn stays(stays: &[ResetStay]) -> String {
    if stays.is_empty() {
        return String::new();
    }
    let line = |stay: &ResetStay| {
        let why = match &stay.because {
            StaysBecause::NotOurs => "the bridge did not make it".to_owned(),
            StaysBecause::Link => "a link; remove what it leads to yourself".to_owned(),
            StaysBecause::Failed { reason } => safe(reason),
        };
        format!("  {}: {why}\n", shown(&stay.path))
    };
    let lines: String = stays.iter().take(MAX_STAYS).map(line).collect();
    let more = stays.len().saturating_sub(MAX_STAYS);
    let more = if more == 0 { String::new() } else { format!("  and {more} more\n") };
    format!("This stays:\n{lines}{more}")
}

fn shown(path: &Path) -> String {
    safe(&path.display().to_string())
}
