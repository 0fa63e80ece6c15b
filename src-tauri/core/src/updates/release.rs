//! The number of a version, as strict as the rules of Semantic Versioning and a little more: it comes from the network
//! and is shown to people.

use std::fmt;

use semver::{BuildMetadata, Version};
use serde::Deserialize;

/// Longer than any number of ours.
const LONGEST: usize = 64;
/// Higher than any number of ours.
const HIGHEST: u64 = 99_999;

/// A version, without build metadata: by that no version is newer than another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Release(Version);

/// What is published; more members are somebody else's.
#[derive(Deserialize)]
struct Manifest {
    version: String,
}

impl Release {
    /// This program.
    pub(crate) fn own() -> Self {
        // A test holds that the package has a version that can be read.
        Self::parse(env!("CARGO_PKG_VERSION")).unwrap_or(Self(Version::new(0, 0, 0)))
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        if text.len() > LONGEST {
            return None;
        }
        let version = Version::parse(text).ok()?;
        let is_plausible =
            [version.major, version.minor, version.patch].into_iter().all(|number| number <= HIGHEST);
        is_plausible.then_some(Self(Version { build: BuildMetadata::EMPTY, ..version }))
    }

    /// The version that a manifest names; nothing else of it is looked at.
    pub(super) fn of_manifest(bytes: &[u8]) -> Option<Self> {
        // A list of values would be taken for an object without names.
        let object = Some(bytes).filter(|bytes| bytes.trim_ascii_start().starts_with(b"{"))?;
        Self::parse(&serde_json::from_slice::<Manifest>(object).ok()?.version)
    }

    /// Whether somebody who has `own` should hear of it. Who has a release did not ask for previews.
    pub(super) fn is_news_for(&self, own: &Self) -> bool {
        self > own && (self.0.pre.is_empty() || !own.0.pre.is_empty())
    }
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn release(text: &str) -> Release {
        Release::parse(text).unwrap_or_else(|| panic!("{text}"))
    }

    #[test]
    fn the_package_has_a_version_that_can_be_read() {
        assert_eq!(Release::own().to_string(), env!("CARGO_PKG_VERSION"));
    }

    #[test]
    fn only_what_is_newer_is_news_and_previews_are_for_those_who_have_one() {
        for (own, other, is_news) in [
            ("0.1.0", "0.1.0", false),
            ("0.1.0", "0.1.1", true),
            ("0.9.0", "0.10.0", true),
            ("0.10.0", "0.9.0", false),
            ("1.0.0", "0.99.99", false),
            ("0.1.0", "0.2.0-rc.1", false),
            ("0.2.0-rc.1", "0.2.0-rc.2", true),
            ("0.2.0-rc.9", "0.2.0-rc.10", true),
            ("0.2.0-rc.2", "0.2.0-rc.1", false),
            ("0.2.0-rc.1", "0.2.0", true),
            ("0.2.0-rc.1", "0.1.9", false),
            ("0.1.0+a", "0.1.0+b", false),
            ("0.1.0", "0.1.1+b", true),
        ] {
            assert_eq!(release(other).is_news_for(&release(own)), is_news, "{own} {other}");
        }
    }

    #[test]
    fn what_is_no_version_is_none() {
        let long = format!("1.0.0-{}", "a".repeat(LONGEST));
        for text in [
            "",
            "1",
            "1.2",
            "v1.2.3",
            " 1.2.3",
            "1.2.3\n",
            "1.2.3\u{202e}",
            "1.2.3-\u{7}",
            "1.2.3-<b>",
            "1.2.3 is out",
            "01.2.3",
            "1.-2.3",
            "1.2.3.4",
            "99999999999.0.0",
            "0.100000.0",
            "99999999999999999999999999.0.0",
            "1.0.0-01",
            "\u{661}.0.0",
            &long,
        ] {
            assert_eq!(Release::parse(text), None, "{text:?}");
        }
        assert_eq!(release("1.2.3+build").to_string(), "1.2.3");
    }

    #[test]
    fn of_a_manifest_the_version_counts_and_nothing_else() {
        let read = |text: &str| Release::of_manifest(text.as_bytes()).map(|release| release.to_string());
        for text in [
            r#"{"version":"0.2.0"}"#,
            r#"{"notes":"run me","version":"0.2.0","url":"file:///bin/sh","platforms":{"x":[1]}}"#,
            " {\"version\" : \"0.2.0\"}\n",
        ] {
            assert_eq!(read(text).as_deref(), Some("0.2.0"), "{text}");
        }
        let deep = format!("{{\"a\":{}", "[".repeat(50_000));
        for text in [
            "",
            "null",
            "[]",
            r#"["0.2.0"]"#,
            "\"0.2.0\"",
            "{}",
            r#"{"version":2}"#,
            r#"{"version":null}"#,
            r#"{"version":["0.2.0"]}"#,
            r#"{"version":"0.2.0","version":"0.3.0"}"#,
            r#"{"version":"0.2.0"} {}"#,
            r#"{"version":"0.2.0\u0000"}"#,
            "<!doctype html><title>Sign in</title>",
            &deep,
        ] {
            assert_eq!(read(text), None, "{}", &text[..text.len().min(60)]);
        }
        assert_eq!(Release::of_manifest(b"{\"version\":\"\xff\"}"), None);
    }

    proptest! {
        #[test]
        fn whatever_a_stranger_publishes_is_shown_as_one_harmless_word(text in "\\PC{0,80}") {
            let manifest = serde_json::json!({ "version": text }).to_string();
            if let Some(release) = Release::of_manifest(manifest.as_bytes()) {
                let shown = release.to_string();
                prop_assert!(shown.len() <= LONGEST);
                prop_assert!(shown.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-".contains(&byte)));
            }
        }

        #[test]
        fn no_bytes_break_the_reader(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Release::of_manifest(&bytes);
        }
    }
}
