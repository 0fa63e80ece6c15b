//! The MCP server: protocol eras, tools, mapping of failures.
//!
//! The bridge answers the protocol itself in every revision; only `tools/list` and `tools/call`
//! reach Jean Memory, through a [`MemoryService`]. [`Memories`] is what all connections share: the
//! lists of tools by account and the way to the service. A [`MemoryServer`] is what one client
//! talks to, over HTTP or stdio.

mod arguments;
mod built_in;
mod call;
mod catalogue;
mod failure;
mod known;
mod lists;
mod memories;
pub(crate) mod nothing;
mod policy;
mod product;
mod progress;
mod server;
mod service;
mod stop;
mod tool_name;

pub use built_in::built_in_tools;
pub use known::needed_scope;
pub use memories::Memories;
pub use policy::ToolPolicy;
pub use product::{PRODUCT, TITLE};
#[cfg(test)]
pub(crate) use progress::Pace;
pub use server::MemoryServer;
pub use service::{CallRecord, Future, MemoryError, MemoryService, Outcome, ToolReply};
