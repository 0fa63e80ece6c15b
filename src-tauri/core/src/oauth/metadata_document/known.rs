//! Copies of the documents of well-known clients, for when theirs cannot be fetched: a client that
//! chose its document does not fall back to registering (protocol.md 2.24, clients.md 8.1, 8.2).

use url::Url;

use super::document::{ClientDocument, Source};
use crate::ids::ClientId;

/// `client_id`, `client_name`, `redirect_uris`; each of them public, with refresh tokens.
type Entry = (&'static str, &'static str, &'static [&'static str]);

const KNOWN: [Entry; 8] = [
    (
        "https://claude.ai/oauth/claude-code-client-metadata",
        "Claude Code",
        &["http://localhost/callback", "http://127.0.0.1/callback"],
    ),
    (
        "https://vscode.dev/oauth/client-metadata.json",
        "Visual Studio Code",
        &["http://127.0.0.1:33418/", "https://vscode.dev/redirect"],
    ),
    (
        "https://insiders.vscode.dev/oauth/client-metadata.json",
        "Visual Studio Code - Insiders",
        &["http://127.0.0.1:33418/", "https://insiders.vscode.dev/redirect"],
    ),
    (
        "https://chatgpt.com/oauth/codex/client.json",
        CODEX_NAME,
        &["http://127.0.0.1/callback", "http://localhost/callback"],
    ),
    ("https://zed.dev/oauth/client-metadata.json", "Zed", &["http://127.0.0.1/callback"]),
    (
        "https://goose-docs.ai/oauth/client-metadata.json",
        "goose",
        &["http://127.0.0.1/oauth_callback", "http://[::1]/oauth_callback"],
    ),
    (
        "https://opencode.ai/oauth/opencode/client.json",
        "OpenCode",
        &["http://127.0.0.1/callback", "http://localhost/callback"],
    ),
    (
        "https://github.com/copilot/cli/client-metadata.json",
        "GitHub Copilot CLI",
        &["http://127.0.0.1:33418/"],
    ),
];

const CODEX_NAME: &str = "Codex";
/// Codex has a document for each server it talks to: between these stands an id made from the
/// server's URL, and the same id ends its redirect URIs.
const CODEX: (&str, &str) = ("https://chatgpt.com/oauth/codex/", "/client.json");
const CODEX_REDIRECTS: [&str; 2] = ["http://127.0.0.1/callback/", "http://localhost/callback/"];
/// base64url of nine bytes.
const CODEX_ID: usize = 12;

/// The copy of the document of this exact id.
pub(super) fn find(client_id: &str) -> Option<ClientDocument> {
    if let Some((_, name, uris)) = KNOWN.iter().find(|(id, ..)| *id == client_id) {
        return bundled(client_id, name, uris.iter().map(|uri| (*uri).to_owned()).collect());
    }
    let id = client_id.strip_prefix(CODEX.0)?.strip_suffix(CODEX.1)?;
    let is_id =
        id.len() == CODEX_ID && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    let uris = CODEX_REDIRECTS.iter().map(|start| format!("{start}{id}")).collect();
    if is_id { bundled(client_id, CODEX_NAME, uris) } else { None }
}

fn bundled(client_id: &str, name: &str, redirect_uris: Vec<String>) -> Option<ClientDocument> {
    Some(ClientDocument {
        client_id: ClientId::new(client_id),
        client_name: name.to_owned(),
        redirect_uris,
        host: Url::parse(client_id).ok()?.host_str()?.to_owned(),
        wants_refresh: true,
        source: Source::Bundled,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::url_rules;
    use super::*;

    #[test]
    fn every_copy_would_pass_as_a_fetched_document() {
        for (id, name, uris) in KNOWN {
            let url = url_rules::parse(id).unwrap();
            let body = json!({ "client_id": id, "client_name": name, "redirect_uris": uris }).to_string();
            let fetched = ClientDocument::parse(id, &url, body.as_bytes()).unwrap();
            assert_eq!(find(id), Some(ClientDocument { source: Source::Bundled, ..fetched }), "{id}");
        }
    }

    #[test]
    fn codex_is_known_by_the_pattern_of_its_id() {
        let codex = find("https://chatgpt.com/oauth/codex/4-bzS8rt42zJ/client.json").unwrap();
        assert_eq!(codex.client_name, "Codex");
        assert_eq!(
            codex.redirect_uris,
            ["http://127.0.0.1/callback/4-bzS8rt42zJ", "http://localhost/callback/4-bzS8rt42zJ"]
        );
        for id in ["", "short", "4-bzS8rt42z/", "4-bzS8rt42z.", "4-bzS8rt42zJ/x", "4-bzS8rt42zJJ"] {
            assert_eq!(find(&format!("https://chatgpt.com/oauth/codex/{id}/client.json")), None, "{id}");
        }
    }

    #[test]
    fn what_only_looks_like_a_known_id_is_unknown() {
        for id in [
            "https://claude.ai/oauth/claude-code-client-metadata/",
            "https://CLAUDE.ai/oauth/claude-code-client-metadata",
            "https://claude.ai:443/oauth/claude-code-client-metadata",
            "https://claude.ai.evil.example/oauth/claude-code-client-metadata",
            "https://chatgpt.com/oauth/4-bzS8rt42zJ/client.json",
        ] {
            assert_eq!(find(id), None, "{id}");
        }
    }
}
