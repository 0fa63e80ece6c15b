//! What a release page, or somebody in its place, answers.

#![expect(clippy::missing_panics_doc, reason = "a panic is how a target tells that a promise is broken")]

use super::release::Release;
use crate::fuzzing::is_showable;

/// A version that is taken from the network reads the same again, and can be shown.
pub fn update_manifest(bytes: &[u8]) {
    let Some(release) = Release::of_manifest(bytes) else { return };
    let text = release.to_string();
    assert!(text.len() <= 64 && text.is_ascii() && is_showable(&text), "{text:?}");
    assert_eq!(Release::parse(&text), Some(release.clone()), "{text}");
    assert!(!release.is_news_for(&release), "{text} is newer than itself");
}
