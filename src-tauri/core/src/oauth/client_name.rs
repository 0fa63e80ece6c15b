//! Names of clients, made safe to show: a stranger chose them (protocol.md 2.10, 9.19).

use unicode_security::{RestrictionLevel, RestrictionLevelDetection, skeleton};

/// Characters of a client's name.
const MAX_NAME: usize = 80;
/// Behind it are Latin letters of phoneticians only, which no name needs (Unicode block *Latin Extended-B*).
const LAST_OF_LATIN: char = '\u{24f}';
/// What a client without a name is called.
const NAMELESS: &str = "Unnamed app";

/// One line without control, invisible or direction-changing characters, bounded; none when nothing is left.
pub(super) fn showable(claimed: &str) -> Option<String> {
    let spaced = claimed.chars().map(|c| if c.is_whitespace() { ' ' } else { c });
    let visible: String = spaced.filter(|c| is_visible(*c)).collect();
    let words: Vec<_> = visible.split_whitespace().collect();
    let shown: String = words.join(" ").chars().take(MAX_NAME).collect();
    let shown = shown.trim_end();
    (!shown.is_empty()).then(|| shown.to_owned())
}

/// The same, with a name for those that have none.
#[must_use]
pub fn display_name(claimed: &str) -> String {
    showable(claimed).unwrap_or_else(|| NAMELESS.to_owned())
}

/// Whether some of its letters only look like those of another name: several alphabets within a word, or a word of another
/// alphabet that reads as a Latin one (UTS #39 §4, §5.1, §5.2). Words of any one language are fine, side by side too.
#[must_use]
pub fn looks_alike(name: &str) -> bool {
    let words = name.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_ascii());
    words.into_iter().any(|word| {
        !word.check_restriction_level(RestrictionLevel::HighlyRestrictive) || reads_as_latin(word)
    })
}

/// Letters of Latin alphabets with signs of their own (`ı`, `æ`) are no disguise.
fn reads_as_latin(word: &str) -> bool {
    word.chars().filter(|c| c.is_alphabetic()).all(|c| c > LAST_OF_LATIN)
        && skeleton(word).all(|c| c.is_ascii())
}

/// Not control, not bidirectional, not invisible, not a tag or private character.
fn is_visible(c: char) -> bool {
    !c.is_control()
        && !matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
            | '\u{13430}'..='\u{1345f}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d159}' | '\u{1d173}'..='\u{1d17a}'
            | '\u{e000}'..='\u{f8ff}' | '\u{e0000}'..='\u{e0fff}' | '\u{f0000}'..='\u{10ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_that_only_look_like_others_are_seen() {
        for name in [
            "Сlaude",       // a Cyrillic С
            "Claudе Code",  // a Cyrillic е
            "Curѕоr",       // ѕ and о
            "СОРУ",         // all of it Cyrillic
            "Αpple",        // a Greek Α
            "Cl\u{251}ude", // an alpha of phoneticians
            "VS Сode",
        ] {
            assert!(looks_alike(name), "{name}");
        }
        for name in [
            "Claude Code",
            "Cursor 2",
            "日本語 AI",
            "AIツール",
            "Мой помощник",
            "Claude для работы",
            "Yazılım",
            "Læse-app",
            "Élan",
            "Ελληνικά",
            "한국어 앱",
            "مساعد",
            "Ünal's App",
            "VS Code – Insiders ✨",
            "",
        ] {
            assert!(!looks_alike(name), "{name}");
        }
    }

    #[test]
    fn a_name_is_one_harmless_line() {
        // protocol.md 2.10
        assert_eq!(display_name("  Claude \t\n Code\u{202e}\u{0} "), "Claude Code");
        assert_eq!(display_name("\u{202e}edoC\u{2066} \u{200b}x\u{7}\u{1b}[0m"), "edoC x[0m");
        assert_eq!(display_name("日本語 é"), "日本語 é");
        assert_eq!(display_name("\u{200b}\u{feff}\n"), "Unnamed app");
        // A blank of Braille and an invisible note: letters by name, nothing to the eye.
        assert_eq!(display_name("\u{2800}\u{1d159}\u{1d173}"), "Unnamed app");
        assert_eq!(display_name(&"é".repeat(5000)).chars().count(), 80);
    }
}
