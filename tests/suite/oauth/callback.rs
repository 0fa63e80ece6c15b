//! `/oauth/callback`, where the waiting page hands a transaction in (protocol.md 3.22, 9.3, 9.4).

use http::Method;

use crate::harness::bridge::Bridge;
use crate::harness::http::{Answer, Asking};
use crate::harness::oauth::{Client, SignIn};

async fn approved(bridge: &Bridge) -> SignIn {
    let asked = Client::register(bridge, "App").await.ask(&[]).await;
    bridge.cli_ok(&["approve", &asked.code, "--sandbox"]).await;
    asked
}

fn hand_in(asked: &SignIn) -> Asking {
    asked.client.http.post("/oauth/callback").form(&[("transaction", &asked.transaction)])
}

#[track_caller]
fn assert_no_code(answer: &Answer) {
    assert_eq!(answer.header("location"), None, "{answer:?}");
    assert!(!answer.text().contains("jbcode_"), "{}", answer.text());
}

#[tokio::test]
async fn a_transaction_is_handed_in_once() {
    // protocol.md 3.22
    let bridge = Bridge::start().await;
    let asked = approved(&bridge).await;
    let first = asked.hand_in().await.assert_status(303);
    assert_eq!(first.header("cache-control"), Some("no-store"));
    assert_eq!(first.header("referrer-policy"), Some("no-referrer"));
    assert!(first.redirect().get("code").is_some());
    for _ in 0..2 {
        assert_no_code(&asked.hand_in().await.assert_status(200));
    }
}

#[tokio::test]
async fn of_many_at_once_one_gets_the_code() {
    // protocol.md 3.22
    let bridge = Bridge::start().await;
    let asked = approved(&bridge).await;
    let all: Vec<_> = (0..20).map(|_| tokio::spawn(hand_in(&asked).send())).collect();
    let mut with_code = 0;
    for one in all {
        let answer = one.await.expect("it does not panic");
        with_code += usize::from(answer.status.as_u16() == 303 && answer.redirect().get("code").is_some());
    }
    assert_eq!(with_code, 1);
}

#[tokio::test]
async fn before_a_person_has_answered_it_leads_back_to_waiting() {
    // protocol.md 3.22: only for a transaction already approved
    let bridge = Bridge::start().await;
    let asked = Client::register(&bridge, "App").await.ask(&[]).await;
    let back = asked.hand_in().await.assert_status(303).redirect();
    assert_eq!(back.url, format!("/oauth/wait/{}", asked.transaction));
    bridge.cli_ok(&["approve", &asked.code, "--sandbox"]).await;
    assert!(asked.finish().await.get("code").is_some(), "asking too early spent nothing");
}

#[tokio::test]
async fn an_unknown_transaction_is_an_error_page() {
    // protocol.md 3.22
    let bridge = Bridge::start().await;
    let asked = approved(&bridge).await;
    let post = |form: &[(&str, &str)]| asked.client.http.post("/oauth/callback").form(form).send();
    let almost = &asked.transaction[..asked.transaction.len() - 1];
    for id in ["unknown", "jbw", almost, &asked.code, &asked.client.id, "../x", "' OR 1=1", &"x".repeat(9000)]
    {
        assert_no_code(&post(&[("transaction", id)]).await.assert_status(400));
    }
    assert_no_code(&post(&[]).await.assert_error(400, "invalid_request"));
    assert_no_code(&post(&[("Transaction", &asked.transaction)]).await.assert_error(400, "invalid_request"));
    // Only the body is read, and only as a form.
    let in_query = format!("/oauth/callback?transaction={}", asked.transaction);
    assert_no_code(
        &asked.client.http.post(&in_query).form(&[]).send().await.assert_error(400, "invalid_request"),
    );
    let json = format!("{{\"transaction\":\"{}\"}}", asked.transaction);
    for kind in ["application/json", "text/plain", "multipart/form-data; boundary=x"] {
        let answer =
            asked.client.http.post("/oauth/callback").header("content-type", kind).body(json.clone());
        assert_no_code(&answer.send().await.assert_error(400, "invalid_request"));
    }
    asked.finish().await;
}

#[tokio::test]
async fn only_post_is_answered_and_there_is_no_alias() {
    // protocol.md 3.22
    let bridge = Bridge::start().await;
    let asked = approved(&bridge).await;
    let with_query = format!("/oauth/callback?transaction={}", asked.transaction);
    for path in ["/oauth/callback", &with_query] {
        for method in [Method::GET, Method::HEAD, Method::PUT, Method::DELETE] {
            assert_no_code(&asked.client.http.ask(method, path).as_browser().send().await.assert_status(405));
        }
    }
    let form = [("transaction", asked.transaction.as_str())];
    for path in ["/callback", "/oauth/callback/", "/oauth/callback/x"] {
        assert_no_code(&asked.client.http.post(path).form(&form).send().await.assert_status(404));
    }
    asked.finish().await;
}

#[tokio::test]
async fn only_our_own_page_may_hand_it_in() {
    // protocol.md 3.22, 9.3, 9.4
    let bridge = Bridge::start().await;
    let asked = approved(&bridge).await;
    for (name, value) in [
        ("origin", "null"),
        ("origin", "https://evil.example"),
        ("origin", "http://127.0.0.1"),
        ("origin", "http://127.0.0.1:1"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("host", "evil.example"),
    ] {
        assert_no_code(&hand_in(&asked).header(name, value).send().await.assert_error(403, "forbidden"));
    }
    let marked = hand_in(&asked).header("origin", bridge.url()).header("sec-fetch-site", "cross-site");
    assert_no_code(&marked.send().await.assert_error(403, "forbidden"));
    let own = hand_in(&asked)
        .header("origin", bridge.url())
        .header("sec-fetch-site", "same-origin")
        .header("sec-fetch-mode", "navigate")
        .as_browser();
    assert!(own.send().await.assert_status(303).redirect().get("code").is_some());
}

#[tokio::test]
async fn one_clients_transaction_says_nothing_of_anothers() {
    // protocol.md 9.19: everything hangs on the random id
    let bridge = Bridge::start().await;
    let (one, other) = (approved(&bridge).await, approved(&bridge).await);
    assert_ne!(one.transaction, other.transaction);
    assert!(one.transaction.len() >= 43);
    let code = one.finish().await.get("code").map(str::to_owned).expect("a code");
    other.redeem(&code).await.assert_error(400, "invalid_grant");
}
