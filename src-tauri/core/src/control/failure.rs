//! Each failure as a status, a code for programs and a sentence for people (look.md, "Words").

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::StatusCode;

use super::adapter_wire::Refused;
use super::wire::{ErrorBody, Failed};
use crate::adapter_clients::NotAdmitted;
use crate::bridge::{
    AddAccountError, AnswerError, NoWindow, RemoveAccountError, RenameAccountError, ReplaceKeyError,
    RevokeError, ToolsError,
};
use crate::consent::Front;
use crate::store::StoreError;

/// Any failure of the bridge on its way to a program or a window.
#[derive(Debug)]
pub struct Failure {
    status: StatusCode,
    code: &'static str,
    message: String,
}

impl Failure {
    fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into() }
    }

    pub(super) fn no_such_route() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "no_such_route",
            "The running bridge does not know this request. It may be of another version; restart it.",
        )
    }

    pub(super) fn no_such_method() -> Self {
        Self { status: StatusCode::METHOD_NOT_ALLOWED, ..Self::no_such_route() }
    }

    pub(super) fn too_large() -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", "The request is too large.")
    }

    pub(super) fn unknown_code() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "unknown_code",
            "No app is waiting with this code. It was answered already, or it asked too long ago.",
        )
    }

    /// For whoever named a code: there is none of that name any more.
    pub(super) fn of_code(error: AnswerError) -> Self {
        if matches!(error, AnswerError::UnknownQuestion) { Self::unknown_code() } else { error.into() }
    }

    /// A request that was under way for a client of the adapter when a person took its access back.
    pub(super) fn revoked(name: &str) -> Self {
        Self::not_served(
            Refused::Denied,
            format!(
                "Access was taken back from {name} while this was under way; whether it was carried out is unknown. \
                 Restart {name} to be asked again."
            ),
        )
    }

    fn not_served(refused: Refused, message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, refused.code(), message)
    }

    /// The parser's words may quote the body, and the body may hold a key.
    pub(super) fn not_understood() -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "not_understood",
            "The running bridge does not understand this request. It may be of another version; restart it.",
        )
    }
}

/// A failure as windows and terminals of this process show it: with the same code and words as on the socket.
#[must_use]
pub fn failed(error: impl Into<Failure>) -> Failed {
    let Failure { code, message, .. } = error.into();
    Failed { code: code.to_owned(), message }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let status = self.status;
        (status, Json(ErrorBody { error: failed(self) })).into_response()
    }
}

impl From<AnswerError> for Failure {
    fn from(error: AnswerError) -> Self {
        match error {
            AnswerError::UnknownQuestion => Self::new(
                StatusCode::NOT_FOUND,
                "unknown_question",
                "The app no longer waits for this answer. It was answered already, or it asked too long ago.",
            ),
            AnswerError::UnknownAccount => {
                Self::new(StatusCode::NOT_FOUND, "unknown_account", "There is no account with this id.")
            }
            AnswerError::NoAccount => Self::new(
                StatusCode::CONFLICT,
                "no_account",
                "There is no account yet. Give a key, or choose the sandbox.",
            ),
            AnswerError::ChooseAccount(count) => Self::new(
                StatusCode::CONFLICT,
                "choose_account",
                format!("There are {count} accounts. Say which one this app may use."),
            ),
            AnswerError::NoKeptKey => {
                Self::new(StatusCode::CONFLICT, "no_key", "There is no key yet. Paste it first.")
            }
            AnswerError::NothingAllowed => Self::new(
                StatusCode::CONFLICT,
                "nothing_allowed",
                "The app did not ask for this, so nothing would be allowed. Deny it instead.",
            ),
            AnswerError::Account(error) => error.into(),
            AnswerError::Store(error) => error.into(),
        }
    }
}

impl From<AddAccountError> for Failure {
    fn from(error: AddAccountError) -> Self {
        match error {
            AddAccountError::Rejected => Self::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "key_rejected",
                "Jean Memory does not accept this key. Copy it again from the Jean Memory settings, or make a new \
                 one.",
            ),
            AddAccountError::CouldNotCheck(_) => Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "key_not_checked",
                "Jean Memory could not be reached, so the key is not checked yet. Try again, or save it and check \
                 later.",
            ),
            AddAccountError::Sandbox => Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "sandbox_unavailable",
                "The sandbox could not be opened. Look into the log.",
            ),
            AddAccountError::Store(error) => error.into(),
        }
    }
}

/// These become the text of tool errors: a person reads them in the app that was refused.
impl From<NotAdmitted> for Failure {
    fn from(error: NotAdmitted) -> Self {
        match error {
            NotAdmitted::NotAllowed { name } => Self::not_served(
                Refused::NotAllowed,
                format!(
                    "{name} may not use your memories yet. Jean Memory Bridge asks you when {name} first uses one of \
                     its tools."
                ),
            ),
            NotAdmitted::Unanswered { name } => Self::not_served(
                Refused::NotAllowed,
                format!(
                    "Nobody has answered whether {name} may use your memories. Try again to be asked again."
                ),
            ),
            NotAdmitted::Asking { name, code, front } => {
                // No command: a model reads this, and may have a shell.
                let place = match front {
                    Front::Windows => "in the window",
                    Front::Terminal => "at the terminal",
                };
                Self::not_served(
                    Refused::Asking,
                    format!(
                        "{name} waits to be allowed to use your memories. Answer {place} of Jean Memory Bridge with \
                         the code {code}, then try again."
                    ),
                )
            }
            NotAdmitted::Denied { name } => Self::not_served(
                Refused::Denied,
                format!(
                    "{name} may not use your memories: this was refused, or taken back. Restart {name} to be asked again."
                ),
            ),
            NotAdmitted::Busy => Self::not_served(
                Refused::Busy,
                "Too many apps wait for an answer. Answer them in Jean Memory Bridge, then try again.",
            ),
            NotAdmitted::Ending => Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "ending",
                "Jean Memory Bridge is ending. Open it again, then try again.",
            ),
            NotAdmitted::Store(error) => error.into(),
        }
    }
}

impl From<RevokeError> for Failure {
    fn from(error: RevokeError) -> Self {
        match error {
            RevokeError::Unknown => {
                Self::new(StatusCode::NOT_FOUND, "unknown_client", "No connected app has this id or name.")
            }
            RevokeError::Ambiguous(count) => Self::new(
                StatusCode::CONFLICT,
                "ambiguous_client",
                format!("{count} connected apps have this name. Give the id of the one you mean."),
            ),
            RevokeError::Store(error) => error.into(),
        }
    }
}

impl From<ToolsError> for Failure {
    fn from(error: ToolsError) -> Self {
        match error {
            ToolsError::UnknownClient => RevokeError::Unknown.into(),
            ToolsError::UnknownTool => Self::new(
                StatusCode::NOT_FOUND,
                "unknown_tool",
                "Jean Memory has no tool of this name any more.",
            ),
            ToolsError::Unavailable(error) => Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "tools_unavailable",
                format!("Which tools there are is not known now: {error}. Try again later."),
            ),
            ToolsError::Store(error) => error.into(),
        }
    }
}

impl From<RemoveAccountError> for Failure {
    fn from(error: RemoveAccountError) -> Self {
        match error {
            RemoveAccountError::Unknown => {
                Self::new(StatusCode::NOT_FOUND, "unknown_account", "There is no account with this id.")
            }
            RemoveAccountError::Environment => Self::new(
                StatusCode::CONFLICT,
                "account_from_environment",
                "This account comes from JEAN_BRIDGE_API_KEY. Unset it and restart the bridge.",
            ),
            RemoveAccountError::Store(error) => error.into(),
        }
    }
}

impl From<ReplaceKeyError> for Failure {
    fn from(error: ReplaceKeyError) -> Self {
        match error {
            ReplaceKeyError::Unknown => RemoveAccountError::Unknown.into(),
            ReplaceKeyError::Environment => RemoveAccountError::Environment.into(),
            ReplaceKeyError::Sandbox => {
                Self::new(StatusCode::CONFLICT, "sandbox_needs_no_key", "The sandbox works without a key.")
            }
            ReplaceKeyError::OtherPerson => Self::new(
                StatusCode::CONFLICT,
                "other_person",
                "This key belongs to another person, so the connected apps would see other memories. Add it as a \
                 new account instead.",
            ),
            ReplaceKeyError::Key(error) => error.into(),
            ReplaceKeyError::Store(error) => error.into(),
        }
    }
}

impl From<RenameAccountError> for Failure {
    fn from(error: RenameAccountError) -> Self {
        match error {
            RenameAccountError::Unknown => RemoveAccountError::Unknown.into(),
            RenameAccountError::NotALabel => Self::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "not_a_name",
                "This cannot be the name of an account. A name is one line of 1 to 60 characters.",
            ),
            RenameAccountError::Store(error) => error.into(),
        }
    }
}

impl From<NoWindow> for Failure {
    fn from(_: NoWindow) -> Self {
        Self::new(
            StatusCode::CONFLICT,
            "no_window",
            "Jean Memory Bridge runs without windows. Use `jean-bridge` in a terminal, or end it and start the app.",
        )
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let message = match error {
            StoreError::Full => "The disk is full, so nothing was changed. Make room and try again.",
            StoreError::ReadOnly => {
                "The data directory cannot be written, so nothing was changed. Check its permissions."
            }
            StoreError::Damaged => "The database is damaged. Restart the bridge; it sets the file aside.",
            StoreError::Newer => "The database was made by a newer version. Update the bridge.",
            StoreError::Failed => "The database could not be used. Try again, or look into the log.",
        };
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "store_failed", message)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::mcp::MemoryError;
    use crate::upstream::UpstreamError;

    fn every_failure() -> Vec<Failure> {
        let stores = [
            StoreError::Full,
            StoreError::ReadOnly,
            StoreError::Damaged,
            StoreError::Newer,
            StoreError::Failed,
        ];
        let mut all = vec![
            AnswerError::UnknownQuestion.into(),
            Failure::unknown_code(),
            ReplaceKeyError::Sandbox.into(),
            ReplaceKeyError::OtherPerson.into(),
            RenameAccountError::NotALabel.into(),
            NoWindow.into(),
            AnswerError::UnknownAccount.into(),
            AnswerError::NoAccount.into(),
            AnswerError::ChooseAccount(2).into(),
            AnswerError::NoKeptKey.into(),
            AnswerError::NothingAllowed.into(),
            AnswerError::Account(AddAccountError::Rejected).into(),
            AddAccountError::CouldNotCheck(UpstreamError::TimedOut).into(),
            AddAccountError::Sandbox.into(),
            RevokeError::Unknown.into(),
            RevokeError::Ambiguous(3).into(),
            RemoveAccountError::Environment.into(),
            ToolsError::UnknownTool.into(),
            ToolsError::Unavailable(MemoryError::Paused).into(),
        ];
        all.extend(stores.map(Failure::from));
        all
    }

    #[test]
    fn every_failure_has_a_sentence_of_its_own() {
        let all = every_failure();
        let sentences: BTreeSet<_> = all.iter().map(|failure| failure.message.as_str()).collect();
        assert_eq!(sentences.len(), all.len());
        assert!(sentences.iter().all(|sentence| sentence.ends_with('.')), "{sentences:?}");
    }

    #[test]
    fn sentences_use_the_words_of_people() {
        // look.md, "Words": terms that a person never meets.
        for failure in every_failure() {
            let lower = failure.message.to_lowercase();
            for word in ["client", "scope", "grant", "redirect", "token", "pkce", "please", "oops", "!"] {
                assert!(!lower.contains(word), "{word}: {}", failure.message);
            }
        }
    }

    #[test]
    fn a_wrong_key_and_an_unchecked_key_are_different_things() {
        let (rejected, unchecked): (Failure, Failure) = (
            AddAccountError::Rejected.into(),
            AddAccountError::CouldNotCheck(UpstreamError::TimedOut).into(),
        );
        assert_eq!((rejected.code, unchecked.code), ("key_rejected", "key_not_checked"));
    }
}
