//! The rules with a desk, a store and a clock, and no socket.
