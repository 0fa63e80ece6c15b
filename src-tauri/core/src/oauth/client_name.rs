//! Names of clients, made safe to show: a stranger chose them (protocol.md 2.10, 9.19).

/// Characters of a client's name.
const MAX_NAME: usize = 80;
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
