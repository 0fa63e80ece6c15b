//! Parameters of a query or form: a repeated one is an error (`resource` apart), an empty one is absent,
//! unknown ones are ignored (RFC 6749 §3.1, §3.2; protocol.md 3.1, 4.1).

use std::collections::HashMap;

/// More parameters than any client sends.
const MOST: usize = 64;
/// RFC 8707 §2.
const RESOURCE: &str = "resource";

/// Parameters by name.
#[derive(Debug, Default)]
pub struct Params {
    values: HashMap<String, String>,
    repeated: Vec<String>,
    /// Every `resource`: the one parameter that may come more than once (RFC 8707 §2).
    resources: Vec<String>,
    not_text: Vec<String>,
    too_many: bool,
}

impl Params {
    /// Reads `a=b&c=d` as form-encoded text.
    #[must_use]
    pub fn parse(encoded: &[u8]) -> Self {
        let mut params = Self::default();
        for (count, (name, value)) in form_urlencoded::parse(encoded).enumerate() {
            if count == MOST {
                params.too_many = true;
                break;
            }
            // Bytes that are not UTF-8 are read as this, so the value is not what was sent.
            if value.contains(char::REPLACEMENT_CHARACTER) {
                params.not_text.push(name.clone().into_owned());
            }
            if name == RESOURCE {
                params.resources.extend((!value.is_empty()).then(|| value.into_owned()));
            } else if params.values.contains_key(name.as_ref()) {
                params.repeated.push(name.into_owned());
            } else {
                params.values.insert(name.into_owned(), value.into_owned());
            }
        }
        params
    }

    /// The value of that name; empty is absent.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// Every `resource` that was named.
    #[must_use]
    pub fn resources(&self) -> &[String] {
        &self.resources
    }

    /// Whether that parameter can be given back as it was sent.
    #[must_use]
    pub fn is_text(&self, name: &str) -> bool {
        !self.not_text.iter().any(|not_text| not_text == name)
    }

    /// Whether that parameter came more than once.
    #[must_use]
    pub fn is_repeated(&self, name: &str) -> bool {
        self.repeated.iter().any(|repeated| repeated == name)
    }

    /// Whether any parameter came more than once, or there are too many.
    #[must_use]
    pub fn is_malformed(&self) -> bool {
        self.too_many || !self.repeated.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_is_absent_and_repetition_is_seen() {
        let params = Params::parse(b"a=1&b=&c=x%20y+z&a=2");
        assert_eq!((params.get("a"), params.get("b"), params.get("c")), (Some("1"), None, Some("x y z")));
        assert!(params.is_repeated("a") && !params.is_repeated("c") && params.is_malformed());
        assert!(!Params::parse(b"a=1").is_malformed());
    }

    #[test]
    fn a_resource_may_come_more_than_once() {
        // RFC 8707 §2
        let params = Params::parse(b"resource=a&resource=&resource=b");
        assert!(!params.is_malformed());
        assert_eq!(params.resources(), ["a", "b"]);
    }

    #[test]
    fn what_cannot_be_given_back_as_it_was_sent_is_seen() {
        let params = Params::parse(b"state=%ff&nonce=%e2%82%ac");
        assert!(!params.is_text("state") && params.is_text("nonce") && params.is_text("absent"));
    }

    #[test]
    fn a_flood_of_parameters_is_malformed() {
        let flood: Vec<_> = (0..1000).map(|n| format!("p{n}=1")).collect();
        assert!(Params::parse(flood.join("&").as_bytes()).is_malformed());
    }
}
