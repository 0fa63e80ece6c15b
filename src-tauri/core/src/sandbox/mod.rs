//! A stand-in of the Jean Memory API for one computer.
