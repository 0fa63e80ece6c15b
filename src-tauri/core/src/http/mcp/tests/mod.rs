//! The endpoint through its router, in front of a scripted Jean Memory; every test cites the rule
//! it holds.

mod access;
mod calls;
mod cancel;
mod eras;
mod requests;
mod sessions;
mod tools;
mod world;
