//! How a command fails: an exit status for scripts, one line for people.

use std::fmt::Display;
use std::io::Write;
use std::process::ExitCode;

use bridge_core::api_key::NotAKey;
use bridge_core::control::ClientError;

use crate::words;

const FAILED: u8 = 1;
pub(crate) const USAGE: u8 = 2;
const NOT_RUNNING: u8 = 3;
/// 128 and the number of SIGINT, as shells have it.
const INTERRUPTED: u8 = 130;

/// Why a command did not succeed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// It failed; the text says what happened and what to do.
    Failed(String),
    /// It was called in a way that cannot work here; the text says which way does.
    Usage(String),
    /// There is no bridge to speak to.
    NotRunning,
    /// The person pressed Ctrl-C.
    Interrupted,
    /// It failed, and what it printed says why.
    Told,
    /// Who read our output has read enough: no failure.
    EnoughRead,
}

impl Failure {
    /// From an error whose text begins in lower case and has no full stop.
    pub(crate) fn sentence(error: impl Display) -> Self {
        Self::Failed(words::sentence(error))
    }

    /// Says it on stderr.
    pub(crate) fn report(&self) -> ExitCode {
        let (code, text) = match self {
            Self::Failed(text) => (FAILED, text.as_str()),
            Self::Usage(text) => (USAGE, text.as_str()),
            Self::NotRunning => {
                (NOT_RUNNING, "Jean Memory Bridge is not running. Start the app, or: jean-bridge serve")
            }
            Self::Told => return ExitCode::from(FAILED),
            Self::Interrupted => return ExitCode::from(INTERRUPTED),
            Self::EnoughRead => return ExitCode::SUCCESS,
        };
        // `eprintln!` would panic when nobody reads.
        let _ = writeln!(std::io::stderr(), "{text}");
        ExitCode::from(code)
    }
}

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        match error {
            ClientError::NotRunning => Self::NotRunning,
            ClientError::Refused { code, message } => match cure(&code) {
                Some(cure) => Self::Failed(format!("{message} {cure}")),
                None => Self::Failed(message),
            },
            ClientError::TimedOut => Self::Failed(
                "The bridge runs, but does not answer. Look into the log with `jean-bridge logs`, or restart it."
                    .into(),
            ),
            ClientError::Garbled => Self::Failed(
                "The running bridge is of another version than this program. Restart the bridge.".into(),
            ),
            ClientError::Foreign | ClientError::Lost | ClientError::Unusable(_) => Self::sentence(error),
        }
    }
}

impl From<NotAKey> for Failure {
    fn from(_: NotAKey) -> Self {
        Self::Failed(
            "This does not look like a Jean Memory key. Copy it whole; it starts with jean_sk_.".into(),
        )
    }
}

/// What the command line can add to what the bridge says.
fn cure(code: &str) -> Option<&'static str> {
    Some(match code {
        "unknown_code" => "`jean-bridge requests` lists those that wait.",
        "unknown_account" => "`jean-bridge accounts` lists them.",
        "no_account" => "Use --key-stdin or --sandbox.",
        "choose_account" => "Use --account ID; `jean-bridge accounts` lists them.",
        "ambiguous_client" => "`jean-bridge clients` lists the ids.",
        "unknown_client" => "`jean-bridge clients` lists them.",
        "key_not_checked" => "To save it now, add --save-unchecked.",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(failure: impl Into<Failure>) -> String {
        let failure = failure.into();
        let Failure::Failed(text) = failure else { panic!("{failure:?}") };
        text
    }

    #[test]
    fn a_refusal_comes_with_what_to_type() {
        let refused =
            ClientError::Refused { code: "no_account".into(), message: "There is no account.".into() };
        assert_eq!(text(refused), "There is no account. Use --key-stdin or --sandbox.");
        let unknown = ClientError::Refused { code: "new_in_2030".into(), message: "So it is.".into() };
        assert_eq!(text(unknown), "So it is.");
    }

    #[test]
    fn errors_become_sentences() {
        assert_eq!(text(ClientError::Lost), "Jean Memory Bridge ended before it answered.");
    }

    #[test]
    fn without_a_bridge_scripts_get_a_status_of_their_own() {
        assert!(matches!(Failure::from(ClientError::NotRunning), Failure::NotRunning));
    }
}
