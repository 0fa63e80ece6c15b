//! Names that strangers chose, in places that are not a page: a menu and a notification take some letters for
//! orders. The core has already taken out what cannot be seen.

/// Characters that are shown; a menu as wide as the screen helps nobody.
const MOST: usize = 40;

/// One short line without the letters that menus (`&`, `_`) and notifications (`<`, `&`) do something with.
pub(crate) fn plain(name: &str) -> String {
    let spaced = name.chars().map(|letter| match letter {
        '&' => '+',
        '_' | '<' | '>' => ' ',
        letter if letter.is_control() => ' ',
        letter => letter,
    });
    let spaced: String = spaced.collect();
    let line = spaced.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= MOST {
        return line;
    }
    let kept: String = line.chars().take(MOST).collect();
    kept.trim_end().to_owned() + "…"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_gives_no_orders() {
        assert_eq!(plain("Claude Code"), "Claude Code");
        assert_eq!(plain("AT&T _Quit"), "AT+T Quit");
        assert_eq!(plain("<b>Bold</b>\n<a href=x>"), "b Bold /b a href=x");
        assert_eq!(plain(&"x".repeat(80)), "x".repeat(40) + "…");
        assert_eq!(plain(&"é".repeat(40)), "é".repeat(40));
    }
}
