//! The tools: what is listed, what can be called, and with which arguments (upstream-api.md 9.1, 9.2).

use serde_json::{Map, Value};

use super::auth::Identity;
use super::faults::{Drift, Struck};
use super::fixtures;
use super::python::{self, Signature};
use super::world::{Account, World};
use super::{documents, memories};

/// Tools that run when called although nothing lists them (upstream-api.md 9.2).
pub const HIDDEN_TOOLS: [&str; 13] = [
    "search_memory",
    "get_memory_details",
    "get_document_status",
    "delete_all_memories",
    "sync_substack_posts",
    "test_connection",
    "debug_get_qdrant_payload",
    "setup_multi_agent_coordination",
    "analyze_task_conflicts",
    "create_task_distribution",
    "claim_file_lock",
    "sync_progress",
    "check_agent_status",
];

/// The hidden tool that a bridge may call all the same (upstream-api.md 9.2).
pub(super) const HIDDEN_BUT_HARMLESS: &str = "get_document_status";

const JEAN_MEMORY: &str = r#"{"name":"jean_memory","description":"Main conversational tool: returns personal context for a message and may store what it learns.","inputSchema":{"type":"object","required":["user_message","is_new_conversation"],"properties":{"user_message":{"type":"string","description":"The message exactly as the user wrote it."},"is_new_conversation":{"type":"boolean","description":"True on the first call of a chat, false on later calls."}}},"annotations":{"readOnly":false,"sensitive":true,"destructive":false,"intelligent":true}}"#;
/// For clients named `claude`, without a key (upstream-api.md 8.4).
const JEAN_MEMORY_WITH_DEPTH: &str = r#"{"name":"jean_memory","description":"Main conversational tool, with a choice of depth.","inputSchema":{"type":"object","required":["user_message","is_new_conversation"],"properties":{"user_message":{"type":"string","description":"The message exactly as the user wrote it."},"is_new_conversation":{"type":"boolean","description":"True on the first call of a chat, false on later calls."},"depth":{"type":"integer","minimum":0,"maximum":3,"description":"How much context to gather."}}},"annotations":{"readOnly":false,"sensitive":true,"destructive":false,"intelligent":true}}"#;
const ASK_MEMORY: &str = r#"{"name":"ask_memory","description":"Answers one question in prose from the stored memories.","inputSchema":{"type":"object","required":["question"],"properties":{"question":{"type":"string","description":"Question in plain language."}}},"annotations":{"readOnly":true,"sensitive":false,"destructive":false}}"#;
const ADD_MEMORIES: &str = r#"{"name":"add_memories","description":"Stores one piece of information, optionally with tags.","inputSchema":{"type":"object","required":["text"],"properties":{"text":{"type":"string","description":"What to remember."},"tags":{"type":"array","items":{"type":"string"},"description":"Labels to attach."}}},"annotations":{"readOnly":false,"sensitive":true,"destructive":false}}"#;
const STORE_DOCUMENT: &str = r#"{"name":"store_document","description":"Queues a long text for storage and indexing.","inputSchema":{"type":"object","required":["title","content"],"properties":{"title":{"type":"string","description":"Name of the document."},"content":{"type":"string","description":"Complete text, at least 10 characters."},"document_type":{"type":"string","default":"markdown","description":"Kind of text, such as markdown or code."},"source_url":{"type":"string","description":"Address the text came from."},"metadata":{"type":"object","description":"Free-form extra fields."}}},"annotations":{"readOnly":false,"sensitive":true,"destructive":false}}"#;
const SEARCH_MEMORY_V2: &str = r#"{"name":"search_memory_v2","description":"Finds stored memories close to a query.","inputSchema":{"type":"object","required":["query"],"properties":{"query":{"type":"string","description":"What to look for."},"limit":{"type":"integer","description":"Most results to return."},"tags_filter":{"type":"array","items":{"type":"string"},"description":"Tags the results should carry."}}},"annotations":{"readOnly":true,"sensitive":false,"destructive":false}}"#;
const LIST_MEMORIES: &str = r#"{"name":"list_memories","description":"Returns the most recent memories.","inputSchema":{"type":"object","properties":{"limit":{"type":"integer","description":"Most results to return."}}},"annotations":{"readOnly":true,"sensitive":true,"destructive":false}}"#;
const DEEP_MEMORY_QUERY: &str = r#"{"name":"deep_memory_query","description":"Slow analysis across all memories and documents.","inputSchema":{"type":"object","required":["search_query"],"properties":{"search_query":{"type":"string","description":"The question to analyse."}}},"annotations":{"readOnly":true,"sensitive":false,"destructive":false,"expensive":true}}"#;
const SETUP_COORDINATION: &str = r#"{"name":"setup_multi_agent_coordination","description":"Prepares several agents for one task.","inputSchema":{"type":"object","properties":{}},"annotations":{"readOnly":false,"sensitive":false,"destructive":false}}"#;

/// What `tools/list` shows to everyone with a key, as JSON texts: order is part of the contract.
const API_PROFILE: [&str; 7] = [
    JEAN_MEMORY,
    ASK_MEMORY,
    ADD_MEMORIES,
    STORE_DOCUMENT,
    SEARCH_MEMORY_V2,
    LIST_MEMORIES,
    DEEP_MEMORY_QUERY,
];

/// The functions that do something, with the arguments that are accepted but not listed.
static FUNCTIONS: [Signature; 9] = [
    Signature {
        name: "jean_memory",
        required: &["user_message", "is_new_conversation"],
        optional: &["needs_context", "speed", "format"],
    },
    Signature { name: "ask_memory", required: &["question"], optional: &[] },
    Signature { name: "add_memories", required: &["text"], optional: &["tags", "priority"] },
    Signature {
        name: "store_document",
        required: &["title", "content"],
        optional: &["document_type", "source_url", "metadata"],
    },
    Signature {
        name: "search_memory_v2",
        required: &["query"],
        optional: &["limit", "tags_filter", "deep_search"],
    },
    Signature { name: "list_memories", required: &[], optional: &["limit"] },
    Signature {
        name: "deep_memory_query",
        required: &["search_query"],
        optional: &["memory_limit", "chunk_limit", "include_full_docs"],
    },
    Signature { name: HIDDEN_BUT_HARMLESS, required: &["job_id"], optional: &[] },
    Signature { name: "delete_all_memories", required: &[], optional: &[] },
];

static DEPTH: Signature = Signature {
    name: "jean_memory",
    required: &["user_message", "is_new_conversation"],
    optional: &["needs_context", "speed", "format", "depth"],
};

/// What a call comes to when nothing is raised.
pub(super) enum Ran {
    /// One text item, whatever became of the call.
    Text(String),
    /// A complete result; only fixtures have one.
    Result(Value),
}

/// One call, ready to run.
pub(super) struct Call<'a> {
    pub(super) world: &'a World,
    pub(super) struck: &'a Struck,
    pub(super) identity: &'a Identity,
    pub(super) arguments: Map<String, Value>,
}

/// `{"tools":[…]}` (upstream-api.md 8.4).
pub(super) fn list(world: &World, struck: &Struck, identity: &Identity) -> String {
    let profile: &[&str] = match (identity.by_key, identity.client.as_str()) {
        (true, _) => &API_PROFILE,
        (false, "claude") => &[JEAN_MEMORY_WITH_DEPTH, STORE_DOCUMENT, SETUP_COORDINATION],
        (false, _) => &[JEAN_MEMORY, STORE_DOCUMENT],
    };
    // Fixtures come first: one conformance scenario calls the first tool without arguments.
    let mut tools = if world.fixtures { fixtures::listing() } else { Vec::new() };
    tools.extend(profile.iter().map(|tool| (*tool).to_owned()));
    for drift in struck.drifts() {
        apply(drift, &mut tools);
    }
    format!(r#"{{"tools":[{}]}}"#, tools.join(","))
}

fn apply(drift: &Drift, tools: &mut Vec<String>) {
    let parsed = |tool: &String| -> Value { serde_json::from_str(tool).expect("listings are JSON") };
    match drift {
        Drift::Added(tool) => tools.push(tool.to_string()),
        Drift::Removed(name) => tools.retain(|tool| parsed(tool)["name"] != *name),
        Drift::Changed(name, schema) => {
            for tool in tools.iter_mut().filter(|tool| parsed(tool)["name"] == *name) {
                let mut changed = parsed(tool);
                changed["inputSchema"] = schema.clone();
                *tool = changed.to_string();
            }
        }
    }
}

/// Runs a tool, listed or not; `Err` is the text of the exception.
pub(super) fn call(
    world: &World,
    struck: &Struck,
    identity: &Identity,
    name: &str,
    arguments: Value,
) -> Result<Ran, String> {
    if world.fixtures
        && let Some(result) = fixtures::call(name, &arguments)
    {
        return Ok(Ran::Result(result));
    }
    let added = struck.drifts().any(|drift| matches!(drift, Drift::Added(tool) if tool["name"] == *name));
    let removed = struck.drifts().any(|drift| matches!(drift, Drift::Removed(tool) if *tool == name));
    let signature = signature_of(name, identity);
    let exists = signature.is_some() || HIDDEN_TOOLS.contains(&name) || added;
    if !exists || removed {
        return Err(format!("Tool '{name}' not found"));
    }
    let arguments = match signature {
        Some(signature) => signature.bind(arguments)?,
        None => python::mapping(name, arguments)?,
    };
    let call = Call { world, struck, identity, arguments };
    let text = world.with_account(&identity.user_id, |account| {
        account.apps.entry(identity.client.clone()).or_insert(false);
        documents::settle(&call, account);
        run(&call, account, name)
    });
    text.map(Ran::Text)
}

/// Only of the functions that do something; the others take what they are given.
fn signature_of(name: &str, identity: &Identity) -> Option<&'static Signature> {
    if name == DEPTH.name && !identity.by_key && identity.client == "claude" {
        return Some(&DEPTH);
    }
    FUNCTIONS.iter().find(|function| function.name == name)
}

fn run(call: &Call, account: &mut Account, name: &str) -> Result<String, String> {
    Ok(match name {
        "jean_memory" => memories::jean(call, account),
        "ask_memory" => memories::ask(call, account, "question"),
        "add_memories" => memories::add(call, account),
        "store_document" => documents::store(call, account),
        "search_memory_v2" => memories::search(call, account)?,
        "list_memories" => memories::list(call, account)?,
        "deep_memory_query" => memories::deep(call, account, "search_query"),
        "get_document_status" => documents::status(call, account),
        "delete_all_memories" => memories::delete_all(account),
        other => format!("{other} ran."),
    })
}
