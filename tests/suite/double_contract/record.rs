//! The assertion hooks (upstream-api.md 13.2): what was seen can be asked for, and is all there.

use serde_json::json;

use super::caller::{Caller, MESSAGES, VALIDATE, call, request};
use crate::double::{ALICE, BOB, Double, Fault, Outcome, Person, REVOKED_KEY, Requests, tool};

#[tokio::test]
async fn the_last_request_is_remembered_word_for_word() {
    let double = Double::start().await;
    let caller = Caller::new(&double);
    let headers = [("X-API-Key", ALICE.key), ("x-client-name", "cursor"), ("x-twice", "a"), ("x-twice", "b")];
    let body = call("add_memories", &json!({ "text": "tea" })).to_string();
    caller.post(&format!("{MESSAGES}?q=1"), &headers, &body).await;
    let seen = double.requests().last();
    assert_eq!(seen.line(), "POST /mcp/messages/?q=1 HTTP/1.1");
    assert_eq!((seen.path(), seen.number), (MESSAGES, 1));
    assert_eq!(seen.header("X-Client-Name").as_deref(), Some("cursor"));
    assert_eq!(seen.header("x-twice").as_deref(), Some("a, b"));
    assert_eq!(seen.header("authorization"), None);
    assert_eq!(seen.body, body.as_bytes());
    assert_eq!(seen.json()["method"], "tools/call");
    assert_eq!(seen.arguments(), &json!({ "text": "tea" }));
    assert_eq!((seen.rpc_method(), seen.tool()), (Some("tools/call"), Some("add_memories")));
    assert_eq!(seen.outcome(), Outcome::Answered(200));
}

#[tokio::test]
async fn requests_are_counted_by_key_method_and_tool() {
    let double = Double::start().await;
    let caller = Caller::new(&double);
    for person in [ALICE, BOB, ALICE] {
        caller.list_tools(&[("X-API-Key", person.key)]).await;
        caller.call(person.key, "list_memories", &json!({})).await;
    }
    caller.call(ALICE.key, "ask_memory", &json!({ "question": "?" })).await;
    caller.validate(BOB.key).await;
    let all: Requests = double.requests();
    assert_eq!(all.count(), 8);
    assert_eq!(all.clone().key(ALICE.key).count(), 5);
    assert_eq!(all.clone().key(BOB.key).count(), 3, "the validation counts, too");
    assert_eq!(all.clone().path(VALIDATE).count(), 1);
    assert_eq!(all.clone().rpc("tools/list").count(), 3);
    assert_eq!(all.clone().rpc("tools/call").key(ALICE.key).count(), 3);
    assert_eq!(all.clone().tool("list_memories").key(BOB.key).count(), 1);
    assert_eq!(all.filter(|seen| seen.method == "GET").count(), 0);
}

#[tokio::test]
async fn a_key_in_the_wrong_place_is_found() {
    let double = Double::start().await;
    let caller = Caller::new(&double);
    caller.call(ALICE.key, "list_memories", &json!({})).await;
    caller.validate(ALICE.key).await;
    assert!(double.key_leaks().is_empty(), "both right places");

    let bearer = format!("Bearer {}", BOB.key);
    caller.get("/health", &[("Authorization", &bearer)]).await;
    caller.get(&format!("/health?key={REVOKED_KEY}"), &[]).await;
    caller.call(ALICE.key, "ask_memory", &json!({ "question": ALICE.key })).await;
    let twice = json!({ "api_key": ALICE.key, "client_name": ALICE.key }).to_string();
    caller.post(VALIDATE, &[("Cookie", ALICE.key)], &twice).await;
    // `x:` and the key, as Basic authentication would send it.
    let basic =
        base64::Engine::encode(&base64::engine::general_purpose::STANDARD, format!("x:{}", ALICE.key));
    caller.get("/health", &[("Authorization", &format!("Basic {basic}"))]).await;
    assert_eq!(
        double.key_leaks(),
        [
            "#3 header authorization",
            "#4 target",
            "#5 body",
            "#6 header cookie",
            "#6 body",
            "#7 header authorization",
        ]
    );
}

#[tokio::test]
async fn claimed_identities_are_found() {
    let double = Double::start().await;
    let caller = Caller::new(&double);
    caller.list_tools(&[("X-API-Key", ALICE.key)]).await;
    assert!(double.identity_headers().is_empty());
    caller.list_tools(&[("X-API-Key", ALICE.key), ("X-User-Id", BOB.id), ("X-User-Email", "b@b")]).await;
    assert_eq!(double.identity_headers(), ["#2 header x-user-id", "#2 header x-user-email"]);
}

#[tokio::test]
async fn what_a_failing_test_prints_holds_no_key() {
    let double = Double::start().await;
    let caller = Caller::new(&double);
    let body =
        request("tools/call", &json!({ "name": "ask_memory", "arguments": { "question": ALICE.key } }));
    let target = format!("{MESSAGES}?a={}&b={}", ALICE.key, BOB.key);
    caller.post(&target, &[("X-API-Key", ALICE.key)], &body.to_string()).await;
    let printed = format!("{:?}", double.requests());
    let secret = |person: Person| person.key.strip_prefix("jean_sk_").unwrap();
    assert!(!printed.contains(secret(ALICE)) && !printed.contains(secret(BOB)), "{printed}");
    assert!(printed.contains("?a=jean_sk_…&b=jean_sk_… HTTP/1.1 tools/call ask_memory: Answered(200)"));
}

#[tokio::test]
async fn waiting_ends_when_the_condition_holds() {
    let double = Double::start().await;
    let caller = Caller::new(&double);
    double.fault(Fault::Hang.on(tool("ask_memory")));
    let ask = call("ask_memory", &json!({ "question": "?" }));
    let (_, ()) = tokio::join!(caller.message(ALICE.key, &ask), async {
        let seen = double.wait_for("a question", |seen| seen.tool() == Some("ask_memory")).await;
        assert_eq!(seen.outcome(), Outcome::Pending);
        double.wait_for_open_connections(1).await;
        double.release();
    });
    // What has happened already needs no waiting.
    assert_eq!(double.wait_for_call("ask_memory").await.outcome(), Outcome::Answered(200));
}
