//! Every shape in which a tool of upstream reports failure inside a 200 (upstream-api.md 9.4).

use super::memories::complaint;

/// A message of the kind that must not reach a client.
pub const SQL: &str = "(psycopg2.errors.UndefinedColumn) column memories.vector_id does not exist\n\
    [SQL: SELECT memories.id FROM memories WHERE memories.user_id = %(user_id_1)s]\n\
    [parameters: {'user_id_1': '7d0c9a4e-internal'}]";

/// Much longer than any message has a right to be.
const VERY_LONG: usize = 100_000;

/// Tools and texts, for `Fault::LogicalError`: all of them are failures.
pub fn complaints() -> Vec<(&'static str, String)> {
    let mut all = Vec::new();
    for (tool, errors) in [
        ("list_memories", vec!["Memory listing timed out", "Failed to list memories: gone"]),
        ("search_memory_v2", vec!["Search timed out", "Enhanced search failed: gone"]),
        (
            "add_memories",
            vec![
                "Memory content cannot be empty",
                "App jean-memory-bridge is paused",
                "Memory limit reached. You have 1000/1000 memories.",
                "Memory addition timed out",
                "Memory client initialization failed: gone",
            ],
        ),
        ("ask_memory", vec!["Question processing timed out", "Failed to generate answer: gone"]),
    ] {
        all.extend(errors.into_iter().map(|error| (tool, complaint(tool, error))));
    }
    // `jean_memory` hands on what it delegated to.
    all.push(("jean_memory", complaint("ask_memory", "Question processing timed out")));
    for (tool, text) in [
        ("store_document", "❌ Error: Document content too short"),
        ("get_document_status", "❌ Job ID 'doc_0_00000000' not found. Please check the job ID."),
        ("deep_memory_query", "Error performing deep search: gone"),
        ("deep_memory_query", "Error: gone"),
        ("deep_memory_query", "Deep memory search timed out for query 'tea'. Try a simpler one."),
        ("jean_memory", "Error: gone"),
        ("jean_memory", "I had trouble processing your message: gone"),
        (
            "jean_memory",
            "I apologize, but I encountered an issue while retrieving your context. Please try again.",
        ),
    ] {
        all.push((tool, text.to_owned()));
    }
    let sql = format!("Failed to list memories: {SQL}");
    all.push(("list_memories", complaint("list_memories", &sql)));
    all.push(("deep_memory_query", format!("Error performing deep search: {SQL}")));
    let long = format!("Enhanced search failed: {}", "x".repeat(VERY_LONG));
    all.push(("search_memory_v2", complaint("search_memory_v2", &long)));
    all
}
