//! The real tray app on a throw-away desktop, and what clients get of what a person does there.

mod consent;
mod consent_allow;
mod consent_guard;
mod consent_queue;
mod consent_refuse;
mod consent_size;
mod life;
mod tray;
mod world;
