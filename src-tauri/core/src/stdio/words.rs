//! What a model and the person behind it read when a tool could not be called: what happened, and what to do.

use crate::control::ClientError;
use crate::mcp::needed_scope;
use crate::scope::Scope;

/// Nobody runs it.
pub(super) const NOT_RUNNING: &str = "Jean Memory Bridge is not running. Open it, then try again.";
/// It was started and does not listen yet.
pub(super) const STARTING: &str = "Jean Memory Bridge is starting. Try again in a moment.";
/// Asked with a token or a key that is no more; the grant ended just now.
pub(super) const REVOKED: &str =
    "What this app was allowed to do was taken back. Open Jean Memory Bridge to see what it may do.";

/// Why the bridge gave no answer to a call of `tool`.
pub(super) fn unanswered(error: &ClientError, tool: &str) -> String {
    match error {
        ClientError::NotRunning => NOT_RUNNING.to_owned(),
        ClientError::Foreign => {
            "Another user of this computer has taken the place of Jean Memory Bridge. Nothing was sent."
                .to_owned()
        }
        ClientError::Unusable(_) => {
            "Jean Memory Bridge cannot be reached, and nothing was sent. `jean-bridge doctor` says why."
                .to_owned()
        }
        ClientError::Refused { message, .. } => message.clone(),
        ClientError::TimedOut => {
            format!("Jean Memory Bridge does not answer. Restart it, then try again.{}", unknown_state(tool))
        }
        ClientError::Lost => format!(
            "Jean Memory Bridge ended before it answered. Open it if it is not running, then try again.{}",
            unknown_state(tool)
        ),
        ClientError::Garbled => format!(
            "Jean Memory Bridge gave an answer that this app's part of it does not understand. Restart both.{}",
            unknown_state(tool)
        ),
    }
}

/// protocol.md 7.27: what was sent may have been carried out.
fn unknown_state(tool: &str) -> &'static str {
    match needed_scope(tool) {
        Some(Scope::Read) => "",
        Some(Scope::Write) | None => {
            " Whether the request was carried out is unknown; look before repeating it."
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_may_write_is_called_unknown() {
        assert!(unanswered(&ClientError::Lost, "add_memories").contains("look before"));
        assert!(unanswered(&ClientError::Lost, "something_new").contains("look before"));
        assert!(!unanswered(&ClientError::Lost, "list_memories").contains("look before"));
        assert!(!unanswered(&ClientError::NotRunning, "add_memories").contains("look before"));
    }
}
