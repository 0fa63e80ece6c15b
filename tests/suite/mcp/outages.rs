//! Jean Memory is down, slow, or answers with web pages: honest errors at once, the last good list, and a
//! recovery that needs nobody (design.md J7; protocol.md 7.24, 7.28).

use serde_json::json;

use super::world::{World, done, failed};
use crate::double::{Elsewhere, Fault, NotJson, rpc, tool};
use crate::harness::mcp::{Session, reply};
use crate::harness::waiting::until_answer;

#[tokio::test]
async fn while_jean_memory_is_down_calls_fail_clearly_and_the_list_stays() {
    // design.md J7; protocol.md 7.24, 7.28
    let world = World::start().await;
    let tokens = world.sign_in("App").await;
    let session = Session::open(&world.bridge, &tokens.access, "2025-06-18").await;
    let tools = world.tools(&tokens).await;
    assert_eq!(world.state().await, "ready");

    world.double.go_away().await;
    for result in [
        world.call(&tokens, "add_memories", &json!({ "text": "tea" })).await,
        session.call("list_memories", json!({})).await,
    ] {
        let text = failed(&result);
        assert!(text.contains("cannot be reached") && text.contains("Nothing was sent"), "{text}");
    }
    assert_eq!(world.state().await, "offline");
    assert_eq!(world.tools(&tokens).await, tools);
    // A client that comes now is let in, greeted, and shown the tools.
    let newcomer = world.sign_in("Newcomer").await;
    Session::open(&world.bridge, &newcomer.access, "2025-11-25").await;
    assert_eq!(world.tools(&newcomer).await, tools);
    assert_eq!(world.account().await["state"], "ok");

    world.double.come_back();
    assert!(done(&world.call(&tokens, "list_memories", &json!({})).await).contains("success"));
    assert!(done(&session.call("add_memories", json!({ "text": "tea" })).await).contains("success"));
    assert_eq!(world.state().await, "ready");
    assert_eq!(world.double.memories(crate::double::ALICE.id), ["tea"]);
}

#[tokio::test]
async fn without_any_list_the_failure_is_an_error_in_our_words_and_passes() {
    // protocol.md 7.28: last good list, else -32603
    let world = World::start().await;
    let tokens = world.sign_in("App").await;
    let session = Session::open(&world.bridge, &tokens.access, "2025-06-18").await;
    world.double.go_away().await;
    for answer in [
        session.request("tools/list", json!({})).await,
        reply(&world.modern(&tokens, "tools/list", json!({})).send().await),
    ] {
        assert_eq!(answer["error"]["code"], -32603, "{answer}");
        assert!(answer["error"]["message"].as_str().unwrap().contains("cannot be reached"), "{answer}");
    }
    let result = world.call(&tokens, "add_memories", &json!({ "text": "tea" })).await;
    assert!(failed(&result).contains("cannot be reached"), "{result}");
    assert_eq!(world.state().await, "offline");

    world.double.come_back();
    let tools = until_answer(
        "the tools",
        async || session.request("tools/list", json!({})).await,
        |answer| answer.get("result").is_some(),
    );
    assert_eq!(super::world::names(&tools.await["result"]).len(), 8);
}

#[tokio::test]
async fn whoever_else_answers_in_its_place_counts_as_an_outage() {
    // design.md J7: a hosting page, a portal, a proxy
    let world = World::start().await;
    let tokens = world.sign_in("App").await;
    world.tools(&tokens).await;
    for fault in [
        Fault::Html(502),
        Fault::Html(503),
        Fault::WrongType(NotJson::Html),
        Fault::WrongType(NotJson::Text),
        Fault::Redirect(Elsewhere::Https),
        Fault::NoContent,
    ] {
        let what = format!("{fault:?}");
        world.double.fault(fault);
        failed(&world.call(&tokens, "list_memories", &json!({})).await);
        assert_eq!(world.state().await, "offline", "{what}");
        assert_eq!(world.tools(&tokens).await.len(), 8, "{what}");
        world.double.clear();
        done(&world.call(&tokens, "list_memories", &json!({})).await);
        assert_eq!(world.state().await, "ready", "{what}");
    }
}

#[tokio::test]
async fn what_fails_with_one_request_is_no_outage() {
    // design.md J7
    let world = World::start().await;
    let tokens = world.sign_in("App").await;
    for fault in [
        Fault::ToolException("no".to_owned()),
        Fault::LogicalError(r#"{"status": "error", "error": "no"}"#.to_owned()),
        Fault::WrongId,
        Fault::Truncate,
        Fault::Paused,
        Fault::TooMany { retry_after: Some(5) },
        Fault::Guard,
    ] {
        let what = format!("{fault:?}");
        world.double.fault(fault.on(tool("add_memories")));
        failed(&world.call(&tokens, "add_memories", &json!({ "text": "tea" })).await);
        assert_eq!(world.state().await, "ready", "{what}");
        world.double.clear();
    }
}

#[tokio::test]
async fn the_first_list_survives_a_stumble() {
    // upstream-api.md 14.6: a list may be asked for again
    for fault in [Fault::Html(502), Fault::Html(503), Fault::Cut(crate::double::CutAt::BeforeHeaders)] {
        let what = format!("{fault:?}");
        let world = World::start().await;
        let tokens = world.sign_in("App").await;
        world.double.fault(fault.on(rpc("tools/list")).times(1));
        assert_eq!(world.tools(&tokens).await.len(), 8, "{what}");
        assert_eq!(world.double.requests().rpc("tools/list").count(), 2, "{what}");
    }
}

#[tokio::test]
async fn a_list_that_is_no_list_is_none() {
    // protocol.md 7.28
    let empty = r#"{"jsonrpc":"2.0","id":1,"result":{}}"#.to_owned();
    for fault in [
        Fault::Canned { status: 200, content_type: "application/json", body: empty },
        Fault::WrongType(NotJson::Html),
        Fault::WrongId,
        Fault::Truncate,
        Fault::Huge { announced: true },
        Fault::Redirect(Elsewhere::Http),
    ] {
        let what = format!("{fault:?}");
        let world = World::start().await;
        let tokens = world.sign_in("App").await;
        world.double.fault(fault.on(rpc("tools/list")));
        let listed = async || reply(&world.modern(&tokens, "tools/list", json!({})).send().await);
        let answer = listed().await;
        assert_eq!(answer["error"]["code"], -32603, "{what}: {answer}");
        assert_eq!(answer["error"]["message"], "Jean Memory gave an unexpected answer.", "{what}");
        world.double.clear();
        // A failure answers those who ask right after, so that they do not wait one behind the other.
        until_answer("the tools", listed, |answer| answer.get("result").is_some()).await;
    }
}
