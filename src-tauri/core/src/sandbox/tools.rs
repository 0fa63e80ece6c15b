//! `tools/call`: from a name and arguments to the one text of the result.

use serde_json::Value;

use super::apps;
use super::arguments::{Arguments, Exception};
use super::caller::{Caller, refusal};
use super::catalogue::{self, Operation, Tool};
use super::memories::{LIST_LIMIT, SEARCH_LIMIT};
use super::person::PersonId;
use super::{SandboxError, Shared, answers, documents, jean, memories, python};
use crate::api_key::{ApiKey, KEY_PREFIX};

/// What refuses a text with a key in it: a key pasted by mistake is never kept (upstream-api.md 13).
const HOLDS_A_KEY: &str = "This looks like it contains a Jean Memory key. The sandbox does not store keys.";
const UNREADABLE: &str = "the sandbox could not use its file";

/// Who sent the message.
#[derive(Clone, Copy)]
pub(super) struct Sender<'a> {
    pub(super) person: PersonId,
    pub(super) app_name: &'a str,
}

/// Runs a tool. Logical failures are texts like any other (upstream-api.md 9.4).
pub(super) fn call(
    shared: &Shared,
    sender: Sender<'_>,
    name: &Value,
    arguments: &Value,
) -> Result<String, Exception> {
    let tool = name.as_str().and_then(catalogue::find);
    let tool = tool.ok_or_else(|| Exception(format!("Tool '{}' not found", python::text(name))))?;
    let arguments = Arguments::bind(tool, arguments)?;
    let app = shared.with(|connection| apps::find_or_make(connection, sender.person, sender.app_name));
    let caller = match app {
        Ok(app) => Caller { person: sender.person, app, app_name: sender.app_name, now: shared.now() },
        Err(error) => return Ok(failed(tool, &error)),
    };
    let outcome = match tool.operation {
        Operation::JeanMemory => jean_memory(shared, caller, arguments)?,
        Operation::AskMemory => {
            let question = arguments.text("question")?;
            shared.with(|connection| answers::ask(connection, caller, question))
        }
        Operation::AddMemories => add_memories(shared, caller, arguments)?,
        Operation::StoreDocument => store_document(shared, caller, arguments)?,
        Operation::SearchMemory => {
            let query = arguments.text("query")?;
            let limit = arguments.limit("limit", SEARCH_LIMIT.default, SEARCH_LIMIT.most)?;
            // Accepted and without effect, as in the service (upstream-api.md 9.5).
            arguments.labels("tags_filter")?;
            shared.with(|connection| memories::search(connection, caller, query, limit))
        }
        Operation::ListMemories => {
            let limit = arguments.limit("limit", LIST_LIMIT.default, LIST_LIMIT.most)?;
            shared.with(|connection| memories::list(connection, caller, limit))
        }
        Operation::DeepMemoryQuery => deep_memory_query(shared, caller, arguments)?,
        Operation::GetDocumentStatus => {
            let job = arguments.text("job_id")?;
            shared.with(|connection| documents::status(connection, caller, job))
        }
    };
    Ok(outcome.unwrap_or_else(|error| failed(tool, &error)))
}

type Outcome = Result<Result<String, SandboxError>, Exception>;

fn jean_memory(shared: &Shared, caller: Caller<'_>, arguments: Arguments<'_>) -> Outcome {
    if arguments.any_text(holds_a_key) {
        return Ok(Ok(format!("Error: {HOLDS_A_KEY}")));
    }
    let message = jean::Message {
        text: arguments.text("user_message")?,
        opens_conversation: arguments.flag("is_new_conversation", false),
        needs_context: arguments.flag("needs_context", true),
        speed: jean::Speed::parse(arguments.optional_text("speed")?),
    };
    Ok(shared.with(|connection| jean::answer(connection, caller, &message)))
}

fn add_memories(shared: &Shared, caller: Caller<'_>, arguments: Arguments<'_>) -> Outcome {
    if arguments.any_text(holds_a_key) {
        return Ok(Ok(refusal("add_memories", HOLDS_A_KEY)));
    }
    let text = arguments.text("text")?;
    let tags = arguments.labels("tags")?;
    let priority = arguments.flag("priority", false);
    Ok(shared.with(|connection| memories::add(connection, caller, text, &tags, priority)))
}

fn store_document(shared: &Shared, caller: Caller<'_>, arguments: Arguments<'_>) -> Outcome {
    if arguments.any_text(holds_a_key) {
        return Ok(Ok(format!("❌ Error: {HOLDS_A_KEY}")));
    }
    let document = documents::Document {
        title: arguments.text("title")?,
        content: arguments.text("content")?,
        kind: arguments.optional_text("document_type")?.unwrap_or("markdown"),
        source_url: arguments.optional_text("source_url")?.unwrap_or_default(),
        fields: arguments.fields("metadata")?,
    };
    Ok(shared.with(|connection| documents::store(connection, caller, document)))
}

fn deep_memory_query(shared: &Shared, caller: Caller<'_>, arguments: Arguments<'_>) -> Outcome {
    let query = arguments.text("search_query")?;
    let depth = answers::Depth {
        memories: arguments.limit("memory_limit", 200, 500)?,
        passages: arguments.limit("chunk_limit", 50, 100)?,
        whole_documents: arguments.flag("include_full_docs", false),
    };
    Ok(shared.with(|connection| answers::deep(connection, caller, query, depth)))
}

/// Whether something in `text` has the form of a key, whoever issued it.
pub(super) fn holds_a_key(text: &str) -> bool {
    // So many characters tell; reading on to the end of each would take the square of the time.
    const TELLING: usize = 64;
    let in_key = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    text.match_indices(KEY_PREFIX).any(|(start, _)| {
        let end = text.as_bytes()[start..].iter().take(TELLING).take_while(|byte| in_key(byte)).count();
        ApiKey::parse(&text[start..start + end]).is_ok()
    })
}

/// The number alone: SQLite's texts can quote what was searched for.
pub(super) fn report(error: &SandboxError, operation: &'static str) {
    let code = match error {
        SandboxError::Storage(cause) => cause.sqlite_error().map(|error| error.extended_code),
        SandboxError::Damaged
        | SandboxError::Foreign
        | SandboxError::TooNew
        | SandboxError::File(_)
        | SandboxError::Interrupted => None,
    };
    tracing::error!(operation, code, "{error}");
}

/// How each tool says that storage failed (upstream-api.md 9.4), without saying more.
fn failed(tool: &Tool, error: &SandboxError) -> String {
    report(error, tool.name);
    let refused = |what: &str| refusal(tool.name, &format!("{what}: {UNREADABLE}"));
    match tool.operation {
        Operation::ListMemories => refused("Failed to list memories"),
        Operation::SearchMemory => refused("Enhanced search failed"),
        Operation::AskMemory => refused("Failed to generate answer"),
        Operation::AddMemories => refused("Failed to add memory"),
        Operation::DeepMemoryQuery => format!("Error performing deep search: {UNREADABLE}"),
        Operation::JeanMemory => format!("I had trouble processing your message: {UNREADABLE}"),
        Operation::StoreDocument | Operation::GetDocumentStatus => format!("❌ Error: {UNREADABLE}"),
    }
}
