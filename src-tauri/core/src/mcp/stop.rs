//! Requests that end before their answer.

use rmcp::model::ErrorData;

use super::service::Outcome;

/// Why a request was given up before it was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// The client cancelled or, in 2026-07-28, went away.
    Cancelled,
    /// The grant is no more.
    Revoked,
    /// The process ends.
    ShuttingDown,
}

impl Stop {
    /// What is answered where somebody may still listen.
    pub(super) fn into_error(self) -> ErrorData {
        ErrorData::internal_error(
            match self {
                Self::Cancelled => "The request was cancelled",
                Self::Revoked => {
                    "The app's access was revoked; whether the request was carried out is unknown"
                }
                Self::ShuttingDown => {
                    "Jean Memory Bridge is shutting down; whether the request was carried out is unknown"
                }
            },
            None,
        )
    }

    pub(super) fn outcome(self) -> Outcome {
        match self {
            Self::Cancelled => Outcome::Cancelled,
            Self::Revoked | Self::ShuttingDown => Outcome::Stopped,
        }
    }
}
