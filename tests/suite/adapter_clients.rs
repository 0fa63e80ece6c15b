//! Clients of the stdio adapter, spoken for on the local socket of the real program (design.md 4, 5; clients.md 5.5).

mod events;
mod first_use;
mod lasting;
mod limits;
mod messages;
mod refusal;
mod revocation;
mod world;
