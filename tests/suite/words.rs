//! The words of the windows and of the pages in the browser: complete in every language, used, and in the words of
//! people (look.md, "Words").

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use bridge_core::view::{ConnectTrouble, ConnectTroubleCode, Problem, Subject};
use serde_json::Value;

use crate::documents::{files, read};

/// `section.key` and its text.
type Words = BTreeMap<String, String>;

/// A folder of words, and the sources that say them.
#[derive(Clone, Copy)]
struct Spoken {
    words: &'static str,
    by: &'static [&'static str],
}

const WINDOWS: Spoken = Spoken { words: "ui/words", by: &["ui", "src-tauri/src"] };
const PAGES: Spoken =
    Spoken { words: "src-tauri/core/src/http/pages/words", by: &["src-tauri/core/src/http/pages"] };

/// Endings of a key whose text depends on a count (Unicode's plural categories).
const FORMS: [&str; 6] = [".zero", ".one", ".two", ".few", ".many", ".other"];
/// Endings of what looks like a key and is the name of a file.
const FILES: [&str; 4] = [".html", ".js", ".css", ".svg"];
/// In lower case. A person never meets the terms; the rest is not how this program speaks.
const NEVER: [&str; 13] = [
    "client", "scope", "grant", "redirect", "token", "pkce", "please", "oops", "bitte ", "bitte,", "!",
    "...", "\"",
];

#[test]
fn windows_and_pages_speak_the_same_languages() {
    let spoken = |by| languages(by).into_keys().collect::<Vec<_>>();
    assert_eq!(spoken(WINDOWS), spoken(PAGES));
    assert!(spoken(WINDOWS).len() >= 2, "English and one more");
    for source in ["src-tauri/src/words.rs", "src-tauri/core/src/http/pages/words.rs"] {
        let source = read(source);
        assert!(spoken(PAGES).iter().all(|language| source.contains(&format!("words/{language}.json"))));
    }
}

#[test]
fn every_language_has_the_same_words() {
    for languages in [WINDOWS, PAGES].map(languages) {
        let english: BTreeSet<&str> = languages["en"].keys().map(|key| base(key)).collect();
        for (language, words) in &languages {
            let there: BTreeSet<&str> = words.keys().map(|key| base(key)).collect();
            assert_eq!(there, english, "{language}");
            for key in words.keys().filter(|key| base(key) != *key) {
                let other = format!("{}.other", base(key));
                assert!(words.contains_key(&other), "{language}: {key} without {other}");
            }
        }
    }
}

#[test]
fn every_language_fills_in_the_same_values() {
    for languages in [WINDOWS, PAGES].map(languages) {
        let english = &languages["en"];
        for (language, words) in &languages {
            for (key, text) in words {
                let expected =
                    placeholders(english.get(key).or(english.get(&format!("{}.other", base(key)))).unwrap());
                let found = placeholders(text);
                // "the key of one account" needs no number.
                let may_lack = key != base(key) && key.strip_suffix(".other").is_none();
                let is_right = found == expected || may_lack && found.is_subset(&expected);
                assert!(is_right, "{language}: {key} has {found:?}, not {expected:?}");
            }
        }
    }
}

#[test]
fn every_word_that_is_used_exists_and_every_word_is_used() {
    for by in [WINDOWS, PAGES] {
        let languages = languages(by);
        let keys: BTreeSet<&str> = languages["en"].keys().map(|key| base(key)).collect();
        let (mut whole, mut begun) = (BTreeSet::new(), BTreeSet::new());
        for file in files(by.by, &["html", "js", "rs"]) {
            let text = std::fs::read_to_string(&file).unwrap();
            // Unit tests speak of words that are missing.
            let source = text.split("#[cfg(test)]").next().unwrap_or_default();
            for used in uses(source, &keys) {
                let is_there = match &used {
                    Use::Whole(key) => keys.contains(base(key)),
                    Use::Begun(start) => keys.iter().any(|key| key.starts_with(start)),
                };
                assert!(is_there, "{} uses {used:?}", file.display());
                match used {
                    Use::Whole(key) => whole.insert(base(&key).to_owned()),
                    Use::Begun(start) => begun.insert(start),
                };
            }
        }
        let is_used = |key: &str| whole.contains(key) || begun.iter().any(|start| key.starts_with(start));
        let unused: Vec<_> = keys.iter().filter(|key| !is_used(key)).collect();
        assert!(unused.is_empty(), "nobody says {unused:#?}");
    }
}

#[test]
fn no_word_is_one_that_people_never_meet() {
    for (language, words) in languages(WINDOWS).into_iter().chain(languages(PAGES)) {
        for (key, text) in words {
            let lower = text.to_lowercase();
            let wrong: Vec<_> = NEVER.iter().filter(|word| lower.contains(**word)).collect();
            assert!(wrong.is_empty() && !text.is_empty(), "{language}: {key} says {wrong:?}: {text}");
        }
    }
}

#[test]
fn every_failure_that_a_window_may_meet_has_words() {
    let words = &languages(WINDOWS)["en"];
    let bridge = read("src-tauri/core/src/control/failure.rs");
    let bridge = &bridge[..bridge.find("#[cfg(test)]").unwrap()];
    // What fails in the app itself.
    let app = read("src-tauri/src/failure.rs");
    let source = format!("{bridge}\n{app}");
    let is_code =
        |text: &&str| text.contains('_') && text.chars().all(|c| c.is_ascii_lowercase() || c == '_');
    let codes: BTreeSet<&str> = source.split('"').skip(1).step_by(2).filter(is_code).collect();
    let known = ["key_rejected", "store_failed", "screen_failed", "reset_lock"];
    assert!(known.iter().all(|code| codes.contains(code)), "{codes:?}");
    let without: Vec<_> =
        codes.iter().filter(|code| !words.contains_key(&format!("failure.{code}"))).collect();
    assert!(without.is_empty(), "no words for {without:?}");
}

#[test]
fn every_problem_has_words_that_use_what_is_known_of_it() {
    let languages = languages(WINDOWS);
    for problem in every_problem() {
        let Value::Object(known) = serde_json::to_value(&problem).unwrap() else { panic!("{problem:?}") };
        let key = format!("problem.{}", known["code"].as_str().unwrap());
        for (language, words) in &languages {
            let texts: Vec<_> = words.iter().filter(|(name, _)| base(name) == key).collect();
            assert!(!texts.is_empty(), "{language}: no words for {key}");
            for (name, text) in texts {
                let unknown: Vec<_> =
                    placeholders(text).into_iter().filter(|value| !known.contains_key(*value)).collect();
                assert!(unknown.is_empty(), "{language}: {name} wants {unknown:?}");
            }
        }
    }
}

#[test]
fn every_finding_of_the_doctor_has_words_that_use_what_is_known_of_it() {
    let languages = languages(WINDOWS);
    let findings = every_finding();
    assert!(findings.len() > 70 && findings["port_taken"].contains("program"), "{findings:?}");
    for (code, members) in &findings {
        for (language, words) in &languages {
            let of = |section: &str| {
                let key = format!("{section}.{code}");
                words
                    .iter()
                    .filter(|(name, _)| base(name) == key)
                    .map(|(_, text)| text.as_str())
                    .collect::<Vec<_>>()
            };
            assert!(!of("cause").is_empty(), "{language}: no words for {code}");
            let has_cure = !of("cure").is_empty();
            assert_eq!(has_cure, !NEED_NO_CURE.contains(&code.as_str()), "{language}: {code}");
            for text in of("cause").into_iter().chain(of("cure")) {
                let unknown: Vec<_> =
                    placeholders(text).into_iter().filter(|value| !members.contains(*value)).collect();
                assert!(unknown.is_empty(), "{language}: {code} wants {unknown:?}");
            }
        }
    }
    let english = &languages["en"];
    let told = |section: &str| {
        let keys = english.keys().filter_map(|key| base(key).strip_prefix(section)).map(str::to_owned);
        keys.collect::<BTreeSet<_>>()
    };
    let known: BTreeSet<String> = findings.keys().cloned().collect();
    assert_eq!(told("cause."), known, "words for findings that do not exist");
    let subjects: Vec<_> = Subject::EXAMINED.into_iter().chain([Subject::Clock]).collect();
    for subject in subjects {
        let key = format!("doctor.{}", serde_json::to_value(subject).unwrap().as_str().unwrap());
        assert!(english.contains_key(&key), "no words for {key}");
    }
}

#[test]
fn no_sentence_of_the_doctor_has_a_word_that_people_never_meet() {
    for file in files(&["src-tauri/core/src/view/doctor"], &["rs"]) {
        let source = std::fs::read_to_string(&file).unwrap();
        let code =
            source.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
        for sentence in code.split('"').skip(1).step_by(2) {
            let lower = sentence.to_lowercase();
            let wrong: Vec<_> = NEVER.iter().filter(|word| lower.contains(**word)).collect();
            assert!(wrong.is_empty(), "{} says {wrong:?}: {sentence}", file.display());
        }
    }
}

/// Findings after which nothing is left to do.
const NEED_NO_CURE: [&str; 26] = [
    "app_connected",
    "apps_not_looked_for",
    "clock_fine",
    "clock_unchecked",
    "database_absent",
    "database_fine",
    "folders_absent",
    "folders_fine",
    "key_accepted",
    "key_of_sandbox",
    "keychain_fine",
    "keychain_not_needed",
    "log_absent",
    "log_fine",
    "port_any",
    "port_free",
    "port_ours",
    "running",
    "same_version",
    "settings_absent",
    "settings_fine",
    "start_on",
    "update_forbidden",
    "update_none",
    "upstream_fine",
    "upstream_sandbox",
];

/// Code and members of each, from the enums in the source: a new one needs words.
fn every_finding() -> BTreeMap<String, BTreeSet<String>> {
    let mut all = BTreeMap::new();
    for file in files(&["src-tauri/core/src/view/doctor"], &["rs"]) {
        let source = std::fs::read_to_string(&file).unwrap();
        for body in source.split("#[serde(tag = \"code\"").skip(1) {
            let (body, _) = body.split_once("\n}").expect("the end of the enum");
            let mut code = String::new();
            for line in body.lines() {
                let indent = line.len() - line.trim_start().len();
                let name = line.trim().trim_end_matches([',', '{', ' ']);
                if indent == 4 && name.starts_with(|c: char| c.is_ascii_uppercase()) {
                    code = snake_case(name);
                    all.insert(code.clone(), BTreeSet::new());
                } else if let (8, Some((member, _))) = (indent, name.split_once(": ")) {
                    all.entry(code.clone()).or_default().insert(member.to_owned());
                }
            }
        }
    }
    all
}

/// As serde does it.
fn snake_case(name: &str) -> String {
    let parted =
        |c: char| if c.is_ascii_uppercase() { format!("_{}", c.to_ascii_lowercase()) } else { c.into() };
    name.chars().map(parted).collect::<String>().trim_start_matches('_').to_owned()
}

#[test]
fn every_trouble_of_connecting_has_words_that_use_what_can_be_known_of_it() {
    let languages = languages(WINDOWS);
    let details = ["app", "file", "line", "command", "detail"];
    for code in every_trouble() {
        let named = serde_json::to_value(code).unwrap();
        let key = format!("failure.{}", named.as_str().unwrap());
        for (language, words) in &languages {
            let text = words.get(&key).unwrap_or_else(|| panic!("{language}: no words for {key}"));
            let unknown: Vec<_> =
                placeholders(text).into_iter().filter(|value| !details.contains(value)).collect();
            assert!(unknown.is_empty(), "{language}: {key} wants {unknown:?}");
        }
    }
    // What the words may use is what the page gets.
    let whole = ConnectTrouble {
        code: ConnectTroubleCode::CommandFailed,
        message: String::new(),
        app: Some(String::new()),
        file: Some(PathBuf::new()),
        line: Some(1),
        command: Some(String::new()),
        detail: Some(String::new()),
    };
    let Value::Object(known) = serde_json::to_value(&whole).unwrap() else { panic!("an object") };
    assert!(details.iter().all(|detail| known.contains_key(*detail)), "{known:?}");
}

/// One of each; a new kind does not compile until it is here.
fn every_trouble() -> Vec<ConnectTroubleCode> {
    use ConnectTroubleCode as Code;
    let all = vec![
        Code::AppNotInstalled,
        Code::NeedsAdapter,
        Code::EntryEdited,
        Code::EntryForeign,
        Code::RemoveEntryFirst,
        Code::EntryNotOurs,
        Code::QuitFirst,
        Code::SettingsDamaged,
        Code::SettingsUnexpected,
        Code::SettingsNotATable,
        Code::SettingsTwice,
        Code::SettingsUnusual,
        Code::SettingsNotAFile,
        Code::SettingsDangling,
        Code::SettingsOfAnother,
        Code::SettingsHardLinked,
        Code::SettingsReadOnly,
        Code::SettingsTooLarge,
        Code::SettingsNotText,
        Code::SettingsChanged,
        Code::SettingsRefused,
        Code::BackupFailed,
        Code::SettingsBusy,
        Code::CommandNotStarted,
        Code::CommandFailed,
        Code::CommandTimedOut,
        Code::CommandNotSeen,
    ];
    for code in &all {
        match code {
            Code::AppNotInstalled
            | Code::NeedsAdapter
            | Code::EntryEdited
            | Code::EntryForeign
            | Code::RemoveEntryFirst
            | Code::EntryNotOurs
            | Code::QuitFirst
            | Code::SettingsDamaged
            | Code::SettingsUnexpected
            | Code::SettingsNotATable
            | Code::SettingsTwice
            | Code::SettingsUnusual
            | Code::SettingsNotAFile
            | Code::SettingsDangling
            | Code::SettingsOfAnother
            | Code::SettingsHardLinked
            | Code::SettingsReadOnly
            | Code::SettingsTooLarge
            | Code::SettingsNotText
            | Code::SettingsChanged
            | Code::SettingsRefused
            | Code::BackupFailed
            | Code::SettingsBusy
            | Code::CommandNotStarted
            | Code::CommandFailed
            | Code::CommandTimedOut
            | Code::CommandNotSeen => {}
        }
    }
    all
}

/// One of each; a new kind does not compile until it is here.
fn every_problem() -> Vec<Problem> {
    let all = vec![
        Problem::DatabaseSetAside { file: PathBuf::new() },
        Problem::SandboxUnusable { file: PathBuf::new(), reason: String::new() },
        Problem::DiskFull,
        Problem::DataReadOnly,
        Problem::DatabaseDamaged,
        Problem::DatabaseFailed,
        Problem::KeychainLocked,
        Problem::KeychainWithoutKeyring,
        Problem::KeychainMissing,
        Problem::KeychainSlow,
        Problem::KeychainFailed,
        Problem::KeysUnsaved { count: 1 },
    ];
    for problem in &all {
        match problem {
            Problem::DatabaseSetAside { .. }
            | Problem::SandboxUnusable { .. }
            | Problem::DiskFull
            | Problem::DataReadOnly
            | Problem::DatabaseDamaged
            | Problem::DatabaseFailed
            | Problem::KeychainLocked
            | Problem::KeychainWithoutKeyring
            | Problem::KeychainMissing
            | Problem::KeychainSlow
            | Problem::KeychainFailed
            | Problem::KeysUnsaved { .. } => {}
        }
    }
    all
}

/// A key in the source of a page or of the app.
#[derive(Debug)]
enum Use {
    /// All of it.
    Whole(String),
    /// What stands before the part that is filled in.
    Begun(String),
}

/// What stands after a quotation mark and begins like a section.
fn uses(source: &str, keys: &BTreeSet<&str>) -> Vec<Use> {
    let sections: BTreeSet<&str> =
        keys.iter().filter_map(|key| key.split_once('.')).map(|(name, _)| name).collect();
    let pieces = source.split(['"', '\'', '`']).skip(1);
    let keyed =
        pieces.filter(|piece| piece.split_once('.').is_some_and(|(start, _)| sections.contains(start)));
    let end_of = |piece: &str| {
        piece
            .find(|c: char| !(c.is_ascii_lowercase() || c.is_ascii_digit() || "_.".contains(c)))
            .unwrap_or(piece.len())
    };
    let split = keyed.map(|piece| piece.split_at(end_of(piece)));
    split
        .filter(|(key, rest)| {
            (rest.is_empty() || rest.starts_with(['$', '{']))
                && !FILES.iter().any(|ending| key.ends_with(ending))
        })
        .map(|(key, rest)| if rest.is_empty() { Use::Whole(key.into()) } else { Use::Begun(key.into()) })
        .collect()
}

/// By their file's name.
fn languages(by: Spoken) -> BTreeMap<String, Words> {
    let files = files(&[by.words], &["json"]);
    files.iter().map(|file| (file.file_stem().unwrap().to_string_lossy().into_owned(), words(file))).collect()
}

fn words(file: &PathBuf) -> Words {
    let sections: BTreeMap<String, Words> = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    let keyed = |(section, words): (String, Words)| {
        words.into_iter().map(move |(key, text)| (format!("{section}.{key}"), text))
    };
    sections.into_iter().flat_map(keyed).collect()
}

/// Without the ending that says for how many.
fn base(key: &str) -> &str {
    FORMS.iter().find_map(|form| key.strip_suffix(form)).unwrap_or(key)
}

fn placeholders(text: &str) -> BTreeSet<&str> {
    text.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name).collect()
}
