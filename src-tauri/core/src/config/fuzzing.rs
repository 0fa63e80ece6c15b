//! Our own file, as a person may have written it.

#![expect(clippy::missing_panics_doc, reason = "a panic is how a target tells that a promise is broken")]

use std::path::Path;

use toml::Table;

use super::{ApiBase, Config, ConfigError, PORT, edit};
use crate::fuzzing::{is_showable, tells_nothing};

/// What is read is within its limits, what is refused is told without its value, and one number changes alone.
pub fn own_configuration(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    let file = Path::new("config.toml");
    match Config::of_text(file, text, &|_| None) {
        Ok(config) => {
            assert!(config.code_ttl.as_secs() <= 600 && config.refresh_token_ttl.as_secs() > 0);
            assert!(config.jwt_secret.is_none() && config.api_key.is_none(), "secrets are in no file");
            if let ApiBase::Remote(url) = &config.api_base {
                let is_near = matches!(url.host_str(), Some("localhost" | "[::1]"))
                    || url.host_str().is_some_and(|host| host.starts_with("127."));
                assert!(url.scheme() == "https" || is_near, "{url} is clear text to somewhere else");
            }
            assert!(
                config.allowed_origins.iter().all(|origin| is_showable(origin) && !origin.ends_with('/'))
            );
        }
        // A key that is harmless to show is shown.
        Err(error @ ConfigError::UnknownKey { .. }) => assert!(is_showable(&error.to_string())),
        Err(error) => tells_nothing(&error),
    }
    if let (Ok(before), Ok(after)) = (text.parse::<Table>(), edit::with_number(file, text, PORT, 4711)) {
        one_number_changed(before, text, &after);
    }
}

fn one_number_changed(mut before: Table, text: &str, after: &str) {
    let Ok(mut table) = after.parse::<Table>() else { panic!("{text:?} became unreadable: {after:?}") };
    assert_eq!(table.remove(PORT).and_then(|port| port.as_integer()), Some(4711), "{after:?}");
    let replaced = before.remove(PORT);
    // As text, because what is not a number is not equal to itself.
    assert_eq!(format!("{table:?}"), format!("{before:?}"));
    let same = |(one, other): &(u8, u8)| one == other;
    let start = text.bytes().zip(after.bytes()).take_while(same).count();
    let end = text.bytes().rev().zip(after.bytes().rev()).take_while(same).count();
    let gone = text.get(start..text.len().saturating_sub(end)).unwrap_or_default();
    // A text in the place of the number may have anything in it.
    let was_text = replaced.is_some_and(|value| value.is_str());
    assert!(
        was_text || !gone.contains(['\n', '\r', '#']),
        "more than the number is gone: {gone:?} of {text:?}"
    );
}
