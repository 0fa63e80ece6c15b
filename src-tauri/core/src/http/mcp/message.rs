//! A JSON-RPC message read just far enough to decide about it: what it is, which method, which
//! tool. rmcp reads the rest; what it cannot read is refused here first, in JSON-RPC's words
//! (protocol.md 7.5).

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;
use serde_json::error::Category;

use super::refusal::Refusal;

/// Whole numbers up to here are exact in a float (2^53); rmcp draws the line there too.
const MAX_EXACT: f64 = 9_007_199_254_740_992.0;

/// What a message is about.
#[derive(Debug, PartialEq)]
pub(super) struct Head<'a> {
    /// `None` for a response.
    pub(super) method: Option<Cow<'a, str>>,
    /// `None` for a notification.
    pub(super) id: Option<Value>,
    /// `params.name`, if it is a string.
    pub(super) name: Option<Cow<'a, str>>,
    /// `params.protocolVersion`, if it is a string.
    pub(super) protocol_version: Option<Cow<'a, str>>,
}

/// What a body holds.
#[derive(Debug, PartialEq)]
pub(super) enum Content<'a> {
    One(Head<'a>),
    /// The elements of a batch, not yet looked at.
    Batch(Vec<Value>),
}

/// Why a body is no message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum NotAMessage {
    #[error("Not JSON")]
    NotJson,
    #[error("Not a JSON-RPC message")]
    NotJsonRpc,
}

impl From<NotAMessage> for Refusal {
    fn from(error: NotAMessage) -> Self {
        match error {
            NotAMessage::NotJson => Self::NotJson,
            NotAMessage::NotJsonRpc => Self::NotJsonRpc,
        }
    }
}

impl From<serde_json::Error> for NotAMessage {
    fn from(error: serde_json::Error) -> Self {
        match error.classify() {
            Category::Data => Self::NotJsonRpc,
            Category::Syntax | Category::Eof | Category::Io => Self::NotJson,
        }
    }
}

impl<'a> Content<'a> {
    pub(super) fn read(body: &'a [u8]) -> Result<Self, NotAMessage> {
        if body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[') {
            return Ok(Self::Batch(serde_json::from_slice(body)?));
        }
        Head::read(body).map(Self::One)
    }
}

impl<'a> Head<'a> {
    pub(super) fn read(body: &'a [u8]) -> Result<Self, NotAMessage> {
        let wire: Wire<'a> = serde_json::from_slice(body)?;
        if wire.jsonrpc.as_deref() != Some("2.0") || wire.id.as_ref().is_some_and(|id| !is_id(id)) {
            return Err(NotAMessage::NotJsonRpc);
        }
        match (wire.method.is_some(), wire.result.is_some(), wire.error.is_some()) {
            (true, false, false) | (false, true, false) | (false, false, true) => {}
            _ => return Err(NotAMessage::NotJsonRpc),
        }
        let params = wire.params.unwrap_or_default();
        Ok(Self {
            method: wire.method,
            id: wire.id,
            name: params.name,
            protocol_version: params.protocol_version,
        })
    }

    /// Whether it is this request.
    pub(super) fn is_request(&self, method: &str) -> bool {
        self.id.is_some() && self.method.as_deref() == Some(method)
    }
}

/// A string or a whole number (every revision; `null` is not allowed in MCP).
fn is_id(id: &Value) -> bool {
    match id {
        Value::String(_) => true,
        Value::Number(number) => {
            number.is_i64()
                || number
                    .as_f64()
                    .is_some_and(|float| number.is_f64() && float.fract() == 0.0 && float.abs() < MAX_EXACT)
        }
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => false,
    }
}

/// A member that comes twice is an error, as serde derives it.
#[derive(Deserialize)]
struct Wire<'a> {
    #[serde(borrow)]
    jsonrpc: Option<Cow<'a, str>>,
    #[serde(default, deserialize_with = "present")]
    id: Option<Value>,
    #[serde(borrow)]
    method: Option<Cow<'a, str>>,
    #[serde(borrow)]
    params: Option<Params<'a>>,
    #[serde(default, deserialize_with = "present")]
    result: Option<IgnoredAny>,
    #[serde(default, deserialize_with = "present")]
    error: Option<IgnoredAny>,
}

/// Tells `null` from nothing.
fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// The members of `params` that decide. Written by hand because a derived one would also read
/// an array, which MCP does not have.
#[derive(Default)]
struct Params<'a> {
    name: Option<Cow<'a, str>>,
    protocol_version: Option<Cow<'a, str>>,
}

impl<'de: 'a, 'a> Deserialize<'de> for Params<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Params<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut params = Params::default();
                let (mut names, mut versions) = (0, 0);
                while let Some(Text(member)) = map.next_key()? {
                    match member.as_deref() {
                        Some("name") => {
                            names += 1;
                            params.name = map.next_value::<Text<'de>>()?.0;
                        }
                        Some("protocolVersion") => {
                            versions += 1;
                            params.protocol_version = map.next_value::<Text<'de>>()?.0;
                        }
                        _ => {
                            map.next_value::<IgnoredAny>()?;
                        }
                    }
                }
                if names > 1 || versions > 1 {
                    Err(A::Error::custom("a member came twice"))
                } else {
                    Ok(params)
                }
            }
        }
        deserializer.deserialize_map(Members)
    }
}

/// A string; anything else is read over.
struct Text<'a>(Option<Cow<'a, str>>);

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Text<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("anything")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Text(Some(Cow::Borrowed(text))))
            }

            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Text(Some(Cow::Owned(text.to_owned()))))
            }

            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(Text(None))
            }

            fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
                Ok(Text(None))
            }

            fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
                Ok(Text(None))
            }

            fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
                Ok(Text(None))
            }

            fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
                Ok(Text(None))
            }

            fn visit_seq<A: serde::de::SeqAccess<'de>>(self, seq: A) -> Result<Self::Value, A::Error> {
                IgnoredAny.visit_seq(seq).map(|_| Text(None))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                IgnoredAny.visit_map(map).map(|_| Text(None))
            }
        }
        deserializer.deserialize_any(Any)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_call_is_read_as_far_as_its_tool() {
        let body = br#" {"jsonrpc":"2.0","id":"a\n","method":"tools/call","params":{"arguments":{"name":"no"},"name":"list_memories"}}"#;
        let Content::One(head) = Content::read(body).unwrap() else { panic!("one message") };
        assert!(head.is_request("tools/call"));
        assert_eq!(head.name.as_deref(), Some("list_memories"));
        assert_eq!(head.id, Some(json!("a\n")));
    }

    #[test]
    fn escapes_do_not_hide_a_tool() {
        let head = Head::read(
            br#"{"jsonrpc":"2.0","id":0,"method":"tools\/call","params":{"n\u0061me":"add\u005fmemories"}}"#,
        );
        let head = head.unwrap();
        assert!(head.is_request("tools/call"));
        assert_eq!(head.name.as_deref(), Some("add_memories"));
    }

    #[test]
    fn ids_are_strings_and_whole_numbers() {
        // protocol.md 7.5, 7.31
        for id in ["0", "-1", "\"\"", "1.0", "1e2", "9223372036854775807"] {
            assert!(Head::read(request(id).as_bytes()).is_ok(), "{id}");
        }
        for id in ["null", "true", "[]", "{}", "1.5", "9223372036854775808", "1e300"] {
            assert_eq!(Head::read(request(id).as_bytes()), Err(NotAMessage::NotJsonRpc), "{id}");
        }
    }

    #[test]
    fn what_is_not_json_is_a_parse_error() {
        // protocol.md 7.5
        for body in ["", " ", "{", "{\"jsonrpc\":", "nonsense", "{\"a\":1}x", "[1", "\u{feff}{}"] {
            assert_eq!(Content::read(body.as_bytes()), Err(NotAMessage::NotJson), "{body}");
        }
        assert_eq!(Content::read(b"\"\xff\""), Err(NotAMessage::NotJson));
    }

    #[test]
    fn json_that_is_no_message_is_an_invalid_request() {
        // protocol.md 7.5
        for body in [
            "5",
            "\"text\"",
            "null",
            "{}",
            r#"{"id":1,"method":"ping"}"#,
            r#"{"jsonrpc":"1.0","id":1,"method":"ping"}"#,
            r#"{"jsonrpc":2.0,"id":1,"method":"ping"}"#,
            r#"{"jsonrpc":"2.0","id":1}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":5}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":"ping","result":{}}"#,
            r#"{"jsonrpc":"2.0","id":1,"result":{},"error":{}}"#,
            r#"{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":"ping","method":"tools/call"}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":["x"]}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","name":"b"}}"#,
        ] {
            assert_eq!(Content::read(body.as_bytes()), Err(NotAMessage::NotJsonRpc), "{body}");
        }
    }

    #[test]
    fn an_array_is_a_batch() {
        assert_eq!(Content::read(b" [1,{}]"), Ok(Content::Batch(vec![json!(1), json!({})])));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Content::read(&bytes);
        }

        #[test]
        fn what_serde_reads_is_what_the_head_says(method in "[a-z/]{1,12}", name in ".{0,12}", id in any::<i64>()) {
            let body = json!({"jsonrpc": "2.0", "id": id, "method": method, "params": {"name": name}}).to_string();
            let head = Head::read(body.as_bytes()).unwrap();
            prop_assert_eq!(head.method.as_deref(), Some(&*method));
            prop_assert_eq!(head.name.as_deref(), Some(&*name));
            prop_assert_eq!(head.id, Some(json!(id)));
        }
    }

    fn request(id: &str) -> String {
        format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"ping"}}"#)
    }
}
