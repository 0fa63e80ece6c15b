//! A person's switches: which tools one client may use.

use std::collections::HashMap;

/// What a person has decided about tools for one client. A tool without a decision has its
/// default: on, unless it is new and may write (upstream-api.md 14.3).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ToolPolicy {
    switches: HashMap<String, bool>,
}

impl ToolPolicy {
    /// Whether the tool is on.
    #[must_use]
    pub fn allows(&self, tool: &str, default: bool) -> bool {
        self.switches.get(tool).copied().unwrap_or(default)
    }

    /// Takes a decision over.
    pub fn switch(&mut self, tool: String, is_on: bool) {
        self.switches.insert(tool, is_on);
    }
}

impl FromIterator<(String, bool)> for ToolPolicy {
    fn from_iter<T: IntoIterator<Item = (String, bool)>>(switches: T) -> Self {
        Self { switches: switches.into_iter().collect() }
    }
}
