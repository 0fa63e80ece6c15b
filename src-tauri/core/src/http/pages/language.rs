//! Which language a page speaks: the one that the person has set for the windows, else the browser's, else English.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::header::ACCEPT_LANGUAGE;
use axum::http::request::Parts;

use super::words::Words;
use crate::http::App;

/// Ranges that are read; people speak fewer languages.
const MOST_RANGES: usize = 32;

impl FromRequestParts<App> for &'static Words {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Infallible> {
        Ok(chosen(app.settings.borrow().language.as_deref(), &parts.headers))
    }
}

fn chosen(set: Option<&str>, headers: &HeaderMap) -> &'static Words {
    set.and_then(Words::named).or_else(|| best(headers)).unwrap_or_else(Words::english)
}

/// The language with the greatest weight; of two with the same, the first (RFC 9110 §12.5.4). `*` leads to no language
/// in particular (RFC 4647 §3.4).
fn best(headers: &HeaderMap) -> Option<&'static Words> {
    let values = headers.get_all(ACCEPT_LANGUAGE).iter().filter_map(|value| value.to_str().ok());
    let ranges = values.flat_map(|value| value.split(',')).take(MOST_RANGES).filter_map(range);
    ranges.reduce(|best, next| if next.0 > best.0 { next } else { best }).map(|(_, words)| words)
}

/// Weight and language of a range, if there is such a language and it is wanted.
fn range(text: &str) -> Option<(f32, &'static Words)> {
    let (tag, weight) = text.split_once(';').unwrap_or((text, "q=1"));
    let weight: f32 = weight.trim().strip_prefix(['q', 'Q'])?.strip_prefix('=')?.parse().ok()?;
    // Neither infinite nor no number at all (RFC 9110 §12.4.2).
    let is_wanted = weight > 0.0 && weight <= 1.0;
    Words::named(tag.trim()).filter(|_| is_wanted).map(|words| (weight, words))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn spoken(set: Option<&str>, lines: &[&[u8]]) -> &'static str {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(ACCEPT_LANGUAGE, HeaderValue::from_bytes(line).unwrap());
        }
        chosen(set, &headers).language
    }

    #[test]
    fn the_language_that_is_wanted_most_is_spoken() {
        // RFC 9110 §12.5.4
        for (header, language) in [
            ("de", "de"),
            ("DE", "de"),
            ("de-AT", "de"),
            ("de-Latn-CH-1996", "de"),
            ("de-DE,de;q=0.9,en-US;q=0.8,en;q=0.7", "de"),
            ("en-US,en;q=0.9,de;q=0.8", "en"),
            ("en;q=0.8, de ; Q=0.801", "de"),
            ("fr, de;q=0.2, en;q=0.1", "de"),
            ("de;q=0.5, en;q=0.5", "de"),
            ("en;q=0.5, de;q=0.5", "en"),
            ("de-AT;q=0, de", "de"),
            ("*, de;q=0.1", "de"),
        ] {
            assert_eq!(spoken(None, &[header.as_bytes()]), language, "{header}");
        }
        assert_eq!(spoken(None, &[b"en;q=0.5", b"fr", b"de"]), "de", "lines are one list");
    }

    #[test]
    fn what_the_person_has_set_goes_before_what_the_browser_says() {
        assert_eq!(spoken(Some("de"), &[b"en"]), "de");
        assert_eq!(spoken(Some("en"), &[b"de"]), "en");
        assert_eq!(spoken(Some("fr"), &[b"de"]), "de", "a language that only the windows speak");
    }

    #[test]
    fn whatever_names_no_language_of_ours_is_english() {
        let many = format!("{}de", "fr,".repeat(MOST_RANGES));
        for header in [
            "",
            " ",
            ",",
            ",,;,",
            "*",
            "fr-FR",
            "de;q=0",
            "de;q=0.000",
            "de;q=NaN",
            "de;q=inf",
            "de;q=-1",
            "de;q=2",
            "de;q=",
            "de;q",
            "de;",
            "de;x=1",
            "de;q=0.5;q=1",
            "de;q=1e99",
            "de_DE",
            "deu",
            "d",
            "-de",
            "i-de",
            &many,
        ] {
            assert_eq!(spoken(None, &[header.as_bytes()]), "en", "{header}");
        }
        assert_eq!(spoken(None, &[]), "en");
        assert_eq!(spoken(None, &[b"d\xe9", b"\xff"]), "en");
    }

    #[test]
    fn a_megabyte_is_read_like_a_line() {
        for (part, language) in [
            ("d", "en"),
            (",", "en"),
            ("de-", "de"),
            ("de;q=0.", "en"),
            ("-;", "en"),
            ("fr,", "en"),
            ("de,", "de"),
        ] {
            let header = part.repeat((1 << 20) / part.len());
            assert_eq!(spoken(None, &[header.as_bytes()]), language, "{part}");
        }
    }
}
