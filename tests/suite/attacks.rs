//! Attacks, performed on the real programs: each test does what an attacker would do and shows that it gains nothing.
//!
//! Only what no other suite performs already: `SECURITY.md` names the test of each threat, wherever it is.

mod bombs;
mod floods;
mod keys;
mod memory;
mod names;
mod other_user;
mod rebinding;
mod smuggling;
mod targets;
mod unread;
mod website;
mod world;
