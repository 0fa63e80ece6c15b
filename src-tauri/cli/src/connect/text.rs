//! What `connect` and `disconnect` say of an app and of what is done to it.

use bridge_core::view::{ConnectBy, ConnectState, ConnectStep, ConnectSteps, ConnectView, EntryChange};

use crate::safe::safe;
use crate::words;

/// A tab is a control character too.
const TAB: &str = "    ";

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
    let how = app.sign_in.as_ref().map_or_else(|| ".".into(), |how| format!("; to sign in now, type: {how}"));
    format!("If it is running, start it anew. It asks for access at its first use{how}\n")
}

/// What must be done before it.
pub(super) fn quit_first(done: &ConnectSteps) -> String {
    if !done.quit_first {
        return String::new();
    }
    format!("Quit {} first: it is running and would write over its settings.\n", safe(&done.app.name))
}

/// What is done, or would be.
pub(super) fn steps(done: &ConnectSteps) -> String {
    let instead = done.instead_of.iter().map(|failed| format!("  {}\n", safe(&words::sentence(failed))));
    instead.chain(done.steps.iter().map(step)).collect()
}

/// One of them.
pub(crate) fn step(step: &ConnectStep) -> String {
    match step {
        ConnectStep::Run { command } => format!("  run    {}\n", safe(command)),
        ConnectStep::Remove { file } => format!("  remove {}\n", safe(&file.display().to_string())),
        ConnectStep::Edit { file, line, removed, added, backup } => {
            let marked = |mark: &str, lines: &[String]| {
                let line = |line: &String| safe(&line.replace('\t', TAB));
                lines.iter().fold(String::new(), |all, text| format!("{all}      {mark} {}\n", line(text)))
            };
            let backup =
                backup.as_ref().map(|backup| format!("  backup {}\n", safe(&backup.display().to_string())));
            format!(
                "  edit   {}, line {line}\n{}{}{}",
                safe(&file.display().to_string()),
                marked("-", removed),
                marked("+", added),
                backup.unwrap_or_default()
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edit_is_shown_line_by_line_and_cannot_steer_the_terminal() {
        let edit = ConnectStep::Edit {
            file: "/home/jean/.cursor/mcp\u{1b}.json".into(),
            line: 3,
            removed: vec!["\told\u{202e}".into()],
            added: vec!["\tnew".into(), "\t}".into()],
            backup: Some("/backup".into()),
        };
        assert_eq!(
            step(&edit),
            "  edit   /home/jean/.cursor/mcp\u{fffd}.json, line 3\n      -     old\u{fffd}\n      +     new\n      \
             +     }\n  backup /backup\n"
        );
    }
}
