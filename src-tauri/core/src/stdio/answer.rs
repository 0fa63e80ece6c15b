//! What the bridge answers to one MCP request, out of everything that HTTP and JSON allow.

use rmcp::model::ErrorData;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::words;
use crate::control::adapter_wire::Refused;
use crate::control::{ClientError, Failed};

/// An answer that was understood.
#[derive(Debug, PartialEq)]
pub(super) enum Answer<R> {
    /// What was asked for.
    Result(R),
    /// MCP's refusal of this request.
    Error(ErrorData),
    /// The bridge's own refusal.
    Refused {
        /// Why, if it is one of the reasons there are for adapters.
        why: Option<Refused>,
        /// A sentence for people.
        message: String,
    },
}

/// Every answer in one, so that it is read once.
#[derive(Deserialize)]
struct Wire<R> {
    id: Option<Value>,
    result: Option<R>,
    error: Option<WireError>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum WireError {
    /// JSON-RPC's, with a number for a code.
    Rpc(ErrorData),
    /// The local socket's.
    Socket(Failed),
    /// OAuth's, from the MCP endpoint behind it.
    #[expect(dead_code, reason = "that it is a word says all there is")]
    Word(String),
}

impl<R: DeserializeOwned> Answer<R> {
    /// Reads a whole answer.
    pub(super) fn read(body: &[u8]) -> Result<Self, ClientError> {
        let wire: Wire<R> = serde_json::from_slice(body).map_err(|_| ClientError::Garbled)?;
        match wire {
            Wire { result: Some(result), error: None, .. } => Ok(Self::Result(result)),
            Wire { error: Some(error), id, .. } => Ok(Self::refused(error, id.is_some())),
            Wire { result: None, error: None, .. } => Err(ClientError::Garbled),
        }
    }

    fn refused(error: WireError, has_id: bool) -> Self {
        match error {
            WireError::Rpc(error) if has_id => Self::Error(error),
            // About the connection, not the request: too many open, too large.
            WireError::Rpc(error) => Self::Refused { why: None, message: sentence(&error.message) },
            WireError::Socket(Failed { code, message }) => {
                Self::Refused { why: Refused::of_code(&code), message }
            }
            // The grant ended between the door and the endpoint.
            WireError::Word(_) => Self::Refused { why: None, message: words::REVOKED.to_owned() },
        }
    }
}

fn sentence(words: &str) -> String {
    format!("Jean Memory Bridge refused the request: {words}.")
}

#[cfg(test)]
mod tests {
    use rmcp::model::ErrorCode;
    use serde_json::json;

    use super::*;

    fn read(body: &Value) -> Result<Answer<Value>, ClientError> {
        Answer::read(body.to_string().as_bytes())
    }

    #[test]
    fn a_result_is_a_result() {
        let answer = read(&json!({"jsonrpc": "2.0", "id": 1, "result": {"a": 1}})).unwrap();
        assert_eq!(answer, Answer::Result(json!({"a": 1})));
    }

    #[test]
    fn an_error_of_the_request_passes_and_one_of_the_connection_is_put_in_words() {
        let error = json!({"code": -32602, "message": "Unknown tool: x"});
        let Answer::Error(passed) = read(&json!({"id": 1, "error": error})).unwrap() else {
            panic!("an error")
        };
        assert_eq!((passed.code, &*passed.message), (ErrorCode::INVALID_PARAMS, "Unknown tool: x"));
        let error = json!({"code": -32600, "message": "The message is too large"});
        let Answer::Refused { why: None, message } = read(&json!({"error": error})).unwrap() else {
            panic!("a refusal")
        };
        assert!(message.contains("too large"), "{message}");
    }

    #[test]
    fn a_refusal_of_the_bridge_says_why() {
        let body = json!({"error": {"code": "denied", "message": "It was refused."}});
        let refused = Answer::Refused { why: Some(Refused::Denied), message: "It was refused.".to_owned() };
        assert_eq!(read(&body).unwrap(), refused);
        let body = json!({"error": {"code": "new_reason", "message": "So."}});
        assert_eq!(read(&body).unwrap(), Answer::Refused { why: None, message: "So.".to_owned() });
        let revoked = read(&json!({"error": "unauthorized"})).unwrap();
        assert_eq!(revoked, Answer::Refused { why: None, message: words::REVOKED.to_owned() });
    }

    #[test]
    fn anything_else_is_another_language() {
        for body in ["", "{}", "[]", "<html>", "{\"result\":null}", "{\"error\":5}"] {
            assert!(matches!(Answer::<Value>::read(body.as_bytes()), Err(ClientError::Garbled)), "{body}");
        }
    }
}
