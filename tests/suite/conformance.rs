//! The official MCP conformance suite.
