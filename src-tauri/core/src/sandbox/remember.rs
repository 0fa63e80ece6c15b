//! What in a message is worth remembering, decided without an AI model: statements in which people speak of
//! themselves, or ask to remember.

/// Sentences kept of one message, at most.
const MAX_STATEMENTS: usize = 10;
/// Shorter sentences say little ("I see.").
const MIN_WORDS: usize = 3;
/// Characters that do for words in scripts without spaces.
const MIN_UNSPACED: usize = 5;
/// A longer sentence is pasted text, not something said.
const MAX_SENTENCE: usize = 1000;

/// "I", "my", "we", "our" and "remember", in some languages. Ours; a heuristic that may miss.
const MARKERS: &[&str] = &[
    "i", "my", "mine", "we", "our", "remember", "ich", "mein", "meine", "meinen", "meinem", "meiner", "mir",
    "mich", "wir", "unser", "unsere", "merke", "je", "j", "mon", "ma", "mes", "nous", "notre", "yo", "mi",
    "mis", "nosotros", "nuestro", "nuestra", "soy", "tengo", "vivo", "recuerda", "eu", "meu", "minha", "nós",
    "nosso", "sou", "io", "mio", "mia", "miei", "sono", "ik", "mijn", "onze", "jag", "mitt", "я", "мой",
    "моя", "меня", "мы",
];
const UNSPACED_MARKERS: &[&str] = &["我", "私", "僕", "俺", "나는", "저는", "제가", "내가", "우리"];
/// How a request starts that says nothing lasting, though it has "I" or "my" in it.
const REQUESTS: &[&str] = &[
    "can", "could", "would", "will", "should", "do", "does", "did", "is", "are", "am", "what", "where",
    "when", "who", "why", "how", "which",
];

/// The sentences of `message` that tell something.
pub(super) fn statements(message: &str) -> Vec<&str> {
    sentences(message).filter(|sentence| tells(sentence)).take(MAX_STATEMENTS).collect()
}

fn tells(sentence: &str) -> bool {
    if sentence.ends_with(['?', '？', '؟']) || sentence.chars().count() > MAX_SENTENCE {
        return false;
    }
    let lower = sentence.to_lowercase();
    let words: Vec<_> = lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    if words.first().is_some_and(|word| REQUESTS.contains(word)) {
        return false;
    }
    if UNSPACED_MARKERS.iter().any(|marker| lower.contains(marker)) {
        return lower.chars().count() >= MIN_UNSPACED;
    }
    words.len() >= MIN_WORDS && words.iter().any(|word| MARKERS.contains(word))
}

/// Parted after `.`, `!` and `?` before a space, after their full-width forms, and at the ends of lines.
fn sentences(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let end = rest.char_indices().find_map(|(index, character)| {
            let end = index + character.len_utf8();
            let parts = match character {
                '\n' | '。' | '！' | '？' | '؟' => true,
                '.' | '!' | '?' => rest[end..].starts_with(char::is_whitespace),
                _ => false,
            };
            parts.then_some(end)
        });
        let (sentence, remainder) = rest.split_at(end.unwrap_or(rest.len()));
        rest = remainder;
        Some(sentence.trim())
    })
    .filter(|sentence| !sentence.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_tell_of_themselves_is_kept() {
        let message =
            "Hi! I moved to Lisbon in May. What is the weather like? My sister is called Ana.\nThanks";
        assert_eq!(statements(message), ["I moved to Lisbon in May.", "My sister is called Ana."]);
        assert_eq!(
            statements("Remember that the wifi password is on the fridge"),
            ["Remember that the wifi password is on the fridge"]
        );
        assert_eq!(statements("Ich wohne in Köln."), ["Ich wohne in Köln."]);
        assert_eq!(statements("我住在上海。你好"), ["我住在上海。"]);
        assert_eq!(statements("I pay 3.50 for coffee"), ["I pay 3.50 for coffee"]);
    }

    #[test]
    fn questions_and_requests_are_not() {
        for message in [
            "What is my dog called?",
            "Where do I live",
            "Can you fix my code.",
            "Explain quantum physics to a child.",
            "I see.",
            "",
            "?",
        ] {
            assert!(statements(message).is_empty(), "{message}");
        }
    }

    #[test]
    fn a_pasted_book_is_not_remembered() {
        assert!(statements(&"I said so and ".repeat(10_000)).is_empty());
        assert_eq!(statements(&"I like tea. ".repeat(1000)).len(), MAX_STATEMENTS);
    }
}
