//! Names that a tool may have.

/// Longest name of a tool (MCP 2026-07-28, tools, "Tool Names").
const MAX_NAME: usize = 128;

/// Letters, digits, `_`, `-`, `.` (MCP 2026-07-28, tools, "Tool Names"); also what may be repeated to a client.
pub(super) fn is_tool_name(name: &str) -> bool {
    (1..=MAX_NAME).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'))
}
