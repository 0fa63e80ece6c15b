//! Documents are searched by passages: pieces of about a screenful that, put together, are the text again.

/// Characters of a passage, at most.
const PASSAGE: usize = 1000;

/// Parts `text` without losing a character: at a line's end where the second half of a passage has one, else at a
/// space, else in mid-word.
pub(super) fn split(text: &str) -> Vec<&str> {
    let mut passages = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let window = super::python::first(rest, PASSAGE);
        let end = if window.len() == rest.len() { rest.len() } else { good_end(window) };
        let (passage, remainder) = rest.split_at(end);
        passages.push(passage);
        rest = remainder;
    }
    passages
}

fn good_end(window: &str) -> usize {
    let late_enough = |(index, _): &(usize, char)| *index > window.len() / 2;
    let last = |fits: fn(char) -> bool| {
        window
            .char_indices()
            .rev()
            .take_while(late_enough)
            .find(|(_, character)| fits(*character))
            .map(|(index, character)| index + character.len_utf8())
    };
    last(|character| character == '\n').or_else(|| last(char::is_whitespace)).unwrap_or(window.len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn passages_put_together_are_the_text(text in "[a-z äß東\n]{0,5000}") {
            let passages = split(&text);
            prop_assert_eq!(passages.concat(), text.as_str());
            prop_assert!(passages.iter().all(|passage| (1..=PASSAGE).contains(&passage.chars().count())));
        }
    }

    #[test]
    fn a_passage_ends_at_a_line() {
        let text = format!("{}\n{}", "a ".repeat(400), "b ".repeat(400));
        let passages = split(&text);
        assert!(passages[0].ends_with("a \n") && passages[1].starts_with('b'));
    }
}
