//! Which client ids may be the URL of a document (protocol.md 2.14). The text is judged as it came:
//! ids are compared as strings, and a parser that tidies up would hide what is forbidden.

use url::Url;

/// A longer id is no client's.
const MAX_LENGTH: usize = 1024;
const SCHEME: &str = "https://";

/// Whether a client id claims to be the URL of a document, well formed or not; the ids of registered
/// clients are letters and digits (protocol.md 2.8).
#[must_use]
pub fn is_document_id(client_id: &str) -> bool {
    client_id.contains("://")
}

/// The URL to fetch, if the id may be one.
pub(super) fn parse(client_id: &str) -> Option<Url> {
    if client_id.len() > MAX_LENGTH || !client_id.bytes().all(is_url_byte) {
        return None;
    }
    let rest = client_id.strip_prefix(SCHEME)?;
    let (authority, path) = rest.split_at(rest.find('/')?);
    let path = path.split('?').next().unwrap_or_default();
    // A path of one slash names a site, not a document.
    if path == "/" || authority.contains('@') || path.split('/').any(is_dot_segment) {
        return None;
    }
    let url = Url::parse(client_id).ok()?;
    // What the parser would still change in the path would not be what was judged.
    (url.path() == path && url.host().is_some()).then_some(url)
}

/// The characters of RFC 3986 §2 without `#`, which would start a fragment, and without `\`.
fn is_url_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~:/?[]@!$&'()*+,;=%".contains(&byte)
}

/// `.` and `..`, also percent-encoded.
fn is_dot_segment(segment: &str) -> bool {
    matches!(segment.to_ascii_lowercase().replace("%2e", ".").as_str(), "." | "..")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_of_documents_are_taken_as_they_are() {
        // protocol.md 2.14: query discouraged, port allowed
        for id in [
            "https://claude.ai/oauth/claude-code-client-metadata",
            "https://client.example:8443/a/b.json",
            "https://client.example/a?b=c",
            "https://CLIENT.example/a",
            "https://client.example/a/",
            "https://client.example/a/..b/.c/d..",
            "https://client.example/a%2Fb",
            "https://xn--bcher-kva.example/a",
        ] {
            assert!(parse(id).is_some(), "{id}");
        }
    }

    #[test]
    fn urls_that_could_be_read_in_two_ways_are_refused() {
        // protocol.md 2.14
        for id in [
            "",
            "jbcABC",
            "https://",
            "https:///a",
            "https://client.example",
            "https://client.example/",
            "https://client.example?a=/b",
            "https://client.example/?a=b",
            "http://client.example/a",
            "HTTPS://client.example/a",
            "https:client.example/a",
            "https:/client.example/a",
            " https://client.example/a",
            "https://client.example/a ",
            "https://client.example/a\n",
            "https://client.example/a\tb",
            "https://client.example/a#",
            "https://client.example/a#b",
            "https://user@client.example/a",
            "https://user:secret@client.example/a",
            "https://@client.example/a",
            "https://client.example/./a",
            "https://client.example/../a",
            "https://client.example/a/.",
            "https://client.example/a/..",
            "https://client.example/a/../b",
            "https://client.example/%2e/a",
            "https://client.example/%2E%2e/a",
            "https://client.example/.%2e/a",
            "https://client.example/a/%2e%2E",
            "https://client.example\\a",
            "https://client.example/a\\..\\b",
            "https://client.example/é",
            "https://bücher.example/a",
            "https://client.example:99999/a",
            "https://[::1/a",
        ] {
            assert!(parse(id).is_none(), "{id:?}");
        }
        assert!(parse(&format!("https://client.example/{}", "a".repeat(MAX_LENGTH))).is_none());
    }

    #[test]
    fn a_registered_id_is_never_taken_for_a_url() {
        assert!(!is_document_id(crate::ids::ClientId::random().as_str()));
        assert!(is_document_id("https://client.example/a"));
        assert!(is_document_id("http://client.example/a"), "so that it is refused, not looked up");
    }
}
