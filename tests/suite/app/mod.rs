//! The real tray app on a throw-away desktop, and what clients get of what a person does there.

mod adapter;
mod capabilities;
mod connect;
mod connect_claude;
mod connect_faults;
mod connect_looks;
mod connect_losses;
mod connect_world;
mod consent;
mod consent_allow;
mod consent_faults;
mod consent_guard;
mod consent_hostile;
mod consent_queue;
mod consent_refuse;
mod consent_size;
mod consent_timeout;
mod diagnostics;
mod journeys;
mod leaks;
mod life;
mod looks;
mod main_window;
mod notifications;
mod tray;
mod world;
