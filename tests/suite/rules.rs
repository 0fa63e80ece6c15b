//! `tests/rules.md`: which test shows which rule of the protocol reference. No rule may be forgotten there, and
//! no test that it names may be gone.

use std::collections::{BTreeMap, BTreeSet};

use crate::documents::{quoted, read, sources};

/// Every MUST that concerns the bridge, by section of the protocol reference. Section 11 is the conformance suite's.
const MUST: [(u8, &[u8]); 10] = [
    (1, &[1, 3, 4, 5, 6, 11, 12, 13, 14, 15, 16]),
    (2, &[1, 2, 3, 4, 5, 6, 9, 14, 15, 16, 17, 18, 21, 26]),
    (3, &[1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 12, 14, 15, 16, 17, 18, 19]),
    (4, &[1, 3, 4, 5, 6, 7, 8, 9, 11, 12, 15, 17, 19, 20]),
    (5, &[1, 2, 4]),
    (6, &[1, 2, 3, 4, 9, 10, 11]),
    (7, &[1, 3, 6, 9, 10, 11, 12, 14, 15, 18, 20, 26, 27, 29, 31, 33, 34]),
    (8, &[1, 2, 3, 5, 10, 11, 12, 13, 14, 15, 16, 17]),
    (9, &[2, 3, 8, 9, 12, 13, 15, 16, 18, 19, 24, 26, 27]),
    (10, &[4]),
];

/// A row: what shows the rule.
enum Shown {
    Tests(Vec<String>),
    /// Nothing, for this reason.
    Not(String),
}

#[test]
fn every_rule_has_a_test_or_a_reason() {
    let rows = rows();
    let must = MUST.iter().flat_map(|(section, rules)| rules.iter().map(|rule| (*section, *rule)));
    let missing: Vec<_> = must.filter(|rule| !rows.contains_key(rule)).collect();
    assert!(missing.is_empty(), "not in tests/rules.md: {missing:?}");
    for (rule, shown) in rows {
        match shown {
            Shown::Tests(tests) => assert!(!tests.is_empty(), "{rule:?} has neither tests nor a reason"),
            Shown::Not(reason) => assert!(reason.len() > 10, "{rule:?} has no reason"),
        }
    }
}

#[test]
fn every_test_that_is_named_exists() {
    let tests = tests();
    assert!(tests.len() > 400, "{} tests were found", tests.len());
    for (rule, shown) in rows() {
        let Shown::Tests(named) = shown else { continue };
        let gone: Vec<_> = named.iter().filter(|name| !tests.contains(*name)).collect();
        assert!(gone.is_empty(), "{rule:?} names tests that do not exist: {gone:?}");
    }
}

/// The table, by section and number.
fn rows() -> BTreeMap<(u8, u8), Shown> {
    let text = read("tests/rules.md");
    let mut rows = BTreeMap::new();
    for line in text.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| Rule")) {
        let cells: Vec<_> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [rule, _, shown] = cells.as_slice() else { panic!("not three cells: {line}") };
        let number = rule.split(' ').next().and_then(|rule| rule.split_once('.'));
        let (section, number) = number.unwrap_or_else(|| panic!("no number: {line}"));
        let key = (section.parse().expect("a section"), number.parse().expect("a number"));
        let shown = match shown.strip_prefix("none: ") {
            Some(reason) => Shown::Not(reason.to_owned()),
            None => Shown::Tests(quoted(shown).map(str::to_owned).collect()),
        };
        assert!(rows.insert(key, shown).is_none(), "{rule} stands twice");
    }
    rows
}

/// The names of all functions that are run as tests.
fn tests() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for file in sources(&["src-tauri", "tests/suite"], &[]) {
        let mut is_test = false;
        for line in file.lines().map(str::trim_start) {
            if line.starts_with("#[test]") || line.starts_with("#[tokio::test") {
                is_test = true;
            } else if let Some((_, name)) = line.split_once("fn ").filter(|_| is_test) {
                names.extend(name.split_once('(').map(|(name, _)| name.to_owned()));
                is_test = false;
            }
        }
    }
    names
}
