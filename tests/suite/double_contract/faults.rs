//! Every fault switch that HTTP can express (upstream-api.md 11, 13.2).

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::caller::{Caller, MESSAGES, VALIDATE, call, request};
use crate::double::{
    ALICE, BOB, Double, Elsewhere, Fault, HOSTILE_HEADERS, HUGE, NotJson, On, SQL, complaints, key, path,
    rpc, tool,
};

const KEY: [(&str, &str); 1] = [("X-API-Key", ALICE.key)];

fn tea() -> Value {
    json!({ "text": "tea" })
}

#[tokio::test]
async fn a_rule_strikes_only_what_it_is_for_and_only_so_often() {
    let double = Double::start().await;
    let caller = Caller::new(&double);
    double.fault(Fault::Html(502).on(tool("add_memories")).on(key(ALICE.key)).times(2));
    assert_eq!(caller.list_tools(&KEY).await.status, 200);
    assert_eq!(caller.call(BOB.key, "add_memories", &tea()).await.status, 200);
    for expected in [502, 502, 200] {
        assert_eq!(caller.call(ALICE.key, "add_memories", &tea()).await.status, expected);
    }
    double.fault(Fault::Html(502).on(rpc("initialize")));
    double.fault(Fault::Html(503).on(path(VALIDATE)));
    double.fault(Fault::Guard.on(On::Path("/health".to_owned())));
    let initialize = request("initialize", &json!({}));
    for _ in 0..3 {
        assert_eq!(caller.message(ALICE.key, &initialize).await.status, 502);
        assert_eq!(caller.validate(ALICE.key).await.status, 503);
        assert_eq!(caller.get("/health", &[]).await.status, 503);
    }
    double.clear();
    assert_eq!(caller.message(ALICE.key, &initialize).await.status, 200);
}

#[tokio::test]
async fn rules_with_counts_form_a_sequence() {
    let double = Double::start().await;
    let caller = Caller::new(&double);
    double.fault(Fault::Html(502).times(1));
    double.fault(Fault::TooMany { retry_after: Some(3) }.times(1));
    double.fault(Fault::ToolException("first call".to_owned()).times(1));
    assert_eq!(caller.list_tools(&KEY).await.status, 502);
    assert_eq!(caller.list_tools(&KEY).await.status, 429);
    assert_eq!(caller.list_tools(&KEY).await.status, 200, "no tool, so not used up");
    assert_eq!(caller.call(ALICE.key, "list_memories", &json!({})).await.status, 500);
    assert_eq!(caller.call(ALICE.key, "list_memories", &json!({})).await.status, 200);
}

#[tokio::test]
async fn the_edge_answers_in_html() {
    let double = Double::start().await;
    let caller = Caller::new(&double);
    for code in [502, 503, 504] {
        double.fault(Fault::Html(code).times(1));
        let page = caller.list_tools(&KEY).await;
        assert_eq!(page.status, code);
        assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
        assert_eq!(page.header("x-memory-usage-mb"), None);
        assert!(page.text.starts_with("<!DOCTYPE html>"));
    }
}

#[tokio::test]
async fn the_memory_guard_answers_in_json() {
    let double = Double::start().await;
    let caller = Caller::new(&double);
    double.fault(Fault::Guard.times(1));
    let guard = caller.list_tools(&KEY).await;
    guard.is(
        503,
        r#"{"error":"Service temporarily unavailable due to high memory usage","message":"Please try again in a few moments"}"#,
    );
    assert_eq!(guard.header("x-memory-usage-mb"), None);
}

#[tokio::test]
async fn too_many_requests_may_say_when_to_come_back() {
    let double = Double::start().await;
    let caller = Caller::new(&double);
    for (seconds, header) in [(Some(7), Some("7")), (None, None)] {
        double.fault(Fault::TooMany { retry_after: seconds }.times(1));
        let reply = caller.list_tools(&KEY).await;
        assert_eq!((reply.status, reply.header("retry-after")), (429, header));
    }
}

#[tokio::test]
async fn redirects_lead_elsewhere() {
    let double = Double::start().await;
    let foreign = Double::start().await;
    let caller = Caller::new(&double);
    let host = double.base_url().replace("http://", "");
    for (elsewhere, location) in [
        (Elsewhere::Https, format!("https://{host}{MESSAGES}")),
        (Elsewhere::Http, format!("http://{host}{MESSAGES}")),
        (Elsewhere::Origin(foreign.base_url()), foreign.url(MESSAGES)),
    ] {
        double.fault(Fault::Redirect(elsewhere).times(1));
        let reply = caller.list_tools(&KEY).await;
        reply.is(307, "");
        assert_eq!(reply.header("location"), Some(location.as_str()));
    }
    assert_eq!(foreign.requests().count(), 0, "shows whether anyone came");
}

#[tokio::test]
async fn refusals_may_carry_a_challenge() {
    // protocol.md 7.28: 401 and 403, with or without `WWW-Authenticate`.
    let double = Double::start().await;
    let caller = Caller::new(&double);
    for (status, challenge) in [(401, true), (401, false), (403, true), (403, false)] {
        double.fault(Fault::Refused { status, challenge }.times(1));
        let reply = caller.list_tools(&KEY).await;
        let expected = challenge.then_some("Bearer");
        assert_eq!((reply.status, reply.header("www-authenticate")), (status, expected));
    }
}

#[tokio::test]
async fn replies_can_be_of_the_wrong_kind() {
    let double = Double::start().await;
    let caller = Caller::new(&double);
    double.fault(Fault::NoContent.times(1));
    caller.list_tools(&KEY).await.is(204, "");
    for (kind, content_type) in
        [(NotJson::Html, "text/html; charset=utf-8"), (NotJson::Text, "text/plain; charset=utf-8")]
    {
        double.fault(Fault::WrongType(kind).times(1));
        let reply = caller.list_tools(&KEY).await;
        assert_eq!((reply.status, reply.header("content-type")), (200, Some(content_type)));
    }
    let body = "\u{feff}{}".to_owned();
    double
        .fault(Fault::Canned { status: 418, content_type: "application/json", body: body.clone() }.times(1));
    caller.list_tools(&KEY).await.is(418, &body);
}

#[tokio::test]
async fn replies_can_be_huge() {
    let double = Double::start().await;
    let caller = Caller::new(&double);
    for announced in [true, false] {
        double.fault(Fault::Huge { announced }.on(tool("list_memories")).times(1));
        let reply = caller.call(ALICE.key, "list_memories", &json!({})).await;
        assert_eq!(reply.status, 200);
        assert!(reply.text.len() > HUGE);
        assert_eq!(reply.header("content-length").is_some(), announced);
        assert_eq!(reply.json()["id"], 1, "nothing wrong with it but its size");
    }
}

#[tokio::test]
async fn json_can_be_cut_in_half() {
    let double = Double::start().await;
    let caller = Caller::new(&double);
    let whole = caller.list_tools(&KEY).await.text;
    double.fault(Fault::Truncate.times(1));
    let half = caller.list_tools(&KEY).await;
    half.is(200, &whole[..whole.len() / 2]);
    assert!(serde_json::from_str::<Value>(&half.text).is_err());
}

#[tokio::test]
async fn replies_can_belong_to_another_request() {
    let double = Double::start().await;
    let caller = Caller::new(&double);
    double.fault(Fault::WrongId.times(1));
    let reply = caller.list_tools(&KEY).await;
    assert_eq!((reply.tool_names().len(), &reply.json()["id"]), (7, &json!("not yours")));
    double.fault(Fault::NoId.times(1));
    let reply = caller.list_tools(&KEY).await;
    assert_eq!((reply.tool_names().len(), reply.json().get("id")), (7, None));
    assert_eq!(reply.header("content-type"), Some("application/json"));
}

#[tokio::test]
async fn replies_can_carry_headers_that_must_not_travel() {
    // protocol.md 7.29.
    let double = Double::start().await;
    let caller = Caller::new(&double);
    double.fault(Fault::HostileHeaders);
    let reply = caller.list_tools(&KEY).await;
    assert_eq!(reply.tool_names().len(), 7);
    for (name, value) in HOSTILE_HEADERS {
        assert_eq!(reply.header(name), Some(value));
    }
}

#[tokio::test]
async fn tools_can_raise() {
    let double = Double::start().await;
    let caller = Caller::new(&double);
    double.fault(Fault::ToolException(SQL.to_owned()).on(tool("list_memories")));
    let reply = caller.call(ALICE.key, "list_memories", &json!({})).await;
    assert_eq!(reply.status, 500);
    assert_eq!(
        reply.json(),
        json!({ "jsonrpc": "2.0", "error": { "code": -32603, "message": SQL }, "id": 1 })
    );
    assert_eq!(caller.call(ALICE.key, "add_memories", &tea()).await.status, 200);
}

#[tokio::test]
async fn tools_can_fail_in_every_shape_of_success() {
    // upstream-api.md 9.4: 200 without `isError`.
    let double = Double::start().await;
    let caller = Caller::new(&double);
    let all = complaints();
    for (name, text) in &all {
        double.fault(Fault::LogicalError(text.clone()).on(tool(name)).times(1));
        assert_eq!(caller.text(ALICE.key, name, &json!({})).await, *text);
        let shape = match *name {
            "store_document" | "get_document_status" => text.starts_with("❌ "),
            "deep_memory_query" => {
                text.starts_with("Error") || text.starts_with("Deep memory search timed out")
            }
            "jean_memory" => {
                ["{", "Error: ", "I had trouble", "I apologize"].iter().any(|start| text.starts_with(start))
            }
            _ => serde_json::from_str::<Value>(text).unwrap()["operation"] == *name,
        };
        assert!(shape, "{name}: {text}");
    }
    assert!(all.iter().any(|(_, text)| text.contains("[SQL: SELECT")));
    assert!(all.iter().any(|(_, text)| text.len() > 50_000));
}

#[tokio::test]
async fn tools_can_return_anything() {
    // protocol.md 7.28: results and errors that upstream does not send today.
    let double = Double::start().await;
    let caller = Caller::new(&double);
    let result = json!({ "content": [], "structuredContent": { "a": 1 }, "resultType": "input_required" });
    double.fault(Fault::ToolResult(result.clone()).times(1));
    let reply = caller.call(ALICE.key, "list_memories", &json!({})).await;
    assert_eq!((reply.status, &reply.json()["result"]), (200, &result));
    double.fault(Fault::RpcError { code: -32602, message: "no".to_owned() }.times(1));
    let reply = caller.call(ALICE.key, "list_memories", &json!({})).await;
    assert_eq!((reply.status, &reply.json()["error"]["code"]), (200, &json!(-32602)));
}

#[tokio::test]
async fn work_can_begin_later() {
    // 13.2 `delay`. The only place where the double itself lets real time pass.
    let double = Double::start().await;
    let caller = Caller::new(&double);
    let delay = Duration::from_millis(30);
    double.fault(Fault::Delay(delay).on(tool("add_memories")).times(1));
    let began = Instant::now();
    assert_eq!(caller.call(ALICE.key, "add_memories", &tea()).await.status, 200);
    assert!(began.elapsed() >= delay);
}

#[tokio::test]
async fn faults_of_different_layers_combine() {
    let double = Double::start().await;
    let caller = Caller::new(&double);
    double.fault(Fault::Delay(Duration::from_millis(1)));
    double.fault(Fault::VectorDown);
    double.fault(Fault::SwitchOwner(BOB.id));
    double.fault(Fault::WrongId);
    let reply = caller.message(ALICE.key, &call("add_memories", &tea())).await;
    assert_eq!(reply.json()["id"], "not yours");
    assert!(reply.text.contains(r#"\"memory_id\": \"error\""#));
    assert_eq!(double.memories(BOB.id), ["tea"]);
}
