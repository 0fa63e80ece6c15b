//! Real MCP clients that nobody here wrote.
