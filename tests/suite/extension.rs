//! The extension for Claude Desktop (`.mcpb`): whether the bundle is one, for the official tool and for a strict reader,
//! and how its script behaves between Claude and an adapter that comes, goes and misbehaves (clients.md 5.6, 6).

mod adapter;
mod bundle;
mod claude;
mod script;
