//! The consent desk: questions that wait for a person.
//!
//! The desk holds a question until it is answered, withdrawn or out of time, and takes at most one answer.
//! Who answers is not its business: the window, the terminal of `serve` and `approve` all watch
//! [`Desk::questions`] and call [`Desk::settle`] or [`Desk::deny`]. Deliberately absent: remembered consent. Every question
//! is a person's click (protocol.md D5, 9.21).

mod code;
mod desk;
mod front;
mod question;
mod refused;

pub use code::MatchingCode;
pub use desk::{AnswerError, AskError, Desk, Settling, Ticket, keep_time};
pub use front::Front;
pub use question::{AnswerGoesTo, Asker, Decision, LocalProgram, Outcome, Question, SentBy};
