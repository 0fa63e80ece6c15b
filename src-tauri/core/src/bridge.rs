//! Starts everything and knows everyone; the handle that the app, the command line and the socket use.
