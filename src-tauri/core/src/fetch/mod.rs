//! The one other outbound request: client metadata documents, fetched with the SSRF rules (protocol.md 2.19).
