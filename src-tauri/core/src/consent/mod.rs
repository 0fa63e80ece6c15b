//! The consent desk: questions that wait for a person.
