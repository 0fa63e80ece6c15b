//! What is known of Jean Memory's tools beyond what their list says (upstream-api.md 9).

use serde_json::{Map, Value, json};

use crate::scope::Scope;

/// A tool of the api profile.
pub(super) struct Known {
    pub(super) name: &'static str,
    pub(super) writes: bool,
    /// The range that Jean Memory cuts `limit` to (upstream-api.md 10).
    pub(super) limit: Option<(i64, i64)>,
}

const TOOLS: [Known; 8] = [
    Known { name: "jean_memory", writes: true, limit: None },
    Known { name: "ask_memory", writes: false, limit: None },
    Known { name: "add_memories", writes: true, limit: None },
    Known { name: STORE_DOCUMENT, writes: true, limit: None },
    Known { name: "search_memory_v2", writes: false, limit: Some((1, 100)) },
    Known { name: "list_memories", writes: false, limit: Some((1, 200)) },
    Known { name: "deep_memory_query", writes: false, limit: None },
    Known { name: DOCUMENT_STATUS, writes: false, limit: None },
];

/// Hands out a job id.
pub(super) const STORE_DOCUMENT: &str = "store_document";
/// Takes the job id; Jean Memory answers it but does not list it.
pub(super) const DOCUMENT_STATUS: &str = "get_document_status";

/// Never offered, whatever Jean Memory lists and whatever a person switches on: one deletes
/// everything without asking, the other does not check whose data it shows (upstream-api.md 9.2).
const NEVER: [&str; 2] = ["delete_all_memories", "debug_get_qdrant_payload"];

pub(super) fn known(name: &str) -> Option<&'static Known> {
    TOOLS.iter().find(|tool| tool.name == name)
}

pub(super) fn is_never_offered(name: &str) -> bool {
    NEVER.contains(&name)
}

/// The scope that a tool of the api profile needs; `None` for any other.
#[must_use]
pub fn needed_scope(name: &str) -> Option<Scope> {
    // The status of a document goes with storing it: only who may store has a job id.
    known(name).map(|tool| scope(tool.writes || tool.name == DOCUMENT_STATUS))
}

pub(super) fn scope(writes: bool) -> Scope {
    if writes { Scope::Write } else { Scope::Read }
}

/// `get_document_status` as a list would show it, in our words.
pub(super) fn document_status() -> Map<String, Value> {
    let Value::Object(tool) = json!({
        "name": DOCUMENT_STATUS,
        "description": "Tells how far the storing of a document has come, by the job id that store_document returned.",
        "inputSchema": {
            "type": "object",
            "required": ["job_id"],
            "properties": {"job_id": {"type": "string", "description": "The job id from store_document."}},
        },
        "annotations": {"readOnly": true, "destructive": false},
    }) else {
        return Map::new();
    };
    tool
}
