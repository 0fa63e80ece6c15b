//! What a client is called when a person is asked about it.

use crate::oauth::display_name;

/// What clients call themselves, and what people call them (clients.md 2.3).
const KNOWN: [(&str, &str); 5] = [
    ("claude-ai", "Claude Desktop"),
    ("claude-code", "Claude Code"),
    ("codex", "Codex"),
    ("cursor-vscode", "Cursor"),
    ("opencode", "OpenCode"),
];
/// Comes as `codex-mcp-client` and the like.
const CODEX: &str = "codex-";

/// The name for people of a client that calls itself `claimed`.
pub(super) fn for_people(claimed: &str) -> String {
    let known = KNOWN.iter().find(|(name, _)| *name == claimed).map(|(_, words)| *words);
    let known = known.or_else(|| claimed.starts_with(CODEX).then_some("Codex"));
    display_name(known.unwrap_or(claimed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_clients_have_the_name_that_people_know() {
        assert_eq!(for_people("claude-ai"), "Claude Desktop");
        assert_eq!(for_people("codex-mcp-client"), "Codex");
    }

    #[test]
    fn others_are_called_as_they_say_within_reason() {
        assert_eq!(for_people("  My\u{202e} App\n"), "My App");
        assert_eq!(for_people(""), "Unnamed app");
    }
}
