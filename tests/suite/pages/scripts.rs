//! The scripts of the windows, where they must agree with the program.

use std::io::Write as _;
use std::process::{Command, Stdio};

use bridge_core::api_key::{ApiKey, KEY_PREFIX};
use serde_json::{Value, json};

use crate::documents::{files, read};
use crate::harness::node::CLIENTS;

const KEY: &str = "jean_sk_EXAMPLE_abcDEF-0123456789";

#[test]
fn every_script_parses() {
    for file in files(&["ui/scripts"], &["js"]) {
        let source = std::fs::read_to_string(&file).unwrap();
        let parsed = run(&["--check", "--input-type=module", "-"], &source);
        assert!(parsed.is_ok(), "{}: {}", file.display(), parsed.unwrap_err());
    }
}

#[test]
fn the_key_field_knows_a_key_as_the_program_does() {
    let longest = format!("{KEY_PREFIX}{}", "a".repeat(256 - KEY_PREFIX.len()));
    let shortest = format!("{KEY_PREFIX}{}", "a".repeat(16));
    let texts = [
        KEY,
        &longest,
        &format!("{longest}a"),
        &shortest,
        &shortest[..shortest.len() - 1],
        KEY_PREFIX,
        "",
        "jean_ak_0123456789abcdef0",
        "JEAN_SK_0123456789abcdefg",
        "jean_sk_0123456789 abcdefg",
        "jean_sk_0123456789abcdefé",
        "jean_sk_0123456789abcdef\u{202e}",
        "jean_sk_0123456789abcdef\n0",
    ];
    let forms = in_page("formOf", &json!(texts));
    for (text, form) in texts.iter().zip(forms.as_array().unwrap()) {
        assert_eq!(form == "key", ApiKey::parse(text).is_ok(), "{text:?} is {form}");
    }
}

#[test]
fn a_key_on_its_way_is_not_called_wrong() {
    let begun: Vec<&str> = (1..KEY_PREFIX.len() + 16).map(|end| &KEY[..end]).collect();
    let forms = in_page("formOf", &json!(begun));
    assert!(forms.as_array().unwrap().iter().all(|form| form == "begun"), "{forms}");
}

#[test]
fn only_what_may_be_a_key_gets_into_the_field() {
    let good =
        [format!(" \t{KEY}\r\n"), format!("\"{KEY}\""), format!("\u{feff}{KEY}\u{200b}"), KEY.to_owned()];
    let kept = in_page("cleaned", &json!(good));
    assert!(kept.as_array().unwrap().iter().all(|text| text == KEY), "{kept}");

    let junk = [
        format!("{KEY}\n{KEY}"),
        format!("{KEY} and more"),
        format!("{}\u{202e}{}", &KEY[..20], &KEY[20..]),
        format!("{}\0", &KEY[..20]),
        "a".repeat(10_000_000),
        "é".repeat(30),
        " \n".to_owned(),
        String::new(),
    ];
    let kept = in_page("cleaned", &json!(junk));
    assert!(kept.as_array().unwrap().iter().all(Value::is_null), "something of the junk was kept");
}

/// What a function of `key_form.js` makes of each text; nothing is null.
fn in_page(function: &str, texts: &Value) -> Value {
    let script = read("ui/scripts/key_form.js");
    let source =
        format!("{script}\nconsole.log(JSON.stringify({texts}.map((text) => {function}(text) ?? null)));");
    serde_json::from_str(&run(&["--input-type=module", "-"], &source).unwrap()).unwrap()
}

/// Runs Node on a script; its output, or its complaint.
fn run(arguments: &[&str], source: &str) -> Result<String, String> {
    let mut node = Command::new(CLIENTS.node())
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = node.stdin.take().unwrap();
    let source = source.to_owned();
    let writer = std::thread::spawn(move || stdin.write_all(source.as_bytes()));
    let ended = node.wait_with_output().unwrap();
    // A script that does not parse is not read to its end.
    let _ = writer.join().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    if ended.status.success() { Ok(text(ended.stdout)) } else { Err(text(ended.stderr)) }
}
