//! One account's tools, made fit to show: standard hints, the scope each needs, what each takes.

use std::borrow::Cow;
use std::sync::Arc;

use rmcp::model::{Tool, ToolAnnotations};
use serde_json::{Map, Value};

use super::ToolPolicy;
use super::arguments::Arguments;
use super::known::{
    DOCUMENT_STATUS, STORE_DOCUMENT, document_status, is_never_offered, known, needed_scope, scope,
};
use super::tool_name::is_tool_name;
use crate::scope::{Scope, Scopes};
use crate::view::ToolView;

/// More tools than any list has; the rest is dropped.
const MAX_TOOLS: usize = 256;

/// The tools of one account.
pub(super) struct Catalogue {
    tools: Vec<Listed>,
}

/// One tool.
pub(super) struct Listed {
    /// As clients see it.
    pub(super) tool: Tool,
    /// What a token needs for it.
    pub(super) scope: Scope,
    /// What its arguments must look like.
    pub(super) arguments: Arguments,
    /// Whether it is on without a person's word.
    on_by_default: bool,
}

impl Catalogue {
    /// Reads what Jean Memory listed; entries that are not tools are left out.
    pub(super) fn read(list: Vec<Map<String, Value>>) -> Self {
        let mut tools: Vec<Listed> = Vec::with_capacity(list.len() + 1);
        for entry in list.into_iter().take(MAX_TOOLS) {
            if let Some(listed) = Listed::read(entry)
                && !tools.iter().any(|other| other.tool.name == listed.tool.name)
            {
                tools.push(listed);
            }
        }
        // upstream-api.md 9.2: not in the list, but without it a job id leads nowhere.
        let named = |name: &str| tools.iter().any(|listed| listed.tool.name == name);
        if named(STORE_DOCUMENT) && !named(DOCUMENT_STATUS) {
            tools.extend(Listed::read(document_status()));
        }
        Self { tools }
    }

    /// The tool of this name, offered or not.
    pub(super) fn find(&self, name: &str) -> Option<&Listed> {
        self.tools.iter().find(|listed| listed.tool.name == name)
    }

    /// What this client may see and call, in the order of the list.
    pub(super) fn offered(&self, scopes: Scopes, policy: &ToolPolicy) -> impl Iterator<Item = &Listed> {
        self.tools.iter().filter(move |listed| listed.is_offered(scopes, policy))
    }

    /// Every tool as a person sees it who decides what this client may use.
    pub(super) fn views(&self, scopes: Scopes, policy: &ToolPolicy) -> Vec<ToolView> {
        let view = |listed: &Listed| ToolView {
            name: listed.tool.name.to_string(),
            title: listed.title(),
            scope: listed.scope,
            is_allowed: scopes.contains(listed.scope),
            is_on: policy.allows(&listed.tool.name, listed.on_by_default),
        };
        self.tools.iter().map(view).collect()
    }
}

impl Listed {
    /// Whether a token with these scopes, of a client with these switches, has this tool.
    pub(super) fn is_offered(&self, scopes: Scopes, policy: &ToolPolicy) -> bool {
        scopes.contains(self.scope) && policy.allows(&self.tool.name, self.on_by_default)
    }

    /// Newer revisions have a title of its own, older ones hide it among the hints.
    fn title(&self) -> Option<String> {
        let hints = self.tool.annotations.as_ref();
        self.tool.title.clone().or_else(|| hints.and_then(|hints| hints.title.clone()))
    }

    fn read(mut entry: Map<String, Value>) -> Option<Self> {
        let Some(Value::String(name)) = entry.remove("name") else { return None };
        if !is_tool_name(&name) || is_never_offered(&name) {
            return None;
        }
        let Some(Value::Object(schema)) = entry.remove("inputSchema") else { return None };
        let annotations = match entry.remove("annotations") {
            Some(Value::Object(annotations)) => annotations,
            _ => Map::new(),
        };
        let flag = |standard: &str, homemade: &str| {
            annotations.get(standard).or_else(|| annotations.get(homemade)).and_then(Value::as_bool)
        };
        let reads_only = flag("readOnlyHint", "readOnly");
        let destructive = flag("destructiveHint", "destructive");
        // upstream-api.md 14.9: the table says which of the known tools write; the list may add
        // to that, never take away. An unknown tool writes unless it says that it does not.
        let on_file = known(&name);
        let writes = match on_file {
            Some(known) => known.writes || reads_only == Some(false),
            None => reads_only != Some(true) || destructive == Some(true),
        };
        let needs = if writes { Scope::Write } else { needed_scope(&name).unwrap_or(scope(writes)) };
        let arguments = Arguments::read(&schema, on_file.and_then(|known| known.limit));
        let description = text(&mut entry, "description").map(Cow::Owned);
        let mut tool = Tool::new_with_raw(name, description, Arc::new(schema)).with_annotations(
            ToolAnnotations::from_raw(
                annotations.get("title").and_then(Value::as_str).map(str::to_owned),
                Some(!writes),
                destructive.filter(|_| writes),
                flag("idempotentHint", "idempotent"),
                flag("openWorldHint", "openWorld"),
            ),
        );
        tool.title = text(&mut entry, "title");
        if let Some(Value::Object(schema)) = entry.remove("outputSchema") {
            tool.output_schema = Some(Arc::new(schema));
        }
        Some(Self { tool, scope: needs, arguments, on_by_default: on_file.is_some() || !writes })
    }
}

fn text(entry: &mut Map<String, Value>, member: &str) -> Option<String> {
    match entry.remove(member) {
        Some(Value::String(text)) => Some(text),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn homemade_annotations_become_the_standard_hints() {
        // protocol.md 7.24
        let catalogue = read(json!([
            {"name": "ask_memory", "inputSchema": {"type": "object"},
             "annotations": {"readOnly": true, "sensitive": false, "destructive": false}},
            {"name": "add_memories", "inputSchema": {"type": "object"},
             "annotations": {"readOnly": false, "sensitive": true, "destructive": false}},
        ]));
        assert_eq!(hints(&catalogue, "ask_memory"), json!({"readOnlyHint": true}));
        assert_eq!(
            hints(&catalogue, "add_memories"),
            json!({"readOnlyHint": false, "destructiveHint": false})
        );
    }

    #[test]
    fn a_writing_tool_stays_one_whatever_the_list_claims() {
        // upstream-api.md 14.9
        let catalogue = read(json!([
            {"name": "jean_memory", "inputSchema": {}, "annotations": {"readOnly": true}},
            {"name": "list_memories", "inputSchema": {}, "annotations": {"readOnly": false}},
        ]));
        assert_eq!(catalogue.find("jean_memory").unwrap().scope, Scope::Write);
        assert_eq!(catalogue.find("list_memories").unwrap().scope, Scope::Write);
    }

    #[test]
    fn a_new_tool_is_offered_only_if_it_reads() {
        // upstream-api.md 14.3, design.md 5
        let catalogue = read(json!([
            {"name": "new_reader", "inputSchema": {}, "annotations": {"readOnly": true}},
            {"name": "new_writer", "inputSchema": {}, "annotations": {"readOnly": false}},
            {"name": "new_liar", "inputSchema": {}, "annotations": {"readOnly": true, "destructive": true}},
            {"name": "new_mute", "inputSchema": {}},
        ]));
        assert_eq!(offered(&catalogue, Scopes::ALL, &ToolPolicy::default()), ["new_reader"]);
        let switched =
            [("new_writer".to_owned(), true), ("new_reader".to_owned(), false)].into_iter().collect();
        assert_eq!(offered(&catalogue, Scopes::ALL, &switched), ["new_writer"]);
        assert_eq!(offered(&catalogue, Scope::Read.into(), &switched), [""; 0]);
    }

    #[test]
    fn scopes_decide_which_tools_are_offered() {
        let catalogue = read(json!([
            {"name": "ask_memory", "inputSchema": {}},
            {"name": "add_memories", "inputSchema": {}},
        ]));
        let policy = ToolPolicy::default();
        assert_eq!(offered(&catalogue, Scope::Read.into(), &policy), ["ask_memory"]);
        assert_eq!(offered(&catalogue, Scope::Write.into(), &policy), ["add_memories"]);
        assert_eq!(offered(&catalogue, Scopes::NONE, &policy), [""; 0]);
    }

    #[test]
    fn what_deletes_everything_is_never_offered() {
        // upstream-api.md 9.2
        let catalogue = read(json!([
            {"name": "delete_all_memories", "inputSchema": {}, "annotations": {"readOnly": true}},
            {"name": "debug_get_qdrant_payload", "inputSchema": {}, "annotations": {"readOnly": true}},
        ]));
        let switched = [("delete_all_memories".to_owned(), true)].into_iter().collect();
        assert_eq!(offered(&catalogue, Scopes::ALL, &switched), [""; 0]);
        assert!(catalogue.find("delete_all_memories").is_none());
    }

    #[test]
    fn the_status_of_a_document_is_offered_with_storing_it() {
        // upstream-api.md 9.2
        let catalogue = read(json!([{"name": "store_document", "inputSchema": {}}]));
        let policy = ToolPolicy::default();
        assert_eq!(offered(&catalogue, Scopes::ALL, &policy), ["store_document", "get_document_status"]);
        assert_eq!(offered(&catalogue, Scope::Read.into(), &policy), [""; 0]);
        assert!(
            read(json!([{"name": "ask_memory", "inputSchema": {}}])).find("get_document_status").is_none()
        );
    }

    #[test]
    fn entries_that_are_no_tools_are_left_out() {
        let catalogue = read(json!([
            {"inputSchema": {}},
            {"name": 5, "inputSchema": {}},
            {"name": "bad name", "inputSchema": {}},
            {"name": "x".repeat(129), "inputSchema": {}},
            {"name": "ask_memory"},
            {"name": "ask_memory", "inputSchema": {"type": "object", "$defs": {"a": {}}, "x-mcp-header": "A"}},
            {"name": "ask_memory", "inputSchema": {}},
        ]));
        assert_eq!(offered(&catalogue, Scopes::ALL, &ToolPolicy::default()), ["ask_memory"]);
        // protocol.md 7.24: schemas pass unchanged.
        let schema = catalogue.find("ask_memory").unwrap().tool.schema_as_json_value();
        assert_eq!(schema, json!({"type": "object", "$defs": {"a": {}}, "x-mcp-header": "A"}));
    }

    fn read(list: Value) -> Catalogue {
        Catalogue::read(serde_json::from_value(list).unwrap())
    }

    fn offered<'a>(catalogue: &'a Catalogue, scopes: Scopes, policy: &ToolPolicy) -> Vec<&'a str> {
        catalogue.tools.iter().filter(|l| l.is_offered(scopes, policy)).map(|l| &*l.tool.name).collect()
    }

    fn hints(catalogue: &Catalogue, name: &str) -> Value {
        serde_json::to_value(&catalogue.find(name).unwrap().tool.annotations).unwrap()
    }
}
