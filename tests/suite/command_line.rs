//! The command line as scripts and people meet it: exit statuses, one-line failures, pipes, signals, and
//! the dialogue of `serve` on a terminal (design.md 4, J8).

use serde_json::json;
use tokio::io::{AsyncBufReadExt as _, BufReader};

use crate::harness::bridge::{Bridge, BridgeOptions, Ended};
use crate::harness::http::PATIENCE;
use crate::harness::oauth::Client;
use crate::harness::ports::free_port;
use crate::harness::programs::program;

const REJECTED_KEY: &str = "jean_sk_EXAMPLE_of_nobody_0123456789abcdef";

#[track_caller]
fn assert_failed(ended: &Ended, status: i32, words: &[&str]) {
    assert_eq!(ended.status.code(), Some(status), "{ended:?}");
    assert_eq!(ended.stdout, "", "nothing for scripts to mistake for a result");
    assert_eq!(ended.stderr.lines().count(), 1, "one line: {ended:?}");
    for word in words {
        assert!(ended.stderr.contains(word), "{word}: {ended:?}");
    }
}

mod statuses {
    use super::*;

    #[tokio::test]
    async fn without_a_bridge_the_status_is_3_and_the_cure_is_named() {
        let home = tempfile::tempdir().unwrap();
        for args in [
            ["status"].as_slice(),
            &["requests", "--json"],
            &["approve", "K7-42"],
            &["deny", "K7-42"],
            &["clients"],
            &["revoke", "x"],
            &["pause"],
            &["resume"],
            &["accounts"],
            &["accounts", "add", "--key-stdin"],
            &["accounts", "remove", "x"],
        ] {
            let ended = BridgeOptions::default().home(home.path()).cli(args).await;
            assert_failed(&ended, 3, &["not running", "jean-bridge serve"]);
        }
    }

    #[tokio::test]
    async fn wrong_usage_is_2() {
        let home = tempfile::tempdir().unwrap();
        for args in [["nonsense"].as_slice(), &[], &["approve"], &["accounts", "add"]] {
            let ended = BridgeOptions::default().home(home.path()).cli(args).await;
            assert_eq!(ended.status.code(), Some(2), "{args:?}: {ended:?}");
        }
    }

    #[tokio::test]
    async fn what_is_not_there_is_1_with_what_to_type() {
        let bridge = Bridge::start().await;
        assert_failed(&bridge.cli(&["approve", "K0-00"]).await, 1, &["jean-bridge requests"]);
        assert_failed(&bridge.cli(&["deny", "K0-00"]).await, 1, &["jean-bridge requests"]);
        assert_failed(&bridge.cli(&["revoke", "Nobody"]).await, 1, &["jean-bridge clients"]);
        assert_failed(&bridge.cli(&["accounts", "remove", "x"]).await, 1, &["jean-bridge accounts"]);
    }

    #[test]
    fn bash_completes_what_comes_after_a_command() {
        assert_eq!(completed("approve", "--sa"), "--sandbox --save-unchecked");
        assert_eq!(completed("connect", "vs-"), "vs-code vs-code-insiders");
        assert_eq!(completed("disconnect", "cur"), "cursor");
    }

    fn completed(command: &str, begun: &str) -> String {
        let script = "source <(\"$0\" completions bash); COMP_WORDS=(jean-bridge \"$1\" \"$2\"); COMP_CWORD=2; \
                      _jean__bridge jean-bridge \"$2\" \"$1\"; echo ${COMPREPLY[*]}";
        let shell = std::process::Command::new("bash")
            .args(["--norc", "-c", script])
            .arg(program("jean-bridge"))
            .args([command, begun])
            .output()
            .unwrap();
        String::from_utf8_lossy(&shell.stdout).trim().to_owned()
    }

    #[tokio::test]
    async fn the_log_can_be_read_without_a_bridge() {
        let home = tempfile::tempdir().unwrap();
        let options = BridgeOptions::default().home(home.path());
        assert_failed(&options.cli(&["logs"]).await, 1, &["no log yet"]);
        options.clone().start().await.kill().await;
        let ended = options.cli(&["logs"]).await;
        assert!(ended.status.success() && ended.stdout.contains("the bridge listens"), "{ended:?}");
    }
}

mod starting {
    use super::*;

    #[tokio::test]
    async fn a_second_bridge_of_one_home_points_to_the_first() {
        let home = tempfile::tempdir().unwrap();
        let options = BridgeOptions::default().home(home.path());
        let first = options.clone().start().await;
        let ended = options.cli(&["serve", "--port", "0"]).await;
        assert_failed(&ended, 1, &["already running", first.url(), &first.pid().to_string()]);
        first.cli_ok(&["status"]).await;
    }

    #[tokio::test]
    async fn a_port_of_another_bridge_is_named_with_a_free_choice() {
        let first = Bridge::start().await;
        // Its first answer may take a while.
        first.http().get("/status").send().await.assert_status(200);
        let Err(ended) = BridgeOptions::default().port(first.port()).try_start().await else {
            panic!("two bridges on one port")
        };
        assert_failed(&ended, 1, &["Another Jean Memory Bridge", &first.port().to_string(), "--port"]);
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn a_port_of_another_program_is_named_with_the_program() {
        let other = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = other.local_addr().unwrap().port();
        let Err(ended) = BridgeOptions::default().port(port).try_start().await else {
            panic!("two programs on one port")
        };
        let pid = std::process::id().to_string();
        assert_failed(&ended, 1, &["Another program", &port.to_string(), &pid, "--port"]);
    }

    #[tokio::test]
    async fn a_wrong_setting_is_named_and_a_secret_is_not_shown() {
        let secret = "only-thirty-one-bytes-of-secret";
        let Err(ended) = BridgeOptions::default().env("JWT_SECRET_KEY", secret).try_start().await else {
            panic!("a short signing key")
        };
        assert_failed(&ended, 1, &["JWT_SECRET_KEY", "32 bytes"]);
        assert!(!ended.stderr.contains(secret));
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn a_signal_ends_it_cleanly_and_a_crash_leaves_nothing_in_the_way() {
        let home = tempfile::tempdir().unwrap();
        let options = BridgeOptions::default().home(home.path());
        options.clone().start().await.kill().await;
        assert_failed(&options.cli(&["status"]).await, 3, &["not running"]);
        let again = options.clone().start().await;
        again.cli_ok(&["status"]).await;
        assert!(again.terminate().await.success());
        assert_failed(&options.cli(&["status"]).await, 3, &["not running"]);
    }
}

mod keys {
    use super::*;

    #[tokio::test]
    async fn a_wrong_form_a_rejected_key_and_an_unreachable_api_are_three_things() {
        let bridge = Bridge::start().await;
        let add = ["accounts", "add", "--key-stdin"];
        let ended = bridge.cli_with_stdin(&add, "sk-something-else").await;
        assert_failed(&ended, 1, &["does not look like a Jean Memory key", "jean_sk_"]);
        let ended = bridge.cli_with_stdin(&add, REJECTED_KEY).await;
        assert_failed(&ended, 1, &["does not accept this key"]);

        let offline = BridgeOptions::default().api(&closed_port()).start().await;
        let ended = offline.cli_with_stdin(&add, REJECTED_KEY).await;
        assert_failed(&ended, 1, &["could not be reached", "--save-unchecked"]);
        assert_eq!(offline.cli_json(&["accounts"]).await, json!([]));

        let unchecked = [&add[..], &["--save-unchecked", "--json"]].concat();
        let saved = offline.cli_with_stdin(&unchecked, REJECTED_KEY);
        let saved: serde_json::Value = serde_json::from_str(&saved.await.stdout).unwrap();
        assert_eq!(saved["state"], "unchecked");
        assert_eq!(saved["key_hint"], "…cdef");
        assert_eq!(offline.cli_json(&["accounts"]).await, json!([saved]));
        offline.cli_ok(&["accounts", "remove", saved["id"].as_str().unwrap()]).await;
        assert_eq!(offline.cli_json(&["accounts"]).await, json!([]));
    }

    /// Where nobody listens.
    fn closed_port() -> String {
        format!("http://127.0.0.1:{}", free_port())
    }
}

mod answering {
    use super::*;

    #[tokio::test]
    async fn a_request_is_listed_allowed_less_and_taken_back() {
        let bridge = Bridge::start().await;
        let client = Client::register(&bridge, "Claude Code").await;
        let sign_in = client.ask(&[]).await;
        let requests = bridge.cli_json(&["requests"]).await;
        assert_eq!(requests[0]["code"], sign_in.code);
        assert_eq!(requests[0]["scopes"], json!(["read", "write"]));
        let table = bridge.cli_ok(&["requests"]).await.stdout;
        assert!(table.contains("Claude Code") && table.contains("this computer"), "{table}");

        let typed = sign_in.code.replace('-', "").to_lowercase();
        let said = bridge.cli_ok(&["approve", &typed, "--sandbox", "--scope", "read"]).await.stdout;
        assert!(said.contains("Claude Code"), "{said}");
        assert_eq!(bridge.cli_json(&["requests"]).await, json!([]));
        sign_in.exchange(sign_in.finish().await.get("code").unwrap()).await;
        let clients = bridge.cli_json(&["clients"]).await;
        assert_eq!(clients[0]["scopes"], json!(["read"]));
        bridge.cli_ok(&["revoke", "Claude Code"]).await;
        assert_eq!(bridge.cli_json(&["clients"]).await, json!([]));
    }

    #[tokio::test]
    async fn without_an_account_the_choices_are_named_and_the_request_waits_on() {
        let bridge = Bridge::start().await;
        let sign_in = Client::register(&bridge, "Cursor").await.ask(&[]).await;
        let ended = bridge.cli(&["approve", &sign_in.code]).await;
        assert_failed(&ended, 1, &["no account", "--key-stdin", "--sandbox"]);
        assert_eq!(bridge.cli_json(&["requests"]).await[0]["code"], sign_in.code);
    }
}

mod pipes {
    use super::*;

    #[tokio::test]
    async fn a_reader_that_has_enough_is_no_failure() {
        let bridge = Bridge::start().await;
        for args in [["status", "--json"].as_slice(), &["--help"], &["completions", "bash"], &["logs", "-f"]]
        {
            let mut child = bridge.spawn(args);
            let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
            let first =
                tokio::time::timeout(PATIENCE, lines.next_line()).await.expect("a first line in time");
            assert!(first.unwrap().is_some(), "{args:?}");
            drop(lines);
            let ended = tokio::time::timeout(PATIENCE, child.wait_with_output());
            let ended = ended.await.expect("it ends in time").unwrap();
            assert!(ended.status.success(), "{args:?}: {ended:?}");
            assert_eq!(String::from_utf8_lossy(&ended.stderr), "", "{args:?}");
        }
    }
}

#[cfg(target_os = "linux")]
mod on_a_terminal {
    use super::*;
    use crate::harness::terminal::{Terminal, Typed};

    #[tokio::test]
    async fn a_request_is_allowed_and_the_key_is_not_shown() {
        let terminal = Terminal::start(BridgeOptions::default()).await;
        let bridge = terminal.bridge();
        let client = Client::register(bridge, "Claude Code").await;
        let sign_in = client.ask(&[]).await;
        terminal.wait_for("Claude Code wants to use your memories").await;
        assert!(terminal.shown().contains(&sign_in.code) && terminal.shown().contains("this computer"));

        terminal.answer("Allow Claude Code?", "y", "Account: ").await;
        terminal.answer("Account: ", "k", "press Enter: ").await;
        terminal.answer("press Enter: ", REJECTED_KEY, "does not accept this key").await;
        assert!(!terminal.shown().contains("jean_sk_EXAMPLE"), "{}", terminal.shown());
        terminal.answer("Allow Claude Code?", "r", "Account: ").await;
        terminal.answer("Account: ", "s", "Allowed.").await;
        sign_in.exchange(sign_in.finish().await.get("code").unwrap()).await;
        assert_eq!(bridge.cli_json(&["clients"]).await[0]["scopes"], json!(["read"]));
    }

    #[tokio::test]
    async fn nonsense_decides_nothing_and_no_refuses() {
        let terminal = Terminal::start(BridgeOptions::default()).await;
        let client = Client::register(terminal.bridge(), "Cursor").await;
        let sign_in = client.ask(&[]).await;
        terminal.answer("Allow Cursor?", "perhaps", "Type one of the letters").await;
        assert_eq!(terminal.bridge().cli_json(&["requests"]).await[0]["code"], sign_in.code);
        terminal.answer("Allow Cursor?", "n", "Refused.").await;
        assert_eq!(terminal.bridge().cli_json(&["requests"]).await, json!([]));
    }

    #[tokio::test]
    async fn approve_shows_who_asks_and_waits_for_a_yes() {
        let bridge = Bridge::start().await;
        let asked = Client::register(&bridge, "Claude Code").await.ask(&[]).await;
        for (line, is_yes) in [("", false), ("n", false), ("perhaps", false), ("y", true)] {
            let typed = Typed::command(&bridge, &["approve", &asked.code, "--sandbox", "--scope", "read"]);
            typed.answer("Allow Claude Code? [y/N] ", line).await;
            let (succeeded, shown) = typed.ended().await;
            assert_eq!(succeeded, is_yes, "{line}: {shown}");
            for fact in ["wants to use your memories", &asked.code, "this computer", "read: search"] {
                assert!(shown.contains(fact), "{fact}: {shown}");
            }
            assert!(!shown.contains("write: add"), "it is not to be allowed: {shown}");
            assert_eq!(bridge.cli_json(&["requests"]).await.as_array().unwrap().is_empty(), is_yes);
        }
        let code = asked.finish().await.get("code").unwrap().to_owned();
        asked.exchange(&code).await;
        assert_eq!(bridge.cli_json(&["clients"]).await[0]["scopes"], json!(["read"]));
    }

    #[tokio::test]
    async fn a_yes_is_for_the_question_that_was_read() {
        let bridge = Bridge::start().await;
        let asked = Client::register(&bridge, "App").await.ask(&[]).await;
        let typed = Typed::command(&bridge, &["approve", &asked.code, "--key-stdin"]);
        typed.answer("Allow App? [y/N] ", "y").await;
        bridge.cli_ok(&["deny", &asked.code]).await;
        typed.answer("press Enter: ", "jean_sk_EXAMPLE_0123456789abcdef").await;
        let (succeeded, shown) = typed.ended().await;
        assert!(!succeeded && !shown.contains("EXAMPLE"), "{shown}");
        assert_eq!(asked.finish().await.get("error"), Some("access_denied"));
    }

    #[tokio::test]
    async fn a_question_that_was_answered_elsewhere_makes_room_for_the_next() {
        let terminal = Terminal::start(BridgeOptions::default()).await;
        let bridge = terminal.bridge();
        let first = Client::register(bridge, "First").await.ask(&[]).await;
        terminal.wait_for("Allow First?").await;
        bridge.cli_ok(&["deny", &first.code]).await;
        terminal.wait_for("First no longer waits").await;
        Client::register(bridge, "Second").await.ask(&[]).await;
        terminal.answer("Allow Second?", "y", "Account: ").await;
        terminal.answer("Account: ", "s", "Allowed.").await;
    }
}
