//! The MCP server: protocol eras, tools, mapping of failures.
