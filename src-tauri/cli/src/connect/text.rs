//! What `connect` and `disconnect` say of an app and of what is done to it.

use bridge_core::view::{ConnectBy, ConnectState, ConnectStep, ConnectSteps, ConnectView, EntryChange};

use crate::output::safe;
use crate::words;

/// How an app is.
pub(super) fn state(app: &ConnectView) -> String {
    match app.state {
        ConnectState::NotFound => "not installed".into(),
        ConnectState::Connected => "connected".into(),
        ConnectState::Found if app.by == ConnectBy::Adapter => "not possible yet".into(),
        ConnectState::Found if app.quit_first => "not connected; quit it first".into(),
        ConnectState::Found => "not connected".into(),
        ConnectState::Changed => match app.change {
            Some(EntryChange::Outdated) => "has an old address; connect again".into(),
            Some(EntryChange::Edited) => "was changed by somebody".into(),
            Some(EntryChange::Foreign) | None => "has another jean-memory".into(),
        },
        ConnectState::Wiped => "lost its entry; connect again".into(),
        ConnectState::Unreadable => "its settings cannot be read".into(),
    }
}

/// What comes next.
pub(super) fn sign_in(app: &ConnectView) -> String {
    let how = app.sign_in.as_ref().map(|how| format!(" Type: {how}"));
    format!("It asks for access at its first use.{}\n", how.unwrap_or_default())
}

/// What is done, or would be.
pub(super) fn steps(done: &ConnectSteps) -> String {
    let instead = done.instead_of.iter().map(|failed| format!("  {}\n", safe(&words::sentence(failed))));
    instead.chain(done.steps.iter().map(step)).collect()
}

fn step(step: &ConnectStep) -> String {
    match step {
        ConnectStep::Run { command } => format!("  run   {}\n", safe(command)),
        ConnectStep::Remove { file } => format!("  remove {}\n", safe(&file.display().to_string())),
        ConnectStep::Edit { file, line, removed, added, backup } => {
            let marked = |mark: &str, lines: &[String]| {
                lines.iter().fold(String::new(), |all, line| format!("{all}      {mark} {}\n", safe(line)))
            };
            let backup =
                backup.as_ref().map(|backup| format!("  backup {}\n", safe(&backup.display().to_string())));
            format!(
                "  edit  {}, line {line}\n{}{}{}",
                safe(&file.display().to_string()),
                marked("-", removed),
                marked("+", added),
                backup.unwrap_or_default()
            )
        }
    }
}
