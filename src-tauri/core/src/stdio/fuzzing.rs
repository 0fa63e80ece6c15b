//! What an app writes to the adapter, and what the bridge answers it.

#![expect(clippy::missing_panics_doc, reason = "a panic is how a target tells that a promise is broken")]

use futures_util::FutureExt as _;
use serde_json::Value;

use super::answer::Answer;
use super::lines::{Line, Lines};
use super::message::Heard;

/// Nothing of the stream is lost between lines, and what was understood can be passed on in one line.
pub fn stdio_lines(bytes: &[u8]) {
    let mut lines = Lines::new(bytes);
    let (mut at, mut ended) = (0, false);
    // A reader of memory never waits.
    while let Some(Ok(Some(line))) = lines.next().now_or_never() {
        assert!(!ended);
        let Line::Whole(line) = line else { continue };
        assert!(!line.contains(&b'\n'));
        assert_eq!(&bytes[at..at + line.len()], line);
        at += line.len();
        at += usize::from(bytes[at..].starts_with(b"\r"));
        ended = !bytes[at..].starts_with(b"\n");
        at += usize::from(!ended);
        heard(line);
    }
    assert_eq!(at, bytes.len());
    drop(Answer::<Value>::read(bytes));
}

fn heard(line: &[u8]) {
    match Heard::read(line) {
        Heard::One(message) => {
            let Ok(text) = serde_json::to_string(&message) else { panic!("{message:?} cannot be written") };
            assert!(!text.contains('\n'));
            assert!(matches!(Heard::read(text.as_bytes()), Heard::One(_)), "{text}");
        }
        Heard::Batch(elements) => {
            for element in &elements {
                drop(Heard::element(element));
            }
        }
        Heard::Invalid(id) => drop(id),
        Heard::Nothing => {}
    }
}
