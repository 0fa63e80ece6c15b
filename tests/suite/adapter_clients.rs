//! Clients of the stdio adapter, spoken for on the local socket of the real program (design.md 4, 5; clients.md 5.5).

mod first_use;
mod world;
