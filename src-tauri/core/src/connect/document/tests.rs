//! The three editors against files as people and programs leave them.

mod any_file;

use serde_json::json;

pub(super) use super::fuzzing::{entry, place};
use super::*;

const ENTRY: &str = r#"{"type":"http","url":"http://127.0.0.1:5326/mcp"}"#;

/// Puts the entry in, and takes it out again in both ways.
#[track_caller]
fn put(format: Format, before: &str) -> String {
    let place = place(format);
    let splice = format.put(before, place, &entry()).unwrap_or_else(|error| panic!("{before:?}: {error}"));
    let after = splice.applied_to(before);
    assert_eq!(format.entry(&after, place), Ok(Some(entry().value())), "{after}");
    let previous = format.entry(before, place).expect("it was read before");
    let undone = format.undo(&after, place, &splice, previous.as_ref()).expect("it can be read");
    assert_eq!(undone.expect("it can be undone").applied_to(&after), before);
    let taken = format.take(&after, place).expect("it can be read").expect("it is there").applied_to(&after);
    assert_eq!(format.entry(&taken, place), Ok(None), "{taken}");
    // A second time changes nothing.
    assert_eq!(format.put(&after, place, &entry()).unwrap().applied_to(&after), after);
    after
}

#[track_caller]
fn refused(format: Format, text: &str) -> Unreadable {
    let place = place(format);
    let error = format.put(text, place, &entry()).expect_err("it is not to be edited");
    assert!(!error.to_string().contains("secret"), "{error}");
    error
}

mod json_files {
    use super::*;

    #[test]
    fn an_empty_file_gets_a_table() {
        let whole = "{\n  \"mcpServers\": {\n    \"jean-memory\": {\n      \"type\": \"http\",\n      \"url\": \
                     \"http://127.0.0.1:5326/mcp\"\n    }\n  }\n}\n";
        assert_eq!(put(Format::Json, ""), whole);
        assert_eq!(put(Format::Json, "\u{feff}"), format!("\u{feff}{whole}"));
        assert_eq!(put(Format::Json, "// mine"), format!("// mine\n{whole}"));
        assert_eq!(put(Format::Json, "{}\n"), whole);
        assert_eq!(put(Format::Json, "{\n}\n"), whole);
        assert_eq!(put(Format::Json, "{\n  \"mcpServers\": {}\n}\n"), whole);
    }

    #[test]
    fn no_line_and_no_comment_of_theirs_changes() {
        assert_eq!(
            put(
                Format::Json,
                "{ // settings\n\t\"theme\": \"dark\", // a comma, and a comment\n\t\"mcpServers\": { /* mine */\n\t\t// the first\n\t\t\"a\": {\"command\": \"x\"},\n\t},\n}"
            ),
            "{ // settings\n\t\"theme\": \"dark\", // a comma, and a comment\n\t\"mcpServers\": { /* mine */\n\t\t\"jean-memory\": {\n\t\t\t\"type\": \"http\",\n\t\t\t\"url\": \"http://127.0.0.1:5326/mcp\"\n\t\t},\n\t\t// the first\n\t\t\"a\": {\"command\": \"x\"},\n\t},\n}"
        );
    }

    #[test]
    fn carriage_returns_and_the_byte_order_mark_stay() {
        let after =
            put(Format::Json, "\u{feff}{\r\n    \"mcpServers\": {\r\n        \"a\": {}\r\n    }\r\n}\r\n");
        assert!(after.starts_with(
            "\u{feff}{\r\n    \"mcpServers\": {\r\n        \"jean-memory\": {\r\n            \"type\""
        ));
        assert_eq!(after.matches('\n').count(), after.matches("\r\n").count());
    }

    #[test]
    fn what_is_on_one_line_stays_there() {
        assert_eq!(
            put(Format::Json, r#"{"a":1,"mcpServers":{"x":{}}}"#),
            format!(r#"{{"a":1,"mcpServers":{{"jean-memory":{ENTRY},"x":{{}}}}}}"#)
                .replace("\"jean-memory\":{", "\"jean-memory\": {")
        );
        put(Format::Json, r#"{ "a": 1 }"#);
        put(Format::Json, r#"{ /* x */ "a": 1, }"#);
        put(Format::Json, "{ /* x\n */ \"a\": 1, }");
        put(Format::Json, "{ /* x\n */ }");
        put(Format::Json, "{\"mcpServers\": { /* x\n */\n \"a\": 1 } }");
    }

    #[test]
    fn an_entry_of_that_name_is_replaced_and_comes_back() {
        let after = put(
            Format::Json,
            "{\n  \"mcpServers\": {\n    \"jean-memory\": {\"url\": 1}, // mine\n    \"b\": {}\n  }\n}",
        );
        assert!(after.contains("    }, // mine\n    \"b\": {}\n"), "{after}");
        put(Format::Json, r#"{"mcpServers":{"jean\u002dmemory":null}}"#);
    }

    #[test]
    fn a_name_with_dots_and_slashes_is_one_name() {
        let place = Place { container: "amp.mcpServers", name: "jean-memory" };
        let after = Format::Json.put("{\"amp\": {\"mcpServers\": {}}}", place, &entry()).unwrap();
        let after = after.applied_to("{\"amp\": {\"mcpServers\": {}}}");
        assert_eq!(after.matches("amp.mcpServers").count(), 1);
        assert!(after.ends_with("\"amp\": {\"mcpServers\": {}}}"), "{after}");
    }

    #[test]
    fn what_is_damaged_or_not_what_it_should_be_is_left_alone() {
        for (text, reason) in [
            ("{\n\"secret\": tru", Unreadable::Damaged { line: 2 }),
            ("{\"mcpServers\": {}", Unreadable::Damaged { line: 1 }),
            ("{} {}", Unreadable::Damaged { line: 1 }),
            ("{'a': 1}", Unreadable::Damaged { line: 1 }),
            ("{\"a\": 1 \"b\": 2}", Unreadable::Damaged { line: 1 }),
            ("{\"a\": \"\0", Unreadable::Damaged { line: 1 }),
            ("[]", Unreadable::Unexpected("a JSON configuration")),
            ("\"secret\"", Unreadable::Unexpected("a JSON configuration")),
            ("{\"mcpServers\": []}", Unreadable::NotATable("mcpServers".into())),
            ("{\"mcpServers\": null}", Unreadable::NotATable("mcpServers".into())),
            ("{\"mcpServers\": {}, \"mcpServers\": {}}", Unreadable::Twice("mcpServers".into())),
            (
                "{\"mcpServers\": {\"jean-memory\": 1, \"jean\\u002dmemory\": 2}}",
                Unreadable::Twice("jean-memory".into()),
            ),
        ] {
            assert_eq!(refused(Format::Json, text), reason, "{text}");
        }
        let deep = format!("{{\"a\": {}{}}}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(matches!(refused(Format::Json, &deep), Unreadable::Damaged { .. }));
    }

    #[test]
    fn five_megabytes_are_edited_too() {
        let prompt = "\"secret\": {\n".repeat(1000);
        let history: Vec<_> = (0..400).map(|n| json!({ "prompt": prompt, "n": n })).collect();
        let text =
            serde_json::to_string_pretty(&json!({ "history": history, "mcpServers": { "a": {} } })).unwrap();
        assert!(text.len() > 5_000_000);
        let splice = Format::Json.put(&text, place(Format::Json), &entry()).unwrap();
        assert_eq!(splice.removed, "");
        assert!(text[..splice.at].ends_with("\"mcpServers\": {"));
    }

    #[test]
    fn numbers_that_are_too_large_for_us_stay() {
        put(Format::Json, "{\"a\": 123456789012345678901234567890.5e999, \"mcpServers\": {}}");
    }

    #[test]
    fn taking_it_out_by_hand_leaves_the_others_as_they_are() {
        let place = place(Format::Json);
        for (before, after) in [
            (r#"{"mcpServers":{"jean-memory":{},"b":1}}"#, r#"{"mcpServers":{"b":1}}"#),
            (r#"{"mcpServers":{"a":1, "jean-memory":{}}}"#, r#"{"mcpServers":{"a":1}}"#),
            (r#"{"mcpServers":{"a":1, "jean-memory":{}, "b":1}}"#, r#"{"mcpServers":{"a":1, "b":1}}"#),
            (r#"{"mcpServers":{"jean-memory":{}}}"#, r#"{"mcpServers":{}}"#),
            ("{\"mcpServers\":{\n  \"a\":1,\n  \"jean-memory\":{}\n}}", "{\"mcpServers\":{\n  \"a\":1\n}}"),
            ("{\"mcpServers\":{\n  \"a\":1,\n  \"jean-memory\":{},\n}}", "{\"mcpServers\":{\n  \"a\":1,\n}}"),
            (
                "{\"mcpServers\":{\r\n  \"jean-memory\":{},\r\n  \"b\":1\r\n}}",
                "{\"mcpServers\":{\r\n  \"b\":1\r\n}}",
            ),
            (
                "{\"mcpServers\":{\n  \"a\":1, // about a\n  // about ours\n  \"jean-memory\":{}\n}}",
                "{\"mcpServers\":{\n  \"a\":1 // about a\n  // about ours\n}}",
            ),
        ] {
            let taken = Format::Json.take(before, place).unwrap().unwrap().applied_to(before);
            assert_eq!(taken, after);
        }
        assert_eq!(Format::Json.take("{\"mcpServers\":{\"a\":1}}", place), Ok(None));
        assert_eq!(Format::Json.take("", place), Ok(None));
    }
}

mod toml_files {
    use super::*;

    const TABLE: &str = "[mcp_servers.jean-memory]\ntype = \"http\"\nurl = \"http://127.0.0.1:5326/mcp\"\n";

    #[test]
    fn a_new_table_goes_to_the_end() {
        assert_eq!(put(Format::Toml, ""), TABLE);
        assert_eq!(put(Format::Toml, "model = \"o9\" # best"), format!("model = \"o9\" # best\n\n{TABLE}"));
        assert_eq!(
            put(Format::Toml, "[mcp_servers.a]\ncommand='x'\n# end\n"),
            format!("[mcp_servers.a]\ncommand='x'\n# end\n\n{TABLE}")
        );
        put(Format::Toml, "mcp_servers.a.command = 'x'\n");
        put(
            Format::Toml,
            "[mcp_servers]\na.command = 'x'\n[other]\nb = 1979-05-27T07:32:00Z\nc = [1.5, nan]\n",
        );
    }

    #[test]
    fn carriage_returns_and_the_byte_order_mark_stay() {
        let after = put(Format::Toml, "\u{feff}a = 1\r\n[b]\r\nc = 2\r\n");
        assert_eq!(after.matches('\n').count(), after.matches("\r\n").count());
        assert!(after.starts_with("\u{feff}a = 1\r\n[b]\r\nc = 2\r\n"));
    }

    #[test]
    fn a_table_on_one_line_stays_there() {
        assert_eq!(
            put(Format::Toml, "mcp_servers = {}\n"),
            "mcp_servers = { jean-memory = { type = \"http\", url = \"http://127.0.0.1:5326/mcp\" } }\n"
        );
        assert_eq!(
            put(Format::Toml, "mcp_servers = { a = { command = 'x' } } # mine\nb = 1\n"),
            "mcp_servers = { jean-memory = { type = \"http\", url = \"http://127.0.0.1:5326/mcp\" }, a = { command = 'x' } } # mine\nb = 1\n"
        );
    }

    #[test]
    fn an_entry_of_that_name_is_replaced_and_comes_back() {
        assert_eq!(
            put(
                Format::Toml,
                "[mcp_servers.jean-memory]\ncommand = 'x'\n# of ours\nargs = []\n\n# about b\n[b]\nc = 1\n\n[mcp_servers.jean-memory.env]\nA = 'x'\n\n[d]\n"
            ),
            format!("{TABLE}\n# about b\n[b]\nc = 1\n\n\n[d]\n")
        );
        put(Format::Toml, "[mcp_servers]\njean-memory = { url = 'x' }\na = {}\n");
        put(Format::Toml, "[mcp_servers.\"jean-memory\"]\nurl = 'x'");
    }

    #[test]
    fn what_is_damaged_or_not_what_it_should_be_is_left_alone() {
        for (text, reason) in [
            ("a = 1\nb = \"secret", Unreadable::Damaged { line: 2 }),
            ("mcp_servers = []\n", Unreadable::NotATable("mcp_servers".into())),
            ("[[mcp_servers]]\nname = 'a'\n", Unreadable::NotATable("mcp_servers".into())),
            ("mcp_servers = 1\n", Unreadable::NotATable("mcp_servers".into())),
            ("[mcp_servers]\njean-memory.url = 'x'\n", Unreadable::Unusual("mcp_servers".into())),
            ("[[mcp_servers.jean-memory]]\nurl = 'x'\n", Unreadable::Unusual("mcp_servers".into())),
        ] {
            assert_eq!(refused(Format::Toml, text), reason, "{text}");
        }
        for text in ["a = 1\na = 2\n", "[mcp_servers.a]\n[mcp_servers.a]\n", "\0"] {
            assert!(matches!(refused(Format::Toml, text), Unreadable::Damaged { .. }), "{text}");
        }
    }

    #[test]
    fn taking_it_out_by_hand_leaves_the_others_as_they_are() {
        let place = place(Format::Toml);
        for (before, after) in [
            ("a = 1\n[mcp_servers.jean-memory]\nurl = 'x'\n# about b\n[b]\n", "a = 1\n# about b\n[b]\n"),
            ("[mcp_servers.jean-memory] # mine\nurl = 'x'", ""),
            ("[mcp_servers]\njean-memory = {} # mine\na = {}\n", "[mcp_servers]\na = {}\n"),
        ] {
            let taken = Format::Toml.take(before, place).unwrap().unwrap().applied_to(before);
            assert_eq!(taken, after);
        }
        assert_eq!(Format::Toml.take("a = 1", place), Ok(None));
    }
}

mod yaml_files {
    use super::*;

    const ENTRY: &str = "  jean-memory:\n    type: \"http\"\n    url: \"http://127.0.0.1:5326/mcp\"\n";

    #[test]
    fn a_new_entry_stands_first_in_its_table() {
        assert_eq!(put(Format::Yaml, ""), format!("extensions:\n{ENTRY}"));
        assert_eq!(put(Format::Yaml, "# mine\n"), format!("# mine\nextensions:\n{ENTRY}"));
        assert_eq!(put(Format::Yaml, "GOOSE: x"), format!("GOOSE: x\nextensions:\n{ENTRY}"));
        assert_eq!(put(Format::Yaml, "extensions:\na: 1\n"), format!("extensions:\n{ENTRY}a: 1\n"));
        assert_eq!(put(Format::Yaml, "extensions: {}\na: 1\n"), format!("extensions: \n{ENTRY}a: 1\n"));
        assert_eq!(put(Format::Yaml, "extensions: {  }\na: 1\n"), format!("extensions: \n{ENTRY}a: 1\n"));
        assert_eq!(
            put(Format::Yaml, "extensions: {} # too\na: 1\n"),
            format!("extensions: # too\n{ENTRY}a: 1\n")
        );
        assert_eq!(put(Format::Yaml, "extensions: NULL\na: 1\n"), format!("extensions: \n{ENTRY}a: 1\n"));
        assert_eq!(
            put(Format::Yaml, "extensions: ~ # none\na: 1\n"),
            format!("extensions: # none\n{ENTRY}a: 1\n")
        );
        assert_eq!(
            put(
                Format::Yaml,
                "# top\nextensions: # mine\n  # about dev\n  developer: &dev\n    enabled: true\nb: |\n  text\n\n"
            ),
            format!(
                "# top\nextensions: # mine\n{ENTRY}  # about dev\n  developer: &dev\n    enabled: true\nb: |\n  text\n\n"
            )
        );
        put(Format::Yaml, "extensions:\n      wide:\n            a: 1\n");
        put(Format::Yaml, "---\nextensions:\n  a: {b: [1, 2]}\n  ü: \"ß\"\n");
    }

    #[test]
    fn carriage_returns_and_the_byte_order_mark_stay() {
        let after = put(Format::Yaml, "\u{feff}a: 1\r\nextensions:\r\n  b:\r\n    c: 1\r\n");
        assert_eq!(after.matches('\n').count(), after.matches("\r\n").count());
        assert!(after.starts_with("\u{feff}a: 1\r\nextensions:\r\n  jean-memory:\r\n"));
    }

    #[test]
    fn an_entry_of_that_name_is_replaced_and_comes_back() {
        assert_eq!(
            put(
                Format::Yaml,
                "extensions:\n  a: 1\n  jean-memory:\n    cmd: |\n      x\n      # text\n\n  # about b\n  b: 2\nc: 3\n"
            ),
            format!("extensions:\n  a: 1\n{ENTRY}\n  # about b\n  b: 2\nc: 3\n")
        );
        put(Format::Yaml, "extensions:\n  jean-memory: {cmd: x}\n");
        put(Format::Yaml, "extensions:\n  jean-memory:\n  - a\n  - b\n");
    }

    #[test]
    fn what_is_damaged_or_not_what_it_should_be_is_left_alone() {
        for (text, reason) in [
            ("- a\n", Unreadable::Unexpected("a YAML configuration")),
            ("secret\n", Unreadable::Unexpected("a YAML configuration")),
            ("a: 1\n---\nb: 2\n", Unreadable::Unexpected("a YAML configuration")),
            ("{extensions: {}}\n", Unreadable::Unusual("extensions".into())),
            ("\ta: 1\n", Unreadable::Unusual("extensions".into())),
            ("a: 1\rb: 2\r\n", Unreadable::Unusual("extensions".into())),
            ("extensions: {a: 1}\n", Unreadable::Unusual("extensions".into())),
            ("extensions: {\n  }\n", Unreadable::Unusual("extensions".into())),
            ("extensions: { # mine\n  } # too\n", Unreadable::Unusual("extensions".into())),
            ("extensions:\n- a\n", Unreadable::NotATable("extensions".into())),
            ("extensions: 1\n", Unreadable::NotATable("extensions".into())),
            ("b: &x {}\nextensions: *x\n", Unreadable::NotATable("extensions".into())),
            ("extensions:\n  a: 1\nextensions:\n  b: 1\n", Unreadable::Twice("extensions".into())),
            (
                "extensions:\n  jean-memory: 1\n  \"jean-memory\": 2\n",
                Unreadable::Twice("jean-memory".into()),
            ),
        ] {
            assert_eq!(refused(Format::Yaml, text), reason, "{text}");
        }
        for text in ["a: [secret", "a: b: c\n", "a: *unknown\n"] {
            assert!(matches!(refused(Format::Yaml, text), Unreadable::Damaged { .. }), "{text}");
        }
        let deep = format!("a: {}{}", "[".repeat(10_000), "]".repeat(10_000));
        assert!(matches!(refused(Format::Yaml, &deep), Unreadable::Damaged { .. }));
    }

    #[test]
    fn what_aliases_may_mean_is_not_touched() {
        // The table has an anchor or a tag: what is put into it would stand wherever an alias does.
        for text in [
            "extensions: &~ #\" none",
            "extensions: &~ #\" none\r\n",
            "extensions: &a\nb: *a\n",
            "extensions: &a {}\nb: *a\n",
            "extensions:\n  &a\n",
            "extensions: &a\n  c: 1\nb: *a\n",
            "extensions: &a\n  jean-memory:\n    url: x\nb: *a\n",
            "extensions: !!map {}\n",
            "extensions: !x\n  c: 1\n",
            "extensions:\n  !!map\n  c: 1\n",
            "!x extensions:\n  c: 1\n",
            "&a extensions:\n  c: *a\n",
        ] {
            assert_eq!(refused(Format::Yaml, text), Unreadable::Unusual("extensions".into()), "{text}");
        }
        // So has the entry that is there, and what is in it.
        for entry in [
            "jean-memory: &a\n    url: x\n",
            "jean-memory:\n    url: &a x\n",
            "jean-memory:\n    - b: &a {}\n",
            "jean-memory:\n    &a b: 1\n",
            "jean-memory: &a\n",
            "&a jean-memory:\n    url: x\n",
            "!x jean-memory:\n    url: &a x\n",
        ] {
            for text in [
                format!("extensions:\n  {entry}"),
                format!("extensions:\n  {entry}b: *a\n"),
                // The alias would mean another.
                format!("b: &a 1\nextensions:\n  {entry}c: *a\n"),
            ] {
                let refusal = Unreadable::Unusual("extensions".into());
                assert_eq!(refused(Format::Yaml, &text), refusal, "{text}");
                assert_eq!(Format::Yaml.take(&text, place(Format::Yaml)), Err(refusal), "{text}");
            }
        }
        // A file that says nothing but that there is something to say.
        for text in ["&a", "!!null\n", "--- !x\n", "&a # mine\n"] {
            let reason = Unreadable::Unexpected("a YAML configuration");
            assert_eq!(refused(Format::Yaml, text), reason, "{text}");
        }
    }

    #[test]
    fn anchors_tags_and_aliases_of_others_stay() {
        put(Format::Yaml, "base: &a !x\n  c: 1\nextensions:\n  d: *a\n  e: &f !!str 1\ng: [*f, &h 2, *h]\n");
        put(Format::Yaml, "base: &a {}\nextensions:\n  jean-memory: *a\nb: *a\n");
        put(Format::Yaml, "base: &a {}\nextensions:\n  <<: *a\n");
        put(Format::Yaml, "a: &b");
        put(Format::Yaml, "a: &b\nextensions:\nc: *b");
    }

    #[test]
    fn an_alias_that_would_mean_another_is_a_change() {
        let (format, place) = (Format::Yaml, place(Format::Yaml));
        let before = "a: &x 1\nextensions:\n  b: &x 2\nc: *x\n";
        let whole = format.value(before, place).unwrap();
        let splice = Splice::replace(before, 25..27, "");
        assert_eq!(splice.applied_to(before), "a: &x 1\nextensions:\n  b:  2\nc: *x\n");
        let checked = format.checked(before, &whole, splice, place, None);
        assert_eq!(checked, Err(Unreadable::Unusual("extensions".into())));
    }

    #[test]
    fn taking_it_out_by_hand_leaves_the_others_as_they_are() {
        let place = place(Format::Yaml);
        for (before, after) in [
            (
                "extensions:\n  a: 1\n  jean-memory:\n    b: 1\n\n# about c\nc: 1\n",
                "extensions:\n  a: 1\n\n# about c\nc: 1\n",
            ),
            ("extensions:\n  jean-memory:\n    b: 1", "extensions:\n"),
        ] {
            let taken = Format::Yaml.take(before, place).unwrap().unwrap().applied_to(before);
            assert_eq!(taken, after);
        }
        assert_eq!(Format::Yaml.take("a: 1", place), Ok(None));
    }
}

mod undoing {
    use super::*;

    #[test]
    fn what_others_changed_since_stays() {
        let (format, place) = (Format::Json, place(Format::Json));
        let before = "{\n  \"mcpServers\": {\n    \"a\": {}\n  }\n}\n";
        let made = format.put(before, place, &entry()).unwrap();
        let since = made
            .applied_to(before)
            .replace("\"a\": {}", "\"a\": {\"new\": true}")
            .replace("{\n  \"mcp", "{\n  \"x\": 1,\n  \"mcp");
        let undone = format.undo(&since, place, &made, None).unwrap().unwrap().applied_to(&since);
        assert_eq!(undone, "{\n  \"x\": 1,\n  \"mcpServers\": {\n    \"a\": {\"new\": true}\n  }\n}\n");
    }

    #[test]
    fn it_is_not_undone_where_that_would_break_the_file() {
        let (format, place) = (Format::Json, place(Format::Json));
        let made = format.put("{\n  \"mcpServers\": {}\n}\n", place, &entry()).unwrap();
        // Another server was added behind ours, with its comma.
        let since =
            made.applied_to("{\n  \"mcpServers\": {}\n}\n").replace("    }\n  }", "    }, \"b\": {}\n  }");
        assert!(since.contains("}, \"b\""), "{since}");
        assert_eq!(format.undo(&since, place, &made, None), Ok(None));
        let taken = format.take(&since, place).unwrap().unwrap().applied_to(&since);
        assert_eq!(format.entry(&taken, Place { name: "b", ..place }), Ok(Some(json!({}))));
    }
}
