//! The local socket: HTTP for programs of the same user.
