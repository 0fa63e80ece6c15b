//! What a line from the client is: a message, a batch of them, or nothing that needs an answer.

use rmcp::RoleServer;
use rmcp::model::RequestId;
use rmcp::service::RxJsonRpcMessage;
use serde::Deserialize;
use serde_json::Value;
use serde_json::error::Category;

/// Ignored at the start of JSON (RFC 8259 §8.1).
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

pub(super) type Incoming = RxJsonRpcMessage<RoleServer>;

/// A line that was understood, as far as it can be.
#[derive(Debug)]
pub(super) enum Heard {
    One(Box<Incoming>),
    Batch(Vec<Value>),
    /// JSON, but no message; with the id of the request that it was meant to be, so that whoever waits is told.
    Invalid(Option<RequestId>),
    /// Not JSON, or a notification that nobody knows: whoever sent it waits for no answer (protocol.md 8.9).
    Nothing,
}

impl Heard {
    pub(super) fn read(line: &[u8]) -> Self {
        let line = line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(line).trim_ascii();
        if line.first() == Some(&b'[') {
            return serde_json::from_slice(line).map_or(Self::Nothing, Self::Batch);
        }
        match serde_json::from_slice(line) {
            Ok(message) => Self::One(Box::new(message)),
            Err(error) => match error.classify() {
                Category::Syntax | Category::Eof => Self::Nothing,
                Category::Data | Category::Io => {
                    serde_json::from_slice(line).map_or(Self::Nothing, |value| Self::unfit(&value))
                }
            },
        }
    }

    /// An element of a batch.
    pub(super) fn element(value: &Value) -> Self {
        match Incoming::deserialize(value) {
            Ok(message) => Self::One(Box::new(message)),
            Err(_) => Self::unfit(value),
        }
    }

    /// JSON that is none of rmcp's messages.
    fn unfit(value: &Value) -> Self {
        let is_notification = value.get("id").is_none() && value.get("method").is_some_and(Value::is_string);
        if is_notification { Self::Nothing } else { Self::Invalid(id_of(value)) }
    }
}

/// Nothing for an answer of the client's own, which is not answered in turn.
fn id_of(value: &Value) -> Option<RequestId> {
    value.get("method")?;
    RequestId::deserialize(value.get("id")?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_json_needs_no_answer() {
        for line in [&b""[..], b" ", b"{", b"nonsense", b"\"\xff\"", b"{\"a\":1}x", b"[1", b"\xff\xfe"] {
            assert!(matches!(Heard::read(line), Heard::Nothing), "{line:?}");
        }
        assert!(matches!(Heard::read("[".repeat(100_000).as_bytes()), Heard::Nothing));
    }

    #[test]
    fn json_that_is_no_message_is_invalid() {
        for line in [
            "5",
            "null",
            "{}",
            r#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#,
            r#"{"id":1,"method":"ping"}"#,
        ] {
            assert!(matches!(Heard::read(line.as_bytes()), Heard::Invalid(_)), "{line}");
        }
    }

    #[test]
    fn a_request_that_cannot_be_read_keeps_its_id() {
        let id_of = |line: &str| match Heard::read(line.as_bytes()) {
            Heard::Invalid(id) => id,
            other @ (Heard::One(_) | Heard::Batch(_) | Heard::Nothing) => panic!("{other:?}"),
        };
        let bad = r#"{"jsonrpc":"2.0","id":7,"method":"tools/call","params":"no object"}"#;
        assert_eq!(id_of(bad), Some(RequestId::Number(7)));
        assert_eq!(id_of(&bad.replace('7', "\"x\"")), Some(RequestId::String("x".into())));
        for no_id in ["null", "1.5", "18446744073709551615", "{}"] {
            assert_eq!(id_of(&bad.replace('7', no_id)), None, "{no_id}");
        }
        assert_eq!(id_of(r#"{"jsonrpc":"2.0","id":7,"result":5,"error":5}"#), None);
    }

    #[test]
    fn a_notification_that_nobody_knows_is_passed_over() {
        let heard = Heard::read(br#"{"jsonrpc":"2.0","method":5}"#);
        assert!(matches!(heard, Heard::Invalid(None)));
        let heard = Heard::read(br#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":[1]}"#);
        assert!(matches!(heard, Heard::Nothing | Heard::One(_)));
    }

    #[test]
    fn messages_and_batches_are_told_apart() {
        let ping = r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#;
        assert!(matches!(Heard::read(ping.as_bytes()), Heard::One(_)));
        assert!(matches!(Heard::read(format!("\u{feff} {ping}").as_bytes()), Heard::One(_)));
        let Heard::Batch(elements) = Heard::read(format!(" [{ping},1]").as_bytes()) else {
            panic!("a batch")
        };
        assert_eq!(elements.len(), 2);
    }
}
