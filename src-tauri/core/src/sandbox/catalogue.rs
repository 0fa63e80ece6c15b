//! The tools as data: what is listed, what may be called, and with which arguments (upstream-api.md 9.1, 9.2).
//!
//! Names, types, order and `required` are the service's; the descriptions are ours. They say nothing of where memories are
//! kept, because they also describe the service's tools to whoever asks before it can be reached.

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Map, Value};

/// What a tool does.
#[derive(Clone, Copy)]
pub(super) enum Operation {
    JeanMemory,
    AskMemory,
    AddMemories,
    StoreDocument,
    SearchMemory,
    ListMemories,
    DeepMemoryQuery,
    GetDocumentStatus,
}

/// One tool.
pub(super) struct Tool {
    pub(super) operation: Operation,
    pub(super) name: &'static str,
    about: &'static str,
    pub(super) parameters: &'static [Parameter],
    /// Accepted but not listed.
    pub(super) hidden: &'static [&'static str],
    /// Home-made annotations, in the service's words and order; none for a tool that is not listed.
    annotations: &'static [(&'static str, bool)],
}

/// One listed argument.
pub(super) struct Parameter {
    pub(super) name: &'static str,
    kind: Kind,
    pub(super) required: bool,
    about: &'static str,
}

#[derive(Clone, Copy)]
enum Kind {
    Text,
    TextOr(&'static str),
    Flag,
    Whole,
    Labels,
    Fields,
}

const fn required(name: &'static str, kind: Kind, about: &'static str) -> Parameter {
    Parameter { name, kind, required: true, about }
}

const fn optional(name: &'static str, kind: Kind, about: &'static str) -> Parameter {
    Parameter { name, kind, required: false, about }
}

const LIMIT: Parameter = optional("limit", Kind::Whole, "Most results to return.");

/// What `tools/list` shows, in its order.
pub(super) static LISTED: [Tool; 7] = [
    Tool {
        operation: Operation::JeanMemory,
        name: "jean_memory",
        about: "Gives what is remembered that fits a message of the user, and remembers what the user says \
                about themselves.",
        parameters: &[
            required("user_message", Kind::Text, "The message exactly as the user wrote it."),
            required(
                "is_new_conversation",
                Kind::Flag,
                "True on the first call of a chat, false on later calls.",
            ),
        ],
        hidden: &["needs_context", "speed", "format"],
        annotations: &[
            ("readOnly", false),
            ("sensitive", true),
            ("destructive", false),
            ("intelligent", true),
        ],
    },
    Tool {
        operation: Operation::AskMemory,
        name: "ask_memory",
        about: "Answers a question by quoting the stored memories that fit it.",
        parameters: &[required("question", Kind::Text, "Question in plain language.")],
        hidden: &[],
        annotations: &[("readOnly", true), ("sensitive", false), ("destructive", false)],
    },
    Tool {
        operation: Operation::AddMemories,
        name: "add_memories",
        about: "Stores one piece of information, optionally with tags.",
        parameters: &[
            required("text", Kind::Text, "What to remember."),
            optional("tags", Kind::Labels, "Labels to attach."),
        ],
        hidden: &["priority"],
        annotations: &[("readOnly", false), ("sensitive", true), ("destructive", false)],
    },
    Tool {
        operation: Operation::StoreDocument,
        name: "store_document",
        about: "Queues a long text to be stored and made searchable.",
        parameters: &[
            required("title", Kind::Text, "Name of the document."),
            required("content", Kind::Text, "Complete text, at least 10 characters."),
            optional("document_type", Kind::TextOr("markdown"), "Kind of text, such as markdown or code."),
            optional("source_url", Kind::Text, "Address the text came from."),
            optional("metadata", Kind::Fields, "Free-form extra fields."),
        ],
        hidden: &[],
        annotations: &[("readOnly", false), ("sensitive", true), ("destructive", false)],
    },
    Tool {
        operation: Operation::SearchMemory,
        name: "search_memory_v2",
        about: "Finds stored memories that share words with a query.",
        parameters: &[
            required("query", Kind::Text, "What to look for."),
            LIMIT,
            optional("tags_filter", Kind::Labels, "Tags the results should carry."),
        ],
        hidden: &["deep_search"],
        annotations: &[("readOnly", true), ("sensitive", false), ("destructive", false)],
    },
    Tool {
        operation: Operation::ListMemories,
        name: "list_memories",
        about: "Returns the most recent memories.",
        parameters: &[LIMIT],
        hidden: &[],
        annotations: &[("readOnly", true), ("sensitive", true), ("destructive", false)],
    },
    Tool {
        operation: Operation::DeepMemoryQuery,
        name: "deep_memory_query",
        about: "Searches all memories and documents and quotes what fits.",
        parameters: &[required("search_query", Kind::Text, "What to look for.")],
        hidden: &["memory_limit", "chunk_limit", "include_full_docs"],
        annotations: &[("readOnly", true), ("sensitive", false), ("destructive", false), ("expensive", true)],
    },
];

/// The one tool that is callable but not listed (upstream-api.md 13.1, row 7).
static DOCUMENT_STATUS: Tool = Tool {
    operation: Operation::GetDocumentStatus,
    name: "get_document_status",
    about: "",
    parameters: &[required("job_id", Kind::Text, "")],
    hidden: &[],
    annotations: &[],
};

/// [`LISTED`] as it is on the wire.
pub(super) fn listed() -> Vec<Map<String, Value>> {
    let as_object = |tool| match serde_json::to_value(tool) {
        Ok(Value::Object(tool)) => Some(tool),
        _ => None,
    };
    LISTED.iter().filter_map(as_object).collect()
}

/// The tool of this name, listed or not.
pub(super) fn find(name: &str) -> Option<&'static Tool> {
    LISTED.iter().chain([&DOCUMENT_STATUS]).find(|tool| tool.name == name)
}

impl Serialize for Tool {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut tool = serializer.serialize_map(Some(4))?;
        tool.serialize_entry("name", self.name)?;
        tool.serialize_entry("description", self.about)?;
        tool.serialize_entry("inputSchema", &Schema(self.parameters))?;
        tool.serialize_entry("annotations", &InOrder(self.annotations))?;
        tool.end()
    }
}

struct Schema(&'static [Parameter]);

impl Serialize for Schema {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let properties: Vec<_> = self.0.iter().map(|parameter| (parameter.name, parameter)).collect();
        let required: Vec<_> =
            self.0.iter().filter(|parameter| parameter.required).map(|parameter| parameter.name).collect();
        let mut schema = serializer.serialize_map(None)?;
        schema.serialize_entry("type", "object")?;
        schema.serialize_entry("properties", &InOrder(&properties))?;
        // `list_memories` has no `required` member at all (upstream-api.md 9.1).
        if !required.is_empty() {
            schema.serialize_entry("required", &required)?;
        }
        schema.end()
    }
}

impl Serialize for Parameter {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut property = serializer.serialize_map(None)?;
        let name = match self.kind {
            Kind::Text | Kind::TextOr(_) => "string",
            Kind::Flag => "boolean",
            Kind::Whole => "integer",
            Kind::Labels => "array",
            Kind::Fields => "object",
        };
        property.serialize_entry("type", name)?;
        match self.kind {
            Kind::TextOr(default) => property.serialize_entry("default", default)?,
            Kind::Labels => property.serialize_entry("items", &InOrder(&[("type", "string")]))?,
            Kind::Text | Kind::Flag | Kind::Whole | Kind::Fields => {}
        }
        property.serialize_entry("description", self.about)?;
        property.end()
    }
}

/// An object whose members keep their order.
struct InOrder<'a, V>(&'a [(&'static str, V)]);

impl<V: Serialize> Serialize for InOrder<'_, V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}
