//! The adapter between a client that says what a test wants and a stand-in of the bridge that does as it is told.
#![cfg(unix)]

mod app;
mod bridge;
mod calls;
mod client;
mod coming_and_going;
mod eras;
mod hostile_input;
mod lists;
