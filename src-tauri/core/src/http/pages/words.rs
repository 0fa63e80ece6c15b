//! The words of the pages, from one file per language.

use std::collections::BTreeMap;
use std::sync::LazyLock;

/// Every language there is; the first stands in for all others.
static LANGUAGES: LazyLock<[Words; 2]> = LazyLock::new(|| {
    [Words::of("en", include_str!("words/en.json")), Words::of("de", include_str!("words/de.json"))]
});

/// The words of one language.
#[derive(Debug)]
pub(in crate::http) struct Words {
    /// As `lang` of HTML has it.
    pub(super) language: &'static str,
    sections: BTreeMap<String, BTreeMap<String, String>>,
}

/// What takes a placeholder's place.
#[derive(Clone, Copy)]
pub(super) enum Value<'a> {
    Text(&'a str),
    /// A command or another text of machines, the same in every language.
    Code(&'a str),
}

impl Value<'_> {
    fn html(self) -> String {
        match self {
            Self::Text(text) => escape(text),
            // The words around it may be of another language.
            Self::Code(text) => format!("<code lang=\"en\">{}</code>", escape(text)),
        }
    }
}

impl Words {
    pub(super) fn english() -> &'static Self {
        &LANGUAGES[0]
    }

    /// For a tag such as `de-AT`: here, only its first part tells languages apart (RFC 5646 §2.1).
    pub(super) fn named(tag: &str) -> Option<&'static Self> {
        let primary = tag.split('-').next()?;
        LANGUAGES.iter().find(|words| words.language.eq_ignore_ascii_case(primary))
    }

    /// The files are part of the program and a test reads them; of a broken one, the keys are seen.
    fn of(language: &'static str, text: &str) -> Self {
        Self { language, sections: serde_json::from_str(text).unwrap_or_default() }
    }

    /// The text of `section.key` as HTML, with `{name}` replaced by its value. Text and values are escaped.
    pub(super) fn say(&self, key: &str, values: &[(&str, Value)]) -> String {
        let text = key.split_once('.').and_then(|(section, name)| self.sections.get(section)?.get(name));
        let mut pieces = text.map_or(key, String::as_str).split('{');
        let mut html = escape(pieces.next().unwrap_or_default());
        for piece in pieces {
            let filled = piece.split_once('}').and_then(|(name, rest)| {
                let (_, value) = values.iter().find(|(known, _)| *known == name)?;
                Some(value.html() + &escape(rest))
            });
            html += &filled.unwrap_or_else(|| format!("{{{}", escape(piece)));
        }
        html
    }
}

/// Text of a stranger inside HTML, in elements and in quoted attributes (protocol.md 9.19).
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            _ => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::Value::{Code, Text};
    use super::*;

    #[test]
    fn values_are_text_whatever_they_look_like() {
        let words = Words::of("en", r#"{"s":{"k":"<{a}> & {b}, {c} {"}}"#);
        let said = words.say("s.k", &[("a", Text("{b}<i>")), ("b", Code("'&\""))]);
        assert_eq!(said, "&lt;{b}&lt;i&gt;&gt; &amp; <code lang=\"en\">&#39;&amp;&quot;</code>, {c} {");
    }

    #[test]
    fn a_missing_word_is_seen_as_its_key() {
        for key in ["waiting.no_such_word", "no_such.word", "<word>"] {
            assert_eq!(Words::english().say(key, &[]), escape(key));
        }
    }
}
