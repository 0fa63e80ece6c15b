//! Black-box tests of the client against small servers that misbehave.
