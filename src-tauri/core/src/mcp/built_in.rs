//! The tools as far as they are known without asking anyone, for a client that must be told some before its bridge runs
//! or a person has allowed it.

use rmcp::model::Tool;

use super::ToolPolicy;
use super::catalogue::Catalogue;
use crate::sandbox;
use crate::scope::Scopes;

/// The tools that a new account has, described as the sandbox describes them.
#[must_use]
pub fn built_in_tools() -> Vec<Tool> {
    let catalogue = Catalogue::read(sandbox::listed_tools());
    catalogue.offered(Scopes::ALL, &ToolPolicy::default()).map(|listed| listed.tool.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tool_says_what_it_does_and_whether_it_only_reads() {
        let tools = built_in_tools();
        let names: Vec<_> = tools.iter().map(|tool| &*tool.name).collect();
        assert!(names.contains(&"jean_memory") && names.contains(&"get_document_status"), "{names:?}");
        for tool in &tools {
            assert!(tool.description.as_ref().is_some_and(|words| !words.is_empty()), "{}", tool.name);
            let hints = tool.annotations.as_ref().expect("hints");
            assert!(hints.read_only_hint.is_some(), "{}", tool.name);
        }
    }
}
