//! Failures in words for the person behind the client: one match, short, our own, never the
//! body of an answer (protocol.md 7.28).

use super::MemoryError;

/// The way without a window.
const ADD_KEY: &str = "or in a terminal: `jean-bridge accounts add --key-stdin`";

/// What the client is told. Nothing here claims that a write was undone: once bytes have left,
/// nobody knows.
pub(super) fn words(error: &MemoryError) -> String {
    match error {
        MemoryError::NoKey => {
            format!("No Jean Memory key is set up for this app. Open Jean Memory Bridge and add your key, {ADD_KEY}.")
        }
        MemoryError::Keychain => {
            "The keychain of this computer did not hand over the Jean Memory key. Unlock it; `jean-bridge status` says why."
                .to_owned()
        }
        MemoryError::Store => {
            "Jean Memory Bridge cannot read its own data now. Nothing was sent; `jean-bridge status` says why.".to_owned()
        }
        MemoryError::Paused => {
            "Jean Memory Bridge is paused, so nothing was sent. Resume it in its menu, or with `jean-bridge resume`."
                .to_owned()
        }
        MemoryError::NoAnswer => "Jean Memory did not answer in time. Nothing was changed; try again.".to_owned(),
        MemoryError::TooLarge => "The request is too large for Jean Memory. Nothing was sent; make it shorter.".to_owned(),
        MemoryError::UnknownAccount => {
            "The account this app was connected to was removed. Sign in again from the app.".to_owned()
        }
        MemoryError::KeyRejected => {
            format!("Jean Memory rejected the key. Open Jean Memory Bridge and enter a new one, {ADD_KEY}.")
        }
        MemoryError::Unreachable => {
            "Jean Memory cannot be reached. Nothing was sent; check the connection and try again.".to_owned()
        }
        MemoryError::StateUnknown => {
            "The connection to Jean Memory was lost after the request was sent. Whether it was carried out is unknown; \
             look before repeating it."
                .to_owned()
        }
        MemoryError::TimedOut => {
            "Jean Memory did not answer in time. Whether the request was carried out is unknown; look before repeating it."
                .to_owned()
        }
        MemoryError::Busy { retry_after: Some(wait) } => {
            format!("Jean Memory is busy. Try again in {} seconds.", wait.as_secs().max(1))
        }
        MemoryError::Busy { retry_after: None } => "Jean Memory is busy. Try again in a moment.".to_owned(),
        MemoryError::Unexpected => "Jean Memory gave an unexpected answer.".to_owned(),
        MemoryError::Refused { message } if message.is_empty() => "Jean Memory reported an error.".to_owned(),
        MemoryError::Refused { message } => format!("Jean Memory reported an error: {message}"),
    }
}
