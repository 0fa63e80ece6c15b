//! The authorization server: rules without HTTP.
