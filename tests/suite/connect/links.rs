//! What apps make of the links that add a server, as their documentation and Goose's source have it (clients.md 4).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use url::Url;

/// What an app enters.
pub(super) struct Link {
    pub(super) name: String,
    pub(super) entry: Value,
}

pub(super) fn read(link: &str) -> Link {
    let url = Url::parse(link).expect("a link");
    let of = |wanted: &str| {
        url.query_pairs().find(|(name, _)| name == wanted).map(|(_, value)| value.into_owned())
    };
    let asked = |wanted: &str| of(wanted).unwrap_or_else(|| panic!("no {wanted} in {link}"));
    match url.scheme() {
        "cursor" | "lmstudio" => {
            let config = STANDARD.decode(asked("config")).expect("base64");
            Link { name: asked("name"), entry: serde_json::from_slice(&config).expect("JSON") }
        }
        "vscode" | "vscode-insiders" => {
            let query = form_urlencoded::parse(url.query().expect("a query").as_bytes());
            let object = query.map(|(text, _)| text.into_owned()).collect::<String>();
            let mut entry: Value = serde_json::from_str(&object).expect("JSON");
            let name = entry.as_object_mut().and_then(|entry| entry.remove("name")).expect("a name");
            Link { name: name.as_str().expect("text").to_owned(), entry }
        }
        "goose" => Link {
            // Its key is the name in small letters without blanks.
            name: asked("name").split_whitespace().collect::<String>().to_lowercase(),
            entry: json!({
                "enabled": true,
                "type": asked("type"),
                "name": asked("name"),
                "description": of("description").unwrap_or_default(),
                "uri": asked("url"),
                "envs": {},
                "env_keys": [],
                "headers": {},
                "timeout": asked("timeout").parse::<u32>().expect("a number"),
                "bundled": null,
                "available_tools": []
            }),
        },
        other => panic!("nobody reads {other}: links"),
    }
}
