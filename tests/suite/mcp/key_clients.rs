//! Setups from before OAuth: a key in `X-API-Key` and the user id in the path (design.md 4, `/mcp/v2`).

use http::Method;
use serde_json::{Value, json};

use super::world::{World, call, done, failed, hello, refusal, request};
use crate::double::{ALICE, BOB, Double, Fault, REVOKED_KEY, key, path, tool};
use crate::harness::bridge::{Bridge, BridgeOptions};
use crate::harness::http::{Answer, Asking};
use crate::harness::mcp::{Events, reply};

/// Names that are in use with one key (`api_key_clients`).
const MOST_NAMES: usize = 16;

/// A bridge on which nobody has signed in.
async fn world() -> World {
    let double = Double::start().await;
    let bridge = BridgeOptions::default().api(&double.base_url()).start().await;
    World { double, bridge }
}

fn ask(bridge: &Bridge, client: &str, user: &str, key: &str, message: &Value) -> Asking {
    let asking = bridge.http().post(&format!("/mcp/v2/{client}/{user}")).header("x-api-key", key);
    asking.header("accept", "application/json, text/event-stream").json(message)
}

/// A call without a session.
fn calling(bridge: &Bridge, client: &str, tool: &str, arguments: &Value) -> Asking {
    let mut message = call(1, tool, arguments);
    message["params"]["_meta"] = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": { "name": "suite", "version": "1" },
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    let asking = ask(bridge, client, ALICE.id, ALICE.key, &message);
    asking
        .header("mcp-protocol-version", "2026-07-28")
        .header("mcp-method", "tools/call")
        .header("mcp-name", tool)
}

async fn called(bridge: &Bridge, client: &str, tool: &str, arguments: &Value) -> Value {
    reply(&calling(bridge, client, tool, arguments).send().await.assert_status(200))["result"].clone()
}

#[track_caller]
fn is_refused(answer: Answer, status: u16, error: &str) {
    let answer = answer.assert_error(status, error);
    // These clients know no OAuth, and one that does must not start it here.
    assert!(answer.header("www-authenticate").is_none());
    assert!(!answer.text().contains("jean_sk_"), "{}", answer.text());
}

#[tokio::test]
async fn a_good_key_of_the_user_in_the_path_is_served_and_listed() {
    let world = world().await;
    let greeted = ask(&world.bridge, "cursor", ALICE.id, ALICE.key, &hello("2025-06-18")).send().await;
    let greeted = greeted.assert_status(200);
    let session = greeted.header("mcp-session-id").expect("a session").to_owned();
    let note = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
    let in_session = |message: &Value| {
        ask(&world.bridge, "cursor", ALICE.id, ALICE.key, message).header("mcp-session-id", &session)
    };
    in_session(&note).send().await.assert_status(202);
    let message = call(1, "add_memories", &json!({ "text": "from Cursor" }));
    let added = reply(&in_session(&message).send().await.assert_status(200))["result"].clone();
    assert!(done(&added).contains("success"));
    assert!(
        done(&called(&world.bridge, "cursor", "list_memories", &json!({})).await).contains("from Cursor")
    );
    assert_eq!(world.double.memories(ALICE.id), ["from Cursor"]);

    let clients = world.bridge.cli_json(&["clients"]).await;
    let [client] = clients.as_array().unwrap().as_slice() else { panic!("{clients}") };
    assert_eq!((&client["via"], &client["name"]), (&json!("api_key"), &json!("cursor")));
    assert_eq!(client["calls"], 2);
    assert!(!clients.to_string().contains(ALICE.key));
    // Its key is the client's own: no account is kept for it, and nobody's dashboard shows its name.
    assert_eq!(world.bridge.cli_json(&["accounts"]).await, json!([]));
    assert_eq!(world.double.apps(ALICE.id), ["jean-memory-bridge"]);
    assert!(world.double.key_leaks().is_empty());
    assert!(world.double.identity_headers().is_empty());
    let everywhere = ["/mcp/messages/", "/sdk/validate-developer"];
    for seen in world.double.requests().iter() {
        assert!(everywhere.contains(&seen.path()), "{}", seen.line());
    }
}

#[tokio::test]
async fn any_other_key_is_refused() {
    // design.md 4; upstream-api.md 5.2, 6.1
    let world = world().await;
    let greeting = hello("2025-06-18");
    for (user, key) in [
        (BOB.id, ALICE.key),
        (ALICE.id, BOB.key),
        (ALICE.id, REVOKED_KEY),
        (ALICE.id, "jean_sk_EXAMPLE_nobody_0000000000000000000000000000"),
        (ALICE.id, ""),
        (ALICE.id, "jean_sk_"),
        (ALICE.id, "sk-something-else-entirely-0123456789"),
        (ALICE.id, "Bearer jean_sk_EXAMPLE_alice_0000000000000000000000000aLiC"),
        ("", ALICE.key),
        ("%00", ALICE.key),
    ] {
        let answer = ask(&world.bridge, "cursor", user, key, &greeting).send().await;
        if user.is_empty() {
            assert_eq!(answer.status.as_u16(), 404);
        } else {
            is_refused(answer, 401, "invalid_key");
        }
    }
    let upper = ALICE.id.to_uppercase();
    is_refused(ask(&world.bridge, "cursor", &upper, ALICE.key, &greeting).send().await, 401, "invalid_key");
    let v2 = format!("/mcp/v2/cursor/{}", ALICE.id);
    let without = world.bridge.http().post(&v2).json(&greeting);
    is_refused(without.send().await, 401, "invalid_key");
    // Where upstream looks for identities (upstream-api.md 5.2), nothing is found here.
    let claimed = world.bridge.http().post(&v2).header("x-user-id", ALICE.id).bearer(ALICE.key);
    is_refused(claimed.header("x-client-name", "claude").json(&greeting).send().await, 401, "invalid_key");
    let twice = ask(&world.bridge, "cursor", ALICE.id, ALICE.key, &greeting).header("x-api-key", BOB.key);
    assert_eq!(refusal(&twice.send().await), (400, -32600));
    assert_eq!(world.bridge.cli_json(&["clients"]).await, json!([]));
    assert_eq!(world.double.requests().rpc("tools/call").count(), 0);
    assert!(!world.bridge.stderr().contains("jean_sk_EXAMPLE"));
}

#[tokio::test]
async fn a_key_of_obviously_wrong_form_is_not_even_asked_about() {
    // upstream-api.md 6.3 step 1
    let world = world().await;
    for key in ["", "jean_sk_", "jean_sk_short", "jean_ak_0123456789012345678901234567890123456789012", "x"] {
        let answer = ask(&world.bridge, "cursor", ALICE.id, key, &hello("2025-06-18")).send().await;
        is_refused(answer, 401, "invalid_key");
    }
    assert_eq!(world.asked(), 0);
}

#[tokio::test]
async fn while_jean_memory_is_down_a_key_cannot_be_checked_which_is_no_refusal() {
    // upstream-api.md 6.3
    let world = world().await;
    let greet = || ask(&world.bridge, "cursor", ALICE.id, ALICE.key, &hello("2025-06-18"));
    world.double.fault(Fault::Html(502).on(path("/sdk/validate-developer")));
    is_refused(greet().send().await, 503, "temporarily_unavailable");
    world.double.clear();
    world.double.go_away().await;
    is_refused(greet().send().await, 503, "temporarily_unavailable");
    world.double.come_back();
    greet().send().await.assert_status(200);
    // Once known, the client is greeted even while Jean Memory is away.
    world.double.go_away().await;
    greet().send().await.assert_status(200);
}

#[tokio::test]
async fn while_paused_no_key_is_checked_and_no_call_goes_on() {
    let world = world().await;
    world.bridge.cli_ok(&["pause"]).await;
    let greet = || ask(&world.bridge, "cursor", ALICE.id, ALICE.key, &hello("2025-06-18"));
    let answer = greet().send().await;
    assert!(answer.text().contains("paused"), "{}", answer.text());
    is_refused(answer, 503, "temporarily_unavailable");
    assert_eq!(world.asked(), 0);

    world.bridge.cli_ok(&["resume"]).await;
    done(&called(&world.bridge, "cursor", "list_memories", &json!({})).await);
    let before = world.asked();
    world.bridge.cli_ok(&["pause"]).await;
    // Known by now, so it is greeted and told.
    greet().send().await.assert_status(200);
    let result = called(&world.bridge, "cursor", "list_memories", &json!({})).await;
    assert!(failed(&result).contains("paused"), "{result}");
    assert_eq!(world.asked(), before);
}

#[tokio::test]
async fn revoking_such_a_client_ends_it_and_leaves_the_others() {
    // design.md J5
    let world = world().await;
    world.double.fault(Fault::Hang.on(tool("deep_memory_query")));
    let greeted = ask(&world.bridge, "cursor", ALICE.id, ALICE.key, &hello("2025-06-18")).send().await;
    let session = greeted.assert_status(200).header("mcp-session-id").unwrap().to_owned();
    done(&called(&world.bridge, "windsurf", "list_memories", &json!({})).await);
    let slow = call(7, "deep_memory_query", &json!({ "search_query": "tea" }));
    let asking = ask(&world.bridge, "cursor", ALICE.id, ALICE.key, &slow).header("mcp-session-id", &session);
    let events = Events::of(asking.begin().await);
    world.double.wait_for_call("deep_memory_query").await;

    world.bridge.cli_ok(&["revoke", "cursor"]).await;
    assert!(events.rest().await.is_empty());
    world.double.call_aborted("deep_memory_query").await;
    let before = world.asked();
    for _ in 0..2 {
        is_refused(
            calling(&world.bridge, "cursor", "list_memories", &json!({})).send().await,
            401,
            "invalid_key",
        );
    }
    assert_eq!(world.asked(), before);
    done(&called(&world.bridge, "windsurf", "list_memories", &json!({})).await);
    let clients = world.bridge.cli_json(&["clients"]).await;
    let names: Vec<_> = clients.as_array().unwrap().iter().map(|one| one["name"].clone()).collect();
    assert_eq!(names, ["windsurf"]);
}

#[tokio::test]
async fn who_was_revoked_is_not_back_under_the_next_name() {
    let world = world().await;
    let checks =
        || world.double.requests().iter().filter(|seen| seen.path() == "/sdk/validate-developer").count();
    for client in ["cursor", "windsurf"] {
        done(&called(&world.bridge, client, "list_memories", &json!({})).await);
    }
    assert_eq!(checks(), 1);
    world.bridge.cli_ok(&["revoke", "cursor"]).await;
    for client in ["cursor", "cursor2", "Cursor", "zed"] {
        let answer = calling(&world.bridge, client, "list_memories", &json!({})).send().await;
        is_refused(answer, 401, "invalid_key");
    }
    // For the first new name only.
    assert_eq!(checks(), 2);
    // The other app goes on, once Jean Memory has said yes to its key anew.
    done(&called(&world.bridge, "windsurf", "list_memories", &json!({})).await);
    assert_eq!(checks(), 3);
    let answer = calling(&world.bridge, "zed", "list_memories", &json!({})).send().await;
    is_refused(answer, 401, "invalid_key");
    let clients = world.bridge.cli_json(&["clients"]).await;
    let names: Vec<_> = clients.as_array().unwrap().iter().map(|one| one["name"].clone()).collect();
    assert_eq!(names, ["windsurf"]);
    // Another key is another matter.
    let other = ask(&world.bridge, "zed", BOB.id, BOB.key, &hello("2025-06-18")).send().await;
    other.assert_status(200);
}

#[tokio::test]
async fn slow_calls_under_many_names_leave_a_place_for_others() {
    let world = World::start().await;
    let honest = world.sign_in("Honest").await;
    world.double.fault(Fault::Hang.on(tool("ask_memory")));
    let slow: Vec<_> = (0..6)
        .map(|n| {
            let client = if n % 2 == 0 { "one" } else { "two" };
            let question = json!({ "question": format!("slow {n}") });
            tokio::spawn(calling(&world.bridge, client, "ask_memory", &question).send())
        })
        .collect();
    world.double.wait_for_calls("ask_memory", 3).await;
    done(&world.call(&honest, "list_memories", &json!({})).await);
    assert_eq!(world.double.requests().tool("ask_memory").count(), 3, "the others wait for their turn");
    world.double.clear();
    world.double.release();
    for call in slow {
        call.await.unwrap().assert_status(200);
    }
}

#[tokio::test]
async fn a_key_is_in_use_under_so_many_names_and_no_more() {
    let world = world().await;
    let greet = async |client: &str| {
        ask(&world.bridge, client, ALICE.id, ALICE.key, &hello("2025-06-18")).send().await
    };
    for n in 0..MOST_NAMES {
        greet(&format!("app-{n}")).await.assert_status(200);
    }
    is_refused(greet("one-more").await, 403, "too_many_names");
    greet("app-0").await.assert_status(200);
    let clients = world.bridge.cli_json(&["clients"]).await;
    assert_eq!(clients.as_array().unwrap().len(), MOST_NAMES);
}

#[tokio::test]
async fn a_key_that_jean_memory_revokes_meanwhile_is_refused_after_the_first_failed_call() {
    // design.md 4: the key is verified upstream
    let world = world().await;
    done(&called(&world.bridge, "cursor", "list_memories", &json!({})).await);
    world.double.fault(Fault::RevokeNow.on(key(ALICE.key)));
    let result = called(&world.bridge, "cursor", "list_memories", &json!({})).await;
    assert!(failed(&result).contains("rejected the key"), "{result}");
    is_refused(
        calling(&world.bridge, "cursor", "list_memories", &json!({})).send().await,
        401,
        "invalid_key",
    );
    world.double.clear();
    done(&called(&world.bridge, "cursor", "list_memories", &json!({})).await);
}

#[tokio::test]
async fn sessions_are_apart_from_those_of_signed_in_clients() {
    // protocol.md 7.15
    let world = World::start().await;
    let session = world.session("App").await;
    let ping = request("ping", &json!({}));
    let asking =
        ask(&world.bridge, "cursor", ALICE.id, ALICE.key, &ping).header("mcp-session-id", &session.id);
    assert_eq!(refusal(&asking.send().await), (404, -32600));
    let greeted = ask(&world.bridge, "cursor", ALICE.id, ALICE.key, &hello("2025-06-18")).send().await;
    let own = greeted.assert_status(200).header("mcp-session-id").unwrap().to_owned();
    let other = ask(&world.bridge, "windsurf", ALICE.id, ALICE.key, &ping).header("mcp-session-id", &own);
    assert_eq!(refusal(&other.send().await), (404, -32600));
    let asking = ask(&world.bridge, "cursor", ALICE.id, ALICE.key, &ping).header("mcp-session-id", &own);
    asking.send().await.assert_status(200);
}

#[tokio::test]
async fn the_same_rules_hold_for_messages_and_tools() {
    // protocol.md 7.4, 7.5, 7.26
    let world = world().await;
    let v2 = format!("/mcp/v2/cursor/{}", ALICE.id);
    for method in [Method::GET, Method::DELETE, Method::PUT] {
        let answer = world.bridge.http().ask(method.clone(), &v2).header("x-api-key", ALICE.key).send().await;
        assert_eq!(answer.status.as_u16(), 405, "{method}");
    }
    let http = world.bridge.http();
    let asking = |kind: &str, body: &str| {
        http.post(&v2).header("x-api-key", ALICE.key).header("content-type", kind).body(body.to_owned())
    };
    assert_eq!(refusal(&asking("text/plain", "{}").send().await), (415, -32600));
    assert_eq!(refusal(&asking("application/json", "nonsense").send().await), (400, -32700));
    let answer = calling(&world.bridge, "cursor", "delete_all_memories", &json!({})).send().await;
    assert_eq!(reply(&answer)["error"]["code"], -32602);
    let result = called(&world.bridge, "cursor", "add_memories", &json!({ "text": 5 })).await;
    assert!(failed(&result).starts_with("Wrong arguments"), "{result}");
    assert!(world.double.blocked_calls().is_empty());
    assert_eq!(world.double.requests().rpc("tools/call").count(), 0);
}

#[tokio::test]
async fn many_first_requests_at_once_are_one_client() {
    let world = world().await;
    let calls: Vec<_> = (0..16)
        .map(|at| {
            let arguments = json!({ "text": format!("number {at}") });
            tokio::spawn(calling(&world.bridge, "cursor", "add_memories", &arguments).send())
        })
        .collect();
    for call in calls {
        let answer = call.await.unwrap().assert_status(200);
        assert!(done(&reply(&answer)["result"]).contains("success"));
    }
    assert_eq!(world.double.memories(ALICE.id).len(), 16);
    assert_eq!(world.bridge.cli_json(&["clients"]).await.as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_name_in_the_path_is_shown_but_never_believed() {
    // protocol.md 9.19: client text is text
    let world = world().await;
    let name = "%3Cscript%3E%0Aevil%E2%80%AE";
    let answer = ask(&world.bridge, name, ALICE.id, ALICE.key, &hello("2025-06-18")).send().await;
    answer.assert_status(200);
    let clients = world.bridge.cli_json(&["clients"]).await;
    let shown = clients[0]["name"].as_str().unwrap();
    assert!(!shown.contains('\n') && !shown.contains('\u{202e}'), "{shown:?}");
    assert!(world.double.requests().iter().all(|seen| !seen.line().contains("script")));
}
