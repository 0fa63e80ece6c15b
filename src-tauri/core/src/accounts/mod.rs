//! Accounts: whose memories, with which key.
