//! The words of the app, from one file per language: for the tray, notifications and titles here, and whole for the
//! pages.

use bridge_core::view::Appearance;
use serde_json::{Value, json};

/// Every language there is; the first is the one that is complete, and stands in for the others.
const LANGUAGES: [(&str, &str); 2] =
    [("en", include_str!("../../ui/words/en.json")), ("de", include_str!("../../ui/words/de.json"))];

/// The words of one language.
#[derive(Debug)]
pub(crate) struct Words {
    language: &'static str,
    sections: Value,
    english: Value,
}

impl Words {
    /// In the language that the person chose, else the system's, else English.
    pub(crate) fn of(chosen: Option<&str>) -> Self {
        Self::best(chosen.map(str::to_owned).or_else(sys_locale::get_locale).as_deref())
    }

    fn best(locale: Option<&str>) -> Self {
        let primary = locale.and_then(|locale| locale.split(['-', '_', '.']).next()).unwrap_or_default();
        let english = LANGUAGES[0];
        let (language, text) = LANGUAGES
            .into_iter()
            .find(|(language, _)| language.eq_ignore_ascii_case(primary))
            .unwrap_or(english);
        Self { language, sections: parsed(text), english: parsed(english.1) }
    }

    /// The text of `section.key`, with `{name}` replaced by its value. A word that is missing shows its key.
    pub(crate) fn say(&self, key: &str, values: &[(&str, &str)]) -> String {
        let text = found(&self.sections, key).or_else(|| found(&self.english, key)).unwrap_or(key);
        filled(text, values)
    }

    /// The text of `section.key.one` or `section.key.other`, with `{count}` and the other values replaced. One and
    /// more than one is all that the languages here tell apart; the pages know the rules of all.
    pub(crate) fn count(&self, key: &str, count: u64, values: &[(&str, &str)]) -> String {
        let form = if count == 1 { "one" } else { "other" };
        let count = count.to_string();
        let mut all = vec![("count", count.as_str())];
        all.extend_from_slice(values);
        self.say(&format!("{key}.{form}"), &all)
    }

    /// What runs in a page before its own scripts, so that its first picture has the right words and colours.
    pub(crate) fn script(&self, appearance: Appearance) -> String {
        let known = json!({
            "language": self.language,
            "words": self.sections,
            "appearance": appearance,
            "version": env!("CARGO_PKG_VERSION"),
        });
        format!("window.__bridge = {known};")
    }
}

/// The files are part of the program and a test reads them; a broken one leaves the keys to be seen.
fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_default()
}

/// `tray.open` is the text `open` in the section `tray`.
fn found<'a>(words: &'a Value, key: &str) -> Option<&'a str> {
    let (section, name) = key.split_once('.')?;
    words.get(section)?.get(name)?.as_str()
}

/// One pass, so that a value that looks like a placeholder stays what it is.
fn filled(text: &str, values: &[(&str, &str)]) -> String {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        let value = after.split_once('}').and_then(|(name, after)| {
            let (_, value) = values.iter().find(|(known, _)| *known == name)?;
            Some((*value, after))
        });
        if let Some((value, after)) = value {
            filled.push_str(value);
            rest = after;
        } else {
            filled.push('{');
            rest = after;
        }
    }
    filled + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_is_chosen_by_its_first_part() {
        for (locale, language) in [
            (Some("de"), "de"),
            (Some("de-AT"), "de"),
            (Some("de_CH.UTF-8"), "de"),
            (Some("fr-FR"), "en"),
            (Some("C"), "en"),
            (None, "en"),
        ] {
            assert_eq!(Words::best(locale).language, language, "{locale:?}");
        }
    }

    #[test]
    fn values_take_their_places_and_nothing_else_does() {
        assert_eq!(filled("{a} and {b}", &[("a", "{b}"), ("b", "2")]), "{b} and 2");
        assert_eq!(filled("{unknown} {", &[("a", "1")]), "{unknown} {");
        assert_eq!(filled("", &[]), "");
    }

    #[test]
    fn a_missing_word_is_seen_as_its_key() {
        assert_eq!(Words::best(None).say("no_such_word", &[]), "no_such_word");
    }
}
