//! What counts as a word, the same for what is stored and for what is asked.
//!
//! SQLite's tokenizer parts words at spaces and signs. Scripts that are written without spaces would become one
//! word per sentence, so their characters are indexed one by one and asked for as pairs of neighbours.

use std::collections::BTreeSet;

/// Characters of a question that are looked at.
const MAX_QUESTION: usize = 4000;
/// Words of a question that are searched for.
const MAX_TERMS: usize = 24;

/// Words that say nothing about what is asked. Ours, and deliberately short.
const FILLERS: &[&str] = &[
    "a", "about", "all", "am", "an", "and", "any", "are", "as", "at", "be", "been", "but", "by", "can",
    "could", "d", "did", "do", "does", "for", "from", "had", "has", "have", "he", "her", "his", "how", "i",
    "if", "in", "is", "it", "its", "know", "ll", "m", "me", "my", "of", "on", "or", "our", "please", "re",
    "s", "she", "so", "t", "tell", "that", "the", "their", "them", "there", "they", "this", "to", "us", "ve",
    "was", "we", "were", "what", "when", "where", "which", "who", "why", "will", "with", "would", "you",
    "your",
];

/// `text` as it is indexed.
pub(super) fn indexed(text: &str) -> String {
    let mut words = String::with_capacity(text.len());
    for character in text.chars() {
        if is_unspaced(character) {
            words.extend([' ', character, ' ']);
        } else {
            words.push(character);
        }
    }
    words
}

/// The words of a question, each as an FTS5 query of its own; none when it has no words.
pub(super) fn terms(question: &str) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let mut fillers = Vec::new();
    let mut terms = Vec::new();
    for word in words(super::python::first(question, MAX_QUESTION)) {
        if !seen.insert(word.clone()) {
            continue;
        }
        // Quoted, a word is never an operator, and a pair of neighbours is a phrase.
        let term = format!("\"{word}\"");
        if FILLERS.binary_search(&word.as_str()).is_ok() {
            fillers.push(term);
        } else {
            terms.push(term);
        }
    }
    // "Who am I?" has nothing but fillers; then they are all there is to go by.
    let mut terms = if terms.is_empty() { fillers } else { terms };
    terms.truncate(MAX_TERMS);
    terms
}

fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut run: Vec<char> = Vec::new();
    for character in text.chars().chain([' ']) {
        let unspaced = is_unspaced(character);
        if !unspaced && !run.is_empty() {
            pairs(&run, &mut words);
            run.clear();
        }
        if (unspaced || !character.is_alphanumeric()) && !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        if unspaced {
            run.push(character);
        } else if character.is_alphanumeric() {
            word.extend(character.to_lowercase());
        }
    }
    words
}

fn pairs(run: &[char], words: &mut Vec<String>) {
    if let [single] = run {
        words.push(single.to_string());
    }
    for pair in run.windows(2) {
        words.push(format!("{} {}", pair[0], pair[1]));
    }
}

/// Thai, Lao, Myanmar and Khmer; kana, Han and Hangul.
fn is_unspaced(character: char) -> bool {
    matches!(
        u32::from(character),
        0x0E00..=0x0EFF
            | 0x1000..=0x109F
            | 0x1780..=0x17FF
            | 0x3005..=0x3007
            | 0x3040..=0x30FF
            | 0x3400..=0x4DBF
            | 0x4E00..=0x9FFF
            | 0xAC00..=0xD7AF
            | 0xF900..=0xFAFF
            | 0x20000..=0x3FFFF
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fillers_are_in_order_for_the_search_among_them() {
        assert!(FILLERS.is_sorted());
    }

    #[test]
    fn a_question_is_its_telling_words() {
        assert_eq!(terms("What is the NAME of my dog? My dog!"), ["\"name\"", "\"dog\""]);
        assert_eq!(terms("who am I"), ["\"who\"", "\"am\"", "\"i\""]);
        assert!(terms(" \"?* ").is_empty());
    }

    #[test]
    fn a_script_without_spaces_is_asked_for_in_pairs() {
        assert_eq!(terms("東京都 Tokyo"), ["\"東 京\"", "\"京 都\"", "\"tokyo\""]);
        assert_eq!(indexed("ab東京"), "ab 東  京 ");
    }

    #[test]
    fn a_long_question_stays_a_short_search() {
        let words: Vec<_> = (0..10_000).map(|number| format!("w{number}")).collect();
        assert_eq!(terms(&words.join(" ")).len(), MAX_TERMS);
    }
}
