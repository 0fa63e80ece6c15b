//! The key is revoked at Jean Memory, or changes hands: a clear error, a marked account, and with a new key
//! the clients go on (design.md J6; protocol.md 7.28, D11).

use serde_json::json;

use super::world::{World, done, failed, request};
use crate::double::{ALICE, BOB, Double, Fault, key, tool};
use crate::harness::bridge::BridgeOptions;
use crate::harness::mcp::{Session, reply};
use crate::harness::oauth::Client;
use crate::harness::waiting::until_answer;

const NEW_KEY: &str = "jean_sk_EXAMPLE_alice_second_00000000000000000nEw2";

#[tokio::test]
async fn a_revoked_key_is_told_marked_and_replaced_without_signing_in_again() {
    // design.md J6; upstream-api.md 14.5; protocol.md 7.24, 7.28
    let world = World::start().await;
    let tokens = world.sign_in("App").await;
    let session = Session::open(&world.bridge, &tokens.access, "2025-06-18").await;
    let tools = world.tools(&tokens).await;
    let account = world.account().await;
    assert_eq!((&account["state"], &account["user_id"]), (&json!("ok"), &json!(ALICE.id)));

    world.double.fault(Fault::RevokeNow.on(key(ALICE.key)));
    let answer = world.calling(&tokens, "add_memories", &json!({ "text": "tea" })).send().await;
    let answer = answer.assert_status(200);
    assert!(answer.header("www-authenticate").is_none());
    let text = failed(&reply(&answer)["result"]).to_owned();
    assert!(text.contains("rejected the key") && text.contains("Jean Memory Bridge"), "{text}");
    let marked = world.account().await;
    assert_eq!((&marked["state"], &marked["id"]), (&json!("rejected"), &account["id"]));
    assert_eq!(world.state().await, "needs_key");

    // Not used again, and the tools do not vanish from the client meanwhile.
    let before = world.asked();
    assert_eq!(failed(&session.call("list_memories", json!({})).await), text);
    assert_eq!(world.tools(&tokens).await, tools);
    assert_eq!(world.asked(), before);
    // The same key again is no cure.
    let same = world.bridge.cli_with_stdin(&["accounts", "add", "--key-stdin"], ALICE.key).await;
    assert_eq!(same.status.code(), Some(1), "{same:?}");
    assert_eq!(world.account().await["state"], "rejected");

    world.double.issue_key(NEW_KEY, ALICE.id);
    world.add_key(NEW_KEY).await;
    let cured = world.account().await;
    assert_eq!((&cured["state"], &cured["id"]), (&json!("ok"), &account["id"]));
    assert_eq!(cured["key_hint"], "…nEw2");
    assert_eq!(world.state().await, "ready");
    done(&session.call("add_memories", json!({ "text": "tea" })).await);
    done(&world.call(&tokens, "list_memories", &json!({})).await);
    assert_eq!(world.double.memories(ALICE.id), ["tea"]);
    assert_eq!(world.double.requests().key(NEW_KEY).tool("add_memories").count(), 1);
    assert!(world.double.key_leaks().is_empty());
}

#[tokio::test]
async fn a_refusal_in_front_of_everything_is_a_refused_key_and_never_a_401() {
    // D11, protocol.md 7.28, 7.29: 401 and 403, with and without WWW-Authenticate
    for (status, challenge) in [(401, true), (401, false), (403, true), (403, false)] {
        let world = World::start().await;
        let tokens = world.sign_in("App").await;
        world.double.fault(Fault::Refused { status, challenge }.on(tool("list_memories")));
        let answer = world.calling(&tokens, "list_memories", &json!({})).send().await.assert_status(200);
        assert!(answer.header("www-authenticate").is_none());
        assert!(failed(&reply(&answer)["result"]).contains("rejected the key"));
        assert_eq!(world.account().await["state"], "rejected", "{status} {challenge}");
    }
}

#[tokio::test]
async fn a_key_refused_while_the_tools_are_asked_for_is_told_too() {
    // protocol.md 7.28
    let world = World::start().await;
    let tokens = world.sign_in("App").await;
    world.double.fault(Fault::RevokeNow.on(key(ALICE.key)));
    let listed = reply(&world.modern(&tokens, "tools/list", json!({})).send().await);
    assert_eq!(listed["error"]["code"], -32603, "{listed}");
    assert!(listed["error"]["message"].as_str().unwrap().contains("rejected the key"), "{listed}");
    assert_eq!(world.account().await["state"], "rejected");
    let result = world.call(&tokens, "list_memories", &json!({})).await;
    assert!(failed(&result).contains("rejected the key"), "{result}");
}

#[tokio::test]
async fn a_call_still_under_way_with_the_old_key_does_not_condemn_the_new_one() {
    // design.md J6
    let world = World::start().await;
    let tokens = world.sign_in("App").await;
    world.tools(&tokens).await;
    world.double.issue_key(NEW_KEY, ALICE.id);
    world.double.fault(Fault::RevokeNow.on(key(ALICE.key)));
    world.double.fault(Fault::Hang.on(tool("list_memories")).times(1));
    let late = tokio::spawn(world.calling(&tokens, "list_memories", &json!({})).send());
    world.double.wait_for_call("list_memories").await;
    world.add_key(NEW_KEY).await;
    world.double.release();
    let late = reply(&late.await.unwrap())["result"].clone();
    assert!(failed(&late).contains("rejected the key"), "{late}");
    assert_eq!(world.account().await["state"], "ok");
    done(&world.call(&tokens, "list_memories", &json!({})).await);
}

#[tokio::test]
async fn a_key_that_now_belongs_to_somebody_else_is_another_account() {
    // upstream-api.md 13.2 switch-owner; 7: state is per user id
    let world = World::start().await;
    let tokens = world.sign_in("App").await;
    world.call(&tokens, "add_memories", &json!({ "text": "Alice's" })).await;
    let alice = world.account().await;
    world.double.fault(Fault::SwitchOwner(BOB.id).on(key(ALICE.key)));
    world.add_key(ALICE.key).await;
    let accounts = world.bridge.cli_json(&["accounts"]).await;
    let accounts = accounts.as_array().unwrap();
    assert_eq!(accounts.len(), 2, "{accounts:?}");
    assert_eq!(accounts[0]["id"], alice["id"]);
    assert_eq!(accounts[0]["user_id"], ALICE.id);
    assert_eq!(accounts[1]["user_id"], BOB.id);
    // What was allowed for Alice is still for her account, and its path still names her.
    let answer = world.bridge.http().post(&format!("/mcp/oauth/{}", BOB.id)).bearer(&tokens.access);
    answer.json(&request("ping", &json!({}))).send().await.assert_error(403, "wrong_user");
}

#[tokio::test]
async fn two_accounts_are_kept_apart() {
    // upstream-api.md 7; protocol.md 7.24: cached per key
    let world = World::start().await;
    let alice = world.sign_in("Alice's").await;
    world.add_key(BOB.key).await;
    let accounts = world.bridge.cli_json(&["accounts"]).await;
    let bob = accounts.as_array().unwrap().iter().find(|one| one["user_id"] == BOB.id).unwrap();
    let client = Client::register(&world.bridge, "Bob's").await;
    let bob = client.sign_in_as(&world.bridge, &["--account", bob["id"].as_str().unwrap()], &[]).await;
    world.call(&alice, "add_memories", &json!({ "text": "Alice's" })).await;
    world.call(&bob, "add_memories", &json!({ "text": "Bob's" })).await;
    assert_eq!(world.double.memories(ALICE.id), ["Alice's"]);
    assert_eq!(world.double.memories(BOB.id), ["Bob's"]);
    assert!(!done(&world.call(&alice, "list_memories", &json!({})).await).contains("Bob's"));

    world.double.fault(Fault::RevokeNow.on(key(BOB.key)));
    failed(&world.call(&bob, "list_memories", &json!({})).await);
    done(&world.call(&alice, "list_memories", &json!({})).await);
}

#[tokio::test]
async fn the_sandbox_works_beside_an_account_that_is_out_of_reach() {
    // design.md J2, J7
    let double = Double::start().await;
    let bridge = BridgeOptions::default().api(&double.base_url()).start().await;
    let world = World { double, bridge };
    world.add_key(ALICE.key).await;
    let real = world.sign_in("Real").await;
    let sandbox = Client::register(&world.bridge, "Sandbox").await.sign_in(&world.bridge).await;
    world.tools(&real).await;
    world.double.go_away().await;
    failed(&world.call(&real, "list_memories", &json!({})).await);
    done(&world.call(&sandbox, "add_memories", &json!({ "text": "offline" })).await);
    let listed = world.call(&sandbox, "list_memories", &json!({})).await;
    assert!(done(&listed).contains("offline"), "{listed}");
    // What happens in the sandbox says nothing about Jean Memory.
    assert_eq!(world.state().await, "offline");
    assert!(world.double.memories(ALICE.id).is_empty());
}

#[tokio::test]
async fn without_its_key_an_account_says_so() {
    // protocol.md 7.28: no key configured. The key lived in memory, for want of a keychain.
    let home = tempfile::tempdir().unwrap();
    let double = Double::start().await;
    let options = BridgeOptions::default().api(&double.base_url()).home(home.path());
    let bridge = options.clone().start().await;
    let port = bridge.port();
    let world = World { double, bridge };
    world.add_key(ALICE.key).await;
    let tokens = world.sign_in("App").await;
    done(&world.call(&tokens, "list_memories", &json!({})).await);
    let World { double, bridge } = world;
    bridge.kill().await;
    let world = World { double, bridge: options.port(port).start().await };
    let before = world.asked();
    let result = world.call(&tokens, "list_memories", &json!({})).await;
    let text = failed(&result);
    assert!(text.contains("Jean Memory Bridge") || text.contains("keychain"), "{text}");
    assert_eq!(world.asked(), before);
    // With the key again, the same token goes on.
    world.add_key(ALICE.key).await;
    let result = until_answer(
        "the call to succeed",
        async || world.call(&tokens, "list_memories", &json!({})).await,
        |result| result["isError"] != true,
    );
    done(&result.await);
}
