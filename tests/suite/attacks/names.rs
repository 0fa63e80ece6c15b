//! Names that are meant to be read as another: letters of other alphabets, and lines in the log that nobody wrote.

use super::world::questions;
use crate::harness::bridge::Bridge;
use crate::harness::oauth::Client;

#[tokio::test]
async fn a_name_in_letters_that_look_like_others_is_pointed_out_wherever_it_is_shown() {
    let bridge = Bridge::start().await;
    for (name, is_disguised) in [
        ("Сlaude", true),
        ("Curѕоr", true),
        ("VS Сode", true),
        ("СОРУ", true),
        ("Claude Code", false),
        ("日本語 AI", false),
        ("Мой помощник", false),
    ] {
        let asked = Client::register(&bridge, name).await.ask(&[]).await;
        let listed = questions(&bridge).await;
        assert_eq!(listed[0]["name_looks_alike"], is_disguised, "{name}");
        let table = bridge.cli_ok(&["requests"]).await.stdout;
        assert_eq!(table.contains("only look like others"), is_disguised, "{table}");
        // Whoever answers without having looked has it in front of them all the same.
        let allowed = bridge.cli_ok(&["approve", &asked.code, "--sandbox"]).await.stdout;
        assert_eq!(allowed.contains("only look like others"), is_disguised, "{allowed}");
        assert!(allowed.find("Answer goes to") < allowed.find("Allowed"), "{allowed}");
    }
}

#[tokio::test]
async fn nothing_that_a_stranger_sends_writes_a_line_of_its_own_into_the_log() {
    const FORGED: &str = "2026-01-01T00:00:00Z  INFO forged: the key was removed";
    let bridge = Bridge::start().await;
    let line =
        format!("x\r\n{FORGED}\n{{\"level\":\"INFO\",\"forged\":true}}\u{1b}[2K\u{85}\u{2028}{FORGED}");
    let client = Client::register(&bridge, &line).await;
    let asked = client.ask(&[("scope", &format!("read {line}")), ("state", &line)]).await;
    bridge.cli_ok(&["approve", &asked.code, "--sandbox"]).await;
    let code = asked.finish().await.get("code").expect("a code").to_owned();
    asked.exchange(&code).await;
    let http = bridge.http();
    let inside = format_args!("x%0d%0a{}", FORGED.replace(' ', "%20")).to_string();
    for path in [
        format!("/oauth/wait/{inside}"),
        format!("/oauth/authorize?client_id={inside}&redirect_uri={inside}"),
        format!("/mcp/oauth/{inside}"),
        format!("/.well-known/{inside}"),
        format!("/{inside}"),
    ] {
        http.get(&path).send().await;
    }
    http.post("/oauth/token").form(&[("grant_type", &line), ("client_id", &line)]).send().await;
    http.post("/mcp/v2/").header("x-api-key", "x").send().await;
    let v2 = format!("/mcp/v2/{inside}/{inside}");
    http.post(&v2).header("x-api-key", "jean_sk_EXAMPLE_x").header("user-agent", "x").send().await;

    let folder = bridge.home().join("logs");
    let mut log = bridge.stderr();
    for file in std::fs::read_dir(&folder).expect("its logs").flatten() {
        log += &std::fs::read_to_string(file.path()).expect("text");
    }
    assert!(log.lines().count() > 5, "there is a log: {log}");
    for written in log.lines() {
        assert!(!written.trim_start().starts_with("2026-01-01"), "{written}");
        assert!(!written.starts_with("{\"level\":\"INFO\",\"forged\""), "{written}");
        assert!(!written.contains('\u{1b}') || written.contains("\u{1b}[0m"), "{written:?}");
        assert!(!written.contains(['\u{85}', '\u{2028}']), "{written:?}");
    }
}
