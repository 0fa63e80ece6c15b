//! What may be typed after the program's name. Asked first, so that scripts and packagers get an answer where there is no
//! display.

use std::ffi::OsString;

use crate::launch::BACKGROUND;

/// Wrong usage, as the command line calls it too.
pub(crate) const USAGE: u8 = 2;

const HELP: &str = "\
Lets AI apps on this computer use your Jean Memory: starts the tray app, or shows the window of the one that runs.

Usage: jean-memory-bridge [OPTIONS]

Options:
      --background  Come without a window, as at login
  -h, --help        Print help
  -V, --version     Print version

Without a desktop: jean-bridge serve. In a terminal: jean-bridge --help.
";

/// What somebody wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Wish {
    /// The app.
    Run,
    /// Only this text.
    Read(String),
    /// Something that does not exist.
    Unknown(String),
}

impl Wish {
    /// `arguments` without the program's name. The first that says something decides.
    pub(crate) fn of(arguments: impl IntoIterator<Item = OsString>) -> Self {
        for argument in arguments {
            match &*argument.to_string_lossy() {
                BACKGROUND => {}
                // Finder of older macOS.
                finder if cfg!(target_os = "macos") && finder.starts_with("-psn_") => {}
                "-V" | "--version" => {
                    return Self::Read(format!("jean-memory-bridge {}\n", env!("CARGO_PKG_VERSION")));
                }
                "-h" | "--help" => return Self::Read(HELP.into()),
                unknown => {
                    return Self::Unknown(format!(
                        "there is no argument {unknown:?}; jean-memory-bridge --help lists what there is"
                    ));
                }
            }
        }
        Self::Run
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wish(line: &str) -> Wish {
        Wish::of(line.split_whitespace().map(OsString::from))
    }

    #[test]
    fn it_runs_unless_something_else_is_wanted() {
        assert_eq!((wish(""), wish("--background")), (Wish::Run, Wish::Run));
        let version = Wish::Read(format!("jean-memory-bridge {}\n", env!("CARGO_PKG_VERSION")));
        assert_eq!((wish("-V"), wish("--background --version")), (version.clone(), version));
        assert!(
            matches!(wish("--help"), Wish::Read(help) if help.contains("--background") && help.lines().all(|line| line.len() <= 120))
        );
    }

    #[test]
    fn what_is_not_known_is_refused_in_words_that_a_terminal_shows_as_they_are() {
        for line in ["--port", "serve", "-v", "--background=yes"] {
            assert!(matches!(wish(line), Wish::Unknown(words) if words.contains(line)), "{line}");
        }
        let Wish::Unknown(words) = Wish::of(["\u{1b}[31mred".into()]) else { panic!("refused") };
        assert!(!words.contains('\u{1b}'), "{words:?}");
    }
}
