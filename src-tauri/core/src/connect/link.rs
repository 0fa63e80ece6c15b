//! Addresses that open an app and have it ask the person whether to add the server.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use form_urlencoded::{Serializer, byte_serialize};

use super::apps::{App, Link};
use super::entry::{ENTRY_NAME, Entry};
use super::form::Target;
use super::official::named_json;

/// Seconds; what Goose gives extensions of its own.
const GOOSE_TIMEOUT: &str = "300";

/// The app's link for this address of the bridge, if it has one.
pub(super) fn address(app: &App, url: &str) -> Option<String> {
    let pairs = |pairs: &[(&str, &str)]| Serializer::new(String::new()).extend_pairs(pairs).finish();
    Some(match app.link? {
        Link::Config(start) => {
            let entry = Entry::new(app.http?, Target::Url(url))?;
            let config = STANDARD.encode(entry.compact());
            format!("{start}?{}", pairs(&[("name", ENTRY_NAME), ("config", &config)]))
        }
        Link::Json(start) => {
            format!("{start}?{}", byte_serialize(named_json(url).as_bytes()).collect::<String>())
        }
        Link::Goose => {
            // Goose enters it under the name, and a description would make it another entry than ours.
            let members = [
                ("name", ENTRY_NAME),
                ("url", url),
                ("type", "streamable_http"),
                ("id", ENTRY_NAME),
                ("timeout", GOOSE_TIMEOUT),
            ];
            format!("goose://extension?{}", pairs(&members))
        }
    })
}

#[cfg(test)]
mod tests {
    use super::super::apps::find;
    use super::*;

    const URL: &str = "http://127.0.0.1:5326/mcp";

    fn link(app: &str) -> String {
        address(find(app).expect("an app"), URL).expect("a link")
    }

    #[test]
    fn cursor_and_lm_studio_get_the_inner_entry_in_base64() {
        let config = "eyJ1cmwiOiJodHRwOi8vMTI3LjAuMC4xOjUzMjYvbWNwIn0%3D";
        assert_eq!(
            link("cursor"),
            format!("cursor://anysphere.cursor-deeplink/mcp/install?name=jean-memory&config={config}")
        );
        assert_eq!(link("lm-studio"), format!("lmstudio://add_mcp?name=jean-memory&config={config}"));
    }

    #[test]
    fn vs_code_gets_json() {
        let json = "%7B%22name%22%3A%22jean-memory%22%2C%22type%22%3A%22http%22%2C%22url%22%3A%22http%3A%2F%2F127.0.0.1%3A5326%2Fmcp%22%7D";
        assert_eq!(link("vs-code"), format!("vscode:mcp/install?{json}"));
    }

    #[test]
    fn goose_gets_each_member_by_itself() {
        assert_eq!(
            link("goose"),
            "goose://extension?name=jean-memory&url=http%3A%2F%2F127.0.0.1%3A5326%2Fmcp&type=streamable_http\
             &id=jean-memory&timeout=300"
        );
    }

    #[test]
    fn an_app_without_a_link_has_none() {
        assert!(address(find("zed").expect("an app"), URL).is_none());
    }
}
