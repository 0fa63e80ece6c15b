//! A person's answer: allowed, refused, restricted, too late, or not clear (protocol.md 9.12 to 9.21; design.md 4, 5).

use serde_json::json;

use super::is_accepted;
use crate::harness::bridge::{Bridge, BridgeOptions, Ended};
use crate::harness::oauth::{Client, SignIn};

/// The command failed, and said these words to the person.
#[track_caller]
fn assert_told(ended: &Ended, words: &[&str]) {
    assert_eq!(ended.status.code(), Some(1), "{ended:?}");
    assert!(words.iter().all(|word| ended.stderr.contains(word)), "{ended:?}");
    assert!(ended.stdout.is_empty(), "{ended:?}");
}

async fn assert_still_waits(bridge: &Bridge, asked: &SignIn) {
    let requests = bridge.cli_json(&["requests"]).await;
    let codes: Vec<_> = requests.as_array().expect("a list").iter().map(|request| &request["code"]).collect();
    assert!(codes.contains(&&json!(asked.code)), "{requests}");
}

#[tokio::test]
async fn a_person_sees_who_asks_for_what_and_where_the_answer_goes() {
    // protocol.md 9.16; design.md 4
    let bridge = Bridge::start().await;
    let client = Client::register(&bridge, "App").await;
    let asked = client.ask(&[("scope", "read")]).await;
    let requests = bridge.cli_json(&["requests"]).await;
    let request = &requests[0];
    assert_eq!(request["code"], json!(asked.code));
    assert_eq!(request["client_id"], json!(client.id));
    assert_eq!(request["client_name"], "App");
    assert_eq!(request["redirect_uri"], json!(client.redirect_uri));
    assert_eq!(request["scopes"], json!(["read"]));
    assert!(request["asked_at"].as_str() < request["expires_at"].as_str(), "{request}");
    assert_eq!(bridge.cli_json(&["status"]).await["state"], "asking");
    bridge.cli_ok(&["deny", &asked.code]).await;
    assert_eq!(bridge.cli_json(&["requests"]).await, json!([]));
}

#[tokio::test]
async fn the_matching_code_is_short_and_may_be_typed_carelessly() {
    // design.md 4
    let bridge = Bridge::start().await;
    let client = Client::register(&bridge, "App").await;
    for careless in [
        |code: &str| code.to_lowercase(),
        |code: &str| code.replace('-', ""),
        |code: &str| format!(" {code} "),
    ] {
        let asked = client.ask(&[]).await;
        let shape: Vec<_> =
            asked.code.chars().map(|c| if c.is_ascii_digit() { '9' } else { c }).skip(1).collect();
        assert_eq!(shape, ['9', '-', '9', '9'], "{}", asked.code);
        bridge.cli_ok(&["approve", &careless(&asked.code), "--sandbox"]).await;
        assert!(asked.finish().await.get("code").is_some());
    }
}

#[tokio::test]
async fn a_refusal_is_access_denied() {
    // protocol.md 3.3, 3.17
    let bridge = Bridge::start().await;
    let asked = Client::register(&bridge, "App").await.ask(&[]).await;
    bridge.cli_ok(&["deny", &asked.code]).await;
    let back = asked.finish().await;
    assert_eq!(back.get("error"), Some("access_denied"));
    assert_eq!((back.get("state"), back.get("iss")), (Some(asked.state.as_str()), Some(bridge.url())));
    assert_eq!(back.get("code"), None);
    assert_eq!(bridge.cli_json(&["clients"]).await, json!([]), "nobody is connected");
}

#[tokio::test]
async fn every_sign_in_is_asked_anew() {
    // protocol.md 9.12, 9.21: an earlier yes is no standing permission
    let bridge = Bridge::start().await;
    let client = Client::register(&bridge, "App").await;
    client.sign_in(&bridge).await;
    let again = client.ask(&[]).await;
    let undecided = again.hand_in().await.assert_status(303).redirect();
    assert!(undecided.url.starts_with("/oauth/wait/"), "{}", undecided.url);
    assert_still_waits(&bridge, &again).await;
}

#[tokio::test]
async fn a_person_may_allow_less_than_was_asked_but_not_something_else() {
    // protocol.md 3.15, 4.9; design.md 4
    let bridge = Bridge::start().await;
    let client = Client::register(&bridge, "App").await;
    let asked = client.ask(&[]).await;
    bridge.cli_ok(&["approve", &asked.code, "--sandbox", "--scope", "read"]).await;
    let code = asked.finish().await.get("code").map(str::to_owned).expect("a code");
    let reply = asked.redeem(&code).await.assert_status(200).json();
    assert_eq!(reply["scope"], "read", "told, because it is not what was asked");
    assert_eq!(bridge.cli_json(&["clients"]).await[0]["scopes"], json!(["read"]));

    let reader = client.ask(&[("scope", "read")]).await;
    let refused = bridge.cli(&["approve", &reader.code, "--sandbox", "--scope", "write"]).await;
    assert_told(&refused, &["nothing would be allowed"]);
    assert_still_waits(&bridge, &reader).await;
    bridge.cli_ok(&["approve", &reader.code, "--sandbox"]).await;
    let code = reader.finish().await.get("code").map(str::to_owned).expect("a code");
    assert_eq!(reader.redeem(&code).await.assert_status(200).json()["scope"], "read");
}

#[tokio::test]
async fn the_first_answer_counts() {
    // design.md 5: at most one answer
    let bridge = Bridge::start().await;
    let client = Client::register(&bridge, "App").await;
    let denied = client.ask(&[]).await;
    bridge.cli_ok(&["deny", &denied.code]).await;
    for args in [["approve", &denied.code, "--sandbox"].as_slice(), &["deny", &denied.code]] {
        assert_told(&bridge.cli(args).await, &["No app is waiting with this code"]);
    }
    assert_eq!(denied.finish().await.get("error"), Some("access_denied"));
    let allowed = client.ask(&[("state", "another")]).await;
    bridge.cli_ok(&["approve", &allowed.code, "--sandbox"]).await;
    assert_told(&bridge.cli(&["deny", &allowed.code]).await, &["No app is waiting with this code"]);
    assert!(allowed.finish().await.get("code").is_some());
}

#[tokio::test]
async fn of_many_answers_at_once_one_is_taken() {
    // design.md 5
    let bridge = Bridge::start().await;
    let asked = Client::register(&bridge, "App").await.ask(&[]).await;
    let approve = ["approve", asked.code.as_str(), "--sandbox"];
    let deny = ["deny", asked.code.as_str()];
    let answers = (0..8).map(|n| bridge.cli(if n % 2 == 0 { &approve } else { &deny }));
    let ended = futures_util::future::join_all(answers).await;
    let taken: Vec<_> = (0..8).filter(|n| ended[*n].status.success()).collect();
    assert_eq!(taken.len(), 1, "{ended:?}");
    let back = asked.finish().await;
    assert_eq!(back.get("code").is_some(), taken[0] % 2 == 0);
}

#[tokio::test]
async fn a_code_that_nobody_shows_answers_nothing() {
    // design.md 4
    let bridge = Bridge::start().await;
    let asked = Client::register(&bridge, "App").await.ask(&[]).await;
    let other = if asked.code == "A0-00" { "A0-01" } else { "A0-00" };
    for code in [other, "", "-", "*", "%", &asked.code[..4], &format!("{}0", asked.code), &asked.transaction]
    {
        assert_told(
            &bridge.cli(&["approve", "--sandbox", "--", code]).await,
            &["No app is waiting with this code"],
        );
        assert_told(&bridge.cli(&["deny", "--", code]).await, &["No app is waiting with this code"]);
    }
    assert_still_waits(&bridge, &asked).await;
}

#[tokio::test]
async fn an_answer_without_a_clear_account_is_asked_back_and_the_question_waits() {
    // design.md 4, 5
    let bridge =
        BridgeOptions::default().env("JEAN_BRIDGE_API_KEY", "jean_sk_EXAMPLE_0123456789abcdef").start().await;
    let client = Client::register(&bridge, "App").await;
    let asked = client.ask(&[]).await;
    let unknown = bridge.cli(&["approve", &asked.code, "--account", "nobody"]).await;
    assert_told(&unknown, &["no account with this id", "jean-bridge accounts"]);
    bridge.cli_ok(&["approve", &asked.code, "--sandbox"]).await;
    asked.finish().await;
    // Now there are two: the one of the environment and the sandbox.
    let accounts = bridge.cli_json(&["accounts"]).await;
    assert_eq!(accounts.as_array().map(Vec::len), Some(2), "{accounts}");
    let asked = client.ask(&[("state", "two")]).await;
    assert_told(&bridge.cli(&["approve", &asked.code]).await, &["There are 2 accounts", "--account ID"]);
    assert_still_waits(&bridge, &asked).await;
    let sandbox = accounts.as_array().into_iter().flatten().find(|account| account["kind"] == "sandbox");
    let id = sandbox.and_then(|account| account["id"].as_str()).expect("the sandbox's account");
    bridge.cli_ok(&["approve", &asked.code, "--account", id]).await;
    let code = asked.finish().await.get("code").map(str::to_owned).expect("a code");
    assert!(is_accepted(&bridge, &asked.exchange(&code).await.access).await);
}

#[tokio::test]
async fn without_any_account_a_person_is_told_what_to_give() {
    // design.md J2
    let bridge = Bridge::start().await;
    let asked = Client::register(&bridge, "App").await.ask(&[]).await;
    let told = bridge.cli(&["approve", &asked.code]).await;
    assert_told(&told, &["There is no account yet", "--key-stdin", "--sandbox"]);
    assert_still_waits(&bridge, &asked).await;
    bridge.cli_ok(&["approve", &asked.code, "--sandbox"]).await;
    asked.finish().await;
    // The only account there is needs no naming.
    let again = asked.client.ask(&[("state", "again")]).await;
    bridge.cli_ok(&["approve", &again.code]).await;
    assert!(again.finish().await.get("code").is_some());
}

#[tokio::test]
async fn an_account_that_is_gone_before_the_browser_comes_back_is_a_server_error() {
    // protocol.md 3.3
    let bridge = Bridge::start().await;
    let asked = Client::register(&bridge, "App").await.ask(&[]).await;
    bridge.cli_ok(&["approve", &asked.code, "--sandbox"]).await;
    let accounts = bridge.cli_json(&["accounts"]).await;
    bridge.cli_ok(&["accounts", "remove", accounts[0]["id"].as_str().expect("an id")]).await;
    let back = asked.finish().await;
    assert_eq!((back.get("error"), back.get("code")), (Some("server_error"), None));
}

#[tokio::test]
async fn a_code_for_an_account_that_is_gone_is_worth_nothing() {
    // protocol.md 9.11: removing an account ends everything that hangs on it
    let bridge = Bridge::start().await;
    let client = Client::register(&bridge, "App").await;
    let tokens = client.sign_in(&bridge).await;
    let asked = client.ask(&[]).await;
    let code = asked.allowed(&bridge).await;
    let accounts = bridge.cli_json(&["accounts"]).await;
    bridge.cli_ok(&["accounts", "remove", accounts[0]["id"].as_str().expect("an id")]).await;
    assert!(!is_accepted(&bridge, &tokens.access).await);
    client.refresh(tokens.refresh()).await.assert_error(400, "invalid_grant");
    asked.redeem(&code).await.assert_error(400, "invalid_grant");
    assert_eq!(bridge.cli_json(&["clients"]).await, json!([]));
}

#[tokio::test]
async fn revoking_a_client_withdraws_what_it_asks() {
    // protocol.md 5.4, 9.11
    let bridge = Bridge::start().await;
    let client = Client::register(&bridge, "App").await;
    client.sign_in(&bridge).await;
    let asked = client.ask(&[]).await;
    let other = Client::register(&bridge, "Other").await.ask(&[]).await;
    bridge.cli_ok(&["revoke", &client.id]).await;
    assert_eq!(asked.finish().await.get("error"), Some("access_denied"));
    assert_told(&bridge.cli(&["approve", &asked.code, "--sandbox"]).await, &["No app is waiting"]);
    assert_still_waits(&bridge, &other).await;
}

#[tokio::test]
async fn a_first_yes_can_be_taken_back_before_the_client_has_fetched_anything() {
    // protocol.md 5.4: what was allowed a moment ago is no less revocable than what is old
    let bridge = Bridge::start().await;
    for by_name in [false, true] {
        let client = Client::register(&bridge, "App").await;
        let named = if by_name { "App" } else { client.id.as_str() };
        assert_told(&bridge.cli(&["revoke", named]).await, &["No connected app"]);
        let unanswered = client.ask(&[("state", "unanswered")]).await;
        assert_told(&bridge.cli(&["revoke", named]).await, &["No connected app"]);
        let answered = client.ask(&[("state", "answered")]).await;
        let fetched = client.ask(&[("state", "fetched")]).await;
        bridge.cli_ok(&["approve", &answered.code, "--sandbox"]).await;
        bridge.cli_ok(&["revoke", named]).await;
        assert_eq!(answered.finish().await.get("error"), Some("access_denied"), "it was not fetched");
        assert_eq!(unanswered.finish().await.get("error"), Some("access_denied"), "it was not answered");
        assert_eq!(fetched.finish().await.get("error"), Some("access_denied"));
        let exchanged = client.ask(&[("state", "code")]).await;
        let code = exchanged.allowed(&bridge).await;
        bridge.cli_ok(&["revoke", named]).await;
        exchanged.redeem(&code).await.assert_error(400, "invalid_grant");
        assert_told(&bridge.cli(&["revoke", named]).await, &["No connected app"]);
    }
    assert_eq!(bridge.cli_json(&["clients"]).await, json!([]));
}

#[tokio::test]
async fn a_code_that_waits_to_be_exchanged_ends_with_the_revocation_of_its_client() {
    // protocol.md 5.4: "with effect on the next call"
    let bridge = Bridge::start().await;
    let client = Client::register(&bridge, "App").await;
    client.sign_in(&bridge).await;
    let asked = client.ask(&[]).await;
    let code = asked.allowed(&bridge).await;
    let answered = client.ask(&[("state", "answered, not yet fetched")]).await;
    bridge.cli_ok(&["approve", &answered.code, "--sandbox"]).await;
    bridge.cli_ok(&["revoke", &client.id]).await;
    asked.redeem(&code).await.assert_error(400, "invalid_grant");
    let back = answered.hand_in().await.assert_status(303).redirect();
    assert_eq!((back.get("error"), back.get("code")), (Some("access_denied"), None));
    assert_eq!(bridge.cli_json(&["clients"]).await, json!([]));
}
