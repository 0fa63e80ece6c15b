//! The errors of connecting in parts, for windows that have words of their own for each.

use super::document::Unreadable;
use super::error::ConnectError;
use super::file::FileError;
use super::official::CallError;
use crate::view::{ConnectTrouble, ConnectTroubleCode as Code, EntryChange};

impl From<&ConnectError> for ConnectTrouble {
    fn from(error: &ConnectError) -> Self {
        let about = |code| Self {
            code,
            message: error.to_string(),
            app: None,
            file: None,
            line: None,
            command: None,
            detail: None,
        };
        let app = |code, app: &str| Self { app: Some(app.to_owned()), ..about(code) };
        match error {
            ConnectError::NotInstalled(name) => app(Code::AppNotInstalled, name),
            ConnectError::NeedsAdapter(name) => app(Code::NeedsAdapter, name),
            ConnectError::QuitFirst(name) => app(Code::QuitFirst, name),
            ConnectError::Taken { file, change } => {
                Self { file: Some(file.clone()), ..about(taken(*change)) }
            }
            ConnectError::RemoveFirst { command } => {
                Self { command: Some(command.clone()), ..about(Code::RemoveEntryFirst) }
            }
            ConnectError::NotOurs(file) => Self { file: Some(file.clone()), ..about(Code::EntryNotOurs) },
            ConnectError::Unreadable { file, reason } => {
                let (code, line, detail) = unreadable(reason);
                Self { file: Some(file.clone()), line, detail, ..about(code) }
            }
            ConnectError::File { file, reason } => {
                let (code, detail) = untouched(reason);
                Self { file: Some(file.clone()), detail, ..about(code) }
            }
            ConnectError::Memory(reason) => {
                Self { detail: Some(reason.to_string()), ..about(Code::BackupFailed) }
            }
            ConnectError::Busy => about(Code::SettingsBusy),
            ConnectError::Call(error) => {
                let (code, call, detail) = match error {
                    CallError::NotStarted { call, reason } => {
                        (Code::CommandNotStarted, call, Some(reason.to_string()))
                    }
                    CallError::Failed { call, said } => (Code::CommandFailed, call, Some(said.clone())),
                    CallError::TimedOut { call } => (Code::CommandTimedOut, call, None),
                };
                Self { command: Some(call.clone()), detail, ..about(code) }
            }
            ConnectError::NotSeen { command, file } => Self {
                command: Some(command.clone()),
                file: Some(file.clone()),
                ..about(Code::CommandNotSeen)
            },
        }
    }
}

fn taken(change: EntryChange) -> Code {
    match change {
        EntryChange::Edited => Code::EntryEdited,
        // An old address of ours is replaced without a question, so this is never refused.
        EntryChange::Foreign | EntryChange::Outdated => Code::EntryForeign,
    }
}

fn unreadable(reason: &Unreadable) -> (Code, Option<usize>, Option<String>) {
    match reason {
        Unreadable::Damaged { line } => (Code::SettingsDamaged, Some(*line), None),
        Unreadable::Unexpected(what) => (Code::SettingsUnexpected, None, Some((*what).to_owned())),
        Unreadable::NotATable(name) => (Code::SettingsNotATable, None, Some(name.clone())),
        Unreadable::Twice(name) => (Code::SettingsTwice, None, Some(name.clone())),
        Unreadable::Unusual(name) => (Code::SettingsUnusual, None, Some(name.clone())),
    }
}

fn untouched(reason: &FileError) -> (Code, Option<String>) {
    match reason {
        FileError::NotAFile => (Code::SettingsNotAFile, None),
        FileError::Dangling => (Code::SettingsDangling, None),
        FileError::Foreign => (Code::SettingsOfAnother, None),
        FileError::HardLinked => (Code::SettingsHardLinked, None),
        FileError::ReadOnly => (Code::SettingsReadOnly, None),
        FileError::TooLarge => (Code::SettingsTooLarge, None),
        FileError::NotText => (Code::SettingsNotText, None),
        FileError::Changed => (Code::SettingsChanged, None),
        FileError::Directory(error) => (Code::SettingsRefused, Some(error.to_string())),
        FileError::System(error) => (Code::SettingsRefused, Some(error.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trouble_has_all_that_its_sentence_needs() {
        let damaged =
            ConnectError::Unreadable { file: "/a/mcp.json".into(), reason: Unreadable::Damaged { line: 3 } };
        let trouble = ConnectTrouble::from(&damaged);
        assert_eq!((trouble.code, trouble.line), (Code::SettingsDamaged, Some(3)));
        assert_eq!(trouble.file.as_deref(), Some("/a/mcp.json".as_ref()));
        assert_eq!(trouble.message, damaged.to_string());
        let written = serde_json::to_value(&trouble).unwrap();
        assert_eq!(written["code"], "settings_damaged");
        assert!(written.get("command").is_none(), "{written}");
    }

    #[test]
    fn what_a_program_said_is_passed_on() {
        let failed = CallError::Failed { call: "claude mcp add".into(), said: "not today".into() };
        let trouble = ConnectTrouble::from(&ConnectError::Call(failed));
        assert_eq!(trouble.code, Code::CommandFailed);
        assert_eq!(
            (trouble.command.as_deref(), trouble.detail.as_deref()),
            (Some("claude mcp add"), Some("not today"))
        );
    }
}
