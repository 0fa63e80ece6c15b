//! How each app is connected, as data: where it keeps its servers, what an entry looks like, and which command or link
//! of its own does the same. What is known and how well is in clients.md 2 to 4.

mod table;

pub use self::table::APPS;
use super::document::Format;
use super::form::Form;
use super::system::System;

/// An app that can be connected.
#[derive(Debug)]
pub struct App {
    /// What it is called on the command line.
    pub id: &'static str,
    /// What people call it.
    pub name: &'static str,
    /// Its files; several where it can be installed in several ways.
    pub(super) files: &'static [File],
    pub(super) format: Format,
    /// The table of servers in the file.
    pub(super) container: &'static str,
    /// The entry with the bridge's address, where it speaks HTTP.
    pub(super) http: Option<Form>,
    /// The entry with the adapter's program.
    pub(super) stdio: Form,
    /// What its own program writes, where that is another entry with the same meaning.
    pub(super) also: Option<Form>,
    pub(super) prefers: Transport,
    pub(super) official: Option<&'static Official>,
    pub(super) link: Option<Link>,
    /// Whether it installs extensions, ours among them.
    pub(super) extension: bool,
    /// Programs on the PATH that nobody else is called like.
    pub(super) programs: &'static [&'static str],
    /// Its folders among the applications of macOS.
    pub(super) bundles: &'static [&'static str],
    /// Processes that rewrite the file from memory: it is not edited while one of them runs.
    pub(super) rewritten_by: &'static [&'static str],
    /// What to type for the sign-in, where it does not ask by itself.
    pub(super) sign_in: Option<&'static str>,
}

impl App {
    /// Whether it writes its file again and again while it runs.
    pub(super) fn is_live(&self) -> bool {
        !self.rewritten_by.is_empty()
    }
}

/// A file that holds an app's servers.
#[derive(Debug)]
pub(super) struct File {
    pub(super) on: &'static [System],
    pub(super) base: Base,
    pub(super) path: &'static str,
    /// The folder that is there once this was installed; without one only a file that exists is edited.
    pub(super) folder: Option<&'static str>,
}

/// Where a path begins.
#[derive(Debug)]
pub(super) enum Base {
    Home,
    /// The home, unless this variable names another folder.
    HomeWithout(&'static str),
    /// The folder or file that this variable names.
    Variable(&'static str),
    /// `XDG_CONFIG_HOME`, or `~/.config`.
    Config,
    /// Where the system wants the data of apps to be: Application Support, `XDG_CONFIG_HOME`, `%APPDATA%`.
    AppData,
    /// Each folder of Windows' packages that begins so (clients.md 5.2).
    Packages(&'static str),
    /// Each folder in this one of [`Base::AppData`].
    EachIn(&'static str),
}

/// How an app reaches the bridge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Transport {
    Http,
    Stdio,
}

/// A program of the app that adds servers.
#[derive(Debug)]
pub(super) struct Official {
    pub(super) program: &'static str,
    pub(super) add: &'static [Word],
    pub(super) remove: Option<&'static [Word]>,
    /// Not where it is a script of cmd.exe, which takes quotes apart.
    pub(super) on: &'static [System],
}

/// One argument.
#[derive(Clone, Copy, Debug)]
pub(super) enum Word {
    Is(&'static str),
    Name,
    Url,
    /// Name and entry in one object.
    Json,
}

/// An address that opens the app and has it ask whether to add the server.
#[derive(Clone, Copy, Debug)]
pub(super) enum Link {
    /// Name, and the entry in base64.
    Config(&'static str),
    /// Name and entry in one object.
    Json(&'static str),
    /// Each member by itself.
    Goose,
}

/// The app that a person means: by its id, its name without regard to case, blanks and hyphens, or the first word of
/// its id if that is only its own.
#[must_use]
pub fn find(named: &str) -> Option<&'static App> {
    let plain = |text: &str| -> String {
        text.chars().filter(|letter| !" -".contains(*letter)).flat_map(char::to_lowercase).collect()
    };
    let exactly = |app: &&App| [app.id, app.name].iter().any(|known| plain(known) == plain(named));
    let mut by_first_word =
        APPS.iter().filter(|app| app.id.split_once('-').is_some_and(|(first, _)| first == plain(named)));
    let only = by_first_word.next().filter(|_| by_first_word.next().is_none());
    APPS.iter().find(exactly).or(only)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;
    use crate::connect::entry::Entry;
    use crate::connect::form::Target;

    #[test]
    fn every_form_gives_an_entry_for_its_own_target_only() {
        let (url, program) =
            (Target::Url("http://127.0.0.1:5326/mcp"), Target::Program(Path::new("/opt/jean-bridge")));
        for app in APPS {
            assert!(Entry::new(app.stdio, program).is_some(), "{}", app.id);
            assert!(Entry::new(app.stdio, url).is_none(), "{}", app.id);
            if let Some(http) = app.http {
                assert!(Entry::new(http, url).is_some(), "{}", app.id);
                assert!(Entry::new(http, program).is_none(), "{}", app.id);
            }
        }
    }

    #[test]
    fn ids_and_names_are_nobody_elses() {
        let all: BTreeSet<_> =
            APPS.iter().flat_map(|app| [app.id, app.name]).map(str::to_lowercase).collect();
        let expected: usize = APPS.iter().map(|app| 1 + usize::from(app.name.to_lowercase() != app.id)).sum();
        assert_eq!(all.len(), expected);
    }

    #[test]
    fn every_app_has_a_file_on_every_system() {
        for app in APPS {
            for system in [System::Linux, System::MacOs, System::Windows] {
                assert!(app.files.iter().any(|file| file.on.contains(&system)), "{} on {system:?}", app.id);
            }
        }
    }

    #[test]
    fn an_app_is_found_however_it_is_written() {
        for (typed, id) in [
            ("claude-code", "claude-code"),
            ("Claude Code", "claude-code"),
            ("VS Code", "vs-code"),
            ("vscode", "vs-code"),
            ("LM Studio", "lm-studio"),
            ("OpenCode", "opencode"),
            ("Gemini", "gemini-cli"),
        ] {
            assert_eq!(find(typed).map(|app| app.id), Some(id), "{typed}");
        }
        for typed in ["", "claude", "vs", "../zed", "-"] {
            assert!(find(typed).is_none(), "{typed}");
        }
    }
}
