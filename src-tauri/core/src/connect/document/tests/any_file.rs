//! Whatever a valid file looks like: every byte outside our entry stays, and taking it out gives the file back.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use serde_json::Value;

use super::super::fuzzing::beyond_nothing;
use super::super::*;
use super::{entry, place};

const NAMES: &str = "[a-z]{1,6}|mcpServers|jean-memory|[\\PC&&[^\\\\\"]]{0,4}";

/// A JSON value with blanks and comments wherever they may be.
fn json_value() -> BoxedStrategy<String> {
    let scalar = prop_oneof![
        Just("null".to_owned()),
        Just("true".to_owned()),
        any::<i64>().prop_map(|number| number.to_string()),
        any::<f64>().prop_map(|number| Value::from(number).to_string()),
        any::<String>().prop_map(|text| Value::String(text).to_string()),
    ];
    scalar
        .prop_recursive(4, 32, 5, |inner| {
            let list = (vec((blank(), inner.clone()), 0..4), any::<bool>(), blank())
                .prop_map(|(parts, trailing, end)| joined("[", parts, trailing, &end, "]"));
            prop_oneof![list, json_object(inner.boxed())]
        })
        .boxed()
}

fn json_object(value: BoxedStrategy<String>) -> impl Strategy<Value = String> {
    (vec((blank(), NAMES, blank(), value), 0..4), any::<bool>(), blank()).prop_map(
        |(members, trailing, end)| {
            let mut names = std::collections::BTreeSet::new();
            let members = members.into_iter().filter(|(_, name, _, _)| names.insert(name.clone()));
            let members = members
                .map(|(before, name, colon, value)| {
                    (before, format!("{}{colon}: {value}", Value::String(name)))
                })
                .collect();
            joined("{", members, trailing, &end, "}")
        },
    )
}

fn joined(open: &str, parts: Vec<(String, String)>, trailing: bool, end: &str, close: &str) -> String {
    let comma = if trailing && !parts.is_empty() { "," } else { "" };
    let parts: Vec<_> = parts.into_iter().map(|(before, part)| format!("{before}{part}")).collect();
    format!("{open}{}{comma}{end}{close}", parts.join(","))
}

fn blank() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => Just(String::new()),
        2 => Just(" ".to_owned()),
        2 => Just("\n  ".to_owned()),
        1 => Just("\n\t".to_owned()),
        1 => Just("\r\n    ".to_owned()),
        1 => Just(" // it's \"so\", {\n".to_owned()),
        1 => Just("/* , } */".to_owned()),
        1 => Just(" /* two\n lines */ ".to_owned()),
    ]
}

fn json_file() -> impl Strategy<Value = String> {
    let mark = prop_oneof![Just(""), Just("\u{feff}")];
    (mark, blank(), json_object(json_value()), blank())
        .prop_map(|(mark, before, root, after)| format!("{mark}{before}{root}{after}"))
}

fn toml_file() -> impl Strategy<Value = String> {
    let end = prop_oneof![Just("\n"), Just("\r\n"), Just("\n\n"), Just(" # it's [so]\n")];
    let value = prop_oneof![
        any::<i64>().prop_map(|number| number.to_string()),
        Just("'x'".to_owned()),
        Just("\"\"\"\n[mcp_servers.fake]\n# x\n\"\"\"".to_owned()),
        Just("[1,\n 2, # two\n]".to_owned()),
        Just("{ a = 1 }".to_owned()),
        Just("1979-05-27".to_owned()),
    ];
    let member =
        ("[a-z]{1,3}", value, end.clone()).prop_map(|(name, value, end)| (name, format!(" = {value}{end}")));
    let table = (
        prop_oneof!["[a-z]{4,6}", "mcp_servers\\.[a-z]{4,5}", "mcp_servers"],
        end,
        vec(member.clone(), 0..3),
    );
    (vec(member, 0..3), vec(table, 0..4), option::of("# end")).prop_map(|(first, tables, last)| {
        let mut text = members(first);
        let mut names = std::collections::BTreeSet::new();
        for (name, end, inner) in tables {
            if names.insert(name.clone()) {
                text = format!("{text}[{name}]{end}{}", members(inner));
            }
        }
        text + &last.unwrap_or_default()
    })
}

fn members(members: Vec<(String, String)>) -> String {
    let mut names = std::collections::BTreeSet::new();
    members
        .into_iter()
        .filter(|(name, _)| names.insert(name.clone()))
        .map(|(name, rest)| name + &rest)
        .collect()
}

fn yaml_file() -> impl Strategy<Value = String> {
    let end = prop_oneof![Just("\n"), Just("\r\n"), Just(" # it's: so\n"), Just("\n\n")];
    let leaf = prop_oneof![Just(" 1"), Just(" 'x: y'"), Just(" [a, {b: c}]"), Just(" \"# no\""), Just("")];
    let member =
        ("[a-z]{1,5}", leaf, end.clone()).prop_map(|(name, leaf, end)| (name, format!(":{leaf}{end}")));
    let table = (
        prop_oneof!["[a-z]{6,8}", Just("extensions".to_owned())],
        end,
        1..5_usize,
        vec(member.clone(), 0..4),
    );
    (vec(member, 0..3), vec(table, 0..4)).prop_map(|(first, tables)| {
        let mut text = members(first);
        let mut names = std::collections::BTreeSet::new();
        for (name, end, indent, inner) in tables {
            if names.insert(name.clone()) {
                text = format!("{text}{name}:{end}");
                let mut inner_names = std::collections::BTreeSet::new();
                for (name, rest) in inner.into_iter().filter(|(name, _)| inner_names.insert(name.clone())) {
                    text = format!("{text}{}{name}{rest}", " ".repeat(indent));
                }
            }
        }
        text
    })
}

/// A valid file is refused only where our table or our entry is not what it should be.
fn can_be_edited(format: Format, text: &str) -> Result<(), TestCaseError> {
    let refused = format.put(text, place(format), &entry()).err();
    let is_wrong = matches!(refused, None | Some(Unreadable::NotATable(_)));
    prop_assert!(is_wrong, "{:?}: {:?}", refused, text);
    Ok(())
}

/// All that is promised of a file that can be edited.
fn keeps_its_promises(format: Format, before: &str) -> Result<(), TestCaseError> {
    let place = place(format);
    let Ok(previous) = format.entry(before, place) else { return Ok(()) };
    let Ok(splice) = format.put(before, place, &entry()) else { return Ok(()) };
    let after = splice.applied_to(before);
    // Only what is replaced goes, and that is the previous entry or nothing that says anything.
    prop_assert_eq!(&before[splice.at..splice.at + splice.removed.len()], &splice.removed);
    let kept = beyond_nothing(&splice.removed).trim();
    prop_assert!(previous.is_some() || splice.inserted.contains(kept), "{:?}", splice);
    prop_assert_eq!(format.entry(&after, place), Ok(Some(entry().value())));
    let undo = format.undo(&after, place, &splice, previous.as_ref());
    prop_assert_eq!(undo.ok().flatten().map(|undo| undo.applied_to(&after)), Some(before.to_owned()));
    let take = format.take(&after, place);
    let taken = take.map_err(|error| TestCaseError::fail(format!("{error}: {after:?}")))?;
    prop_assert_eq!(format.entry(&taken.expect("it is there").applied_to(&after), place), Ok(None));
    Ok(())
}

proptest! {
    // A failure is told in full, so no file of earlier ones is kept.
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn json_keeps_every_byte_and_gives_the_file_back(text in json_file()) {
        can_be_edited(Format::Json, &text)?;
        keeps_its_promises(Format::Json, &text)?;
    }

    #[test]
    fn toml_keeps_every_byte_and_gives_the_file_back(text in toml_file()) {
        can_be_edited(Format::Toml, &text)?;
        keeps_its_promises(Format::Toml, &text)?;
    }

    #[test]
    fn yaml_keeps_every_byte_and_gives_the_file_back(text in yaml_file()) {
        can_be_edited(Format::Yaml, &text)?;
        keeps_its_promises(Format::Yaml, &text)?;
    }

    #[test]
    fn no_text_at_all_makes_an_editor_fall_over(text in any::<String>()) {
        for format in [Format::Json, Format::Toml, Format::Yaml] {
            keeps_its_promises(format, &text)?;
        }
    }
}
