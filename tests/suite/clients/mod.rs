//! Real MCP clients that nobody here wrote: each goes its whole way, from discovery to being revoked.
//!
//! They are the witnesses for OAuth and MCP alike, because the bridge and its MCP library were not written by the same
//! people (protocol.md 11.7). The programs around them do no protocol step of their own (tests/clients/drivers).

mod connection;
pub(crate) mod driver;
pub(crate) mod person;

use serde_json::json;

use self::driver::{Driver, Kind, call};
use self::person::Person;
use crate::double::{ALICE, Double};
use crate::harness::bridge::{Bridge, BridgeOptions};
use crate::harness::keychain::Keychain;
use crate::harness::mcp;
use crate::harness::oauth::Tokens;

/// What the client remembers for the person, and how it is found again.
const MEMORY: &str = "Prefers tea at four o'clock";
const QUERY: &str = "tea";

#[tokio::test(flavor = "multi_thread")]
async fn the_typescript_sdk_1_goes_the_whole_way() {
    goes_the_whole_way(TYPESCRIPT_1, Some("2025-11-25")).await;
}

/// What a client gets that registers without saying how it authenticates (protocol.md 2.6).
#[tokio::test(flavor = "multi_thread")]
async fn the_typescript_sdk_1_goes_the_whole_way_with_a_secret() {
    let kind = Kind { driver: "typescript-1.mjs", args: &["--auth-method", "client_secret_basic"] };
    goes_the_whole_way(kind, Some("2025-11-25")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_typescript_sdk_2_goes_the_whole_way() {
    goes_the_whole_way(TYPESCRIPT_2, Some("2025-11-25")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_typescript_sdk_2_goes_the_whole_way_without_sessions() {
    goes_the_whole_way(Kind { driver: "typescript-2.mjs", args: &["--era", "auto"] }, Some("2026-07-28"))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_python_sdk_goes_the_whole_way() {
    goes_the_whole_way(Kind { driver: "python-sdk.py", args: &[] }, Some("2025-11-25")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_python_sdk_goes_the_whole_way_without_sessions() {
    goes_the_whole_way(Kind { driver: "python-sdk.py", args: &["--era", "auto"] }, Some("2026-07-28")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_client_of_fastmcp_goes_the_whole_way() {
    goes_the_whole_way(Kind { driver: "fastmcp-client.py", args: &[] }, None).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mcp_remote_goes_the_whole_way() {
    goes_the_whole_way(Kind { driver: "mcp-remote.mjs", args: &[] }, Some("2025-11-25")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mcp_remote_goes_the_whole_way_without_sessions() {
    // What the desktop client in front of it sees is a session all the same.
    goes_the_whole_way(Kind { driver: "mcp-remote.mjs", args: &["--era", "auto"] }, Some("2025-11-25")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_inspector_goes_the_whole_way() {
    goes_the_whole_way(INSPECTOR, None).await;
}

/// Strict clients compare issuer, resource and `iss` with the address that they were given (protocol.md D3).
#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_was_told_localhost_goes_the_whole_way() {
    let world = World::start().await;
    let url = format!("http://localhost:{}/mcp", world.bridge.port());
    world.witness(TYPESCRIPT_2, &url, None).await;
}

/// The address of Jean Memory's own documentation (protocol.md D14).
#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_was_told_the_users_own_address_goes_the_whole_way() {
    let world = World::start().await;
    let added = world.bridge.cli_with_stdin(&["accounts", "add", "--key-stdin"], ALICE.key).await;
    assert!(added.status.success(), "{added:?}");
    let url = format!("{}/mcp/oauth/{}", world.bridge.url(), ALICE.id);
    world.witness(TYPESCRIPT_2, &url, None).await;
}

/// What no other client here does: it ends its grant at the revocation endpoint (protocol.md 5).
#[tokio::test(flavor = "multi_thread")]
async fn what_the_inspector_revokes_is_dead() {
    let world = World::start().await;
    let mut person = Person::new(&world.bridge);
    let mut client = Driver::start(INSPECTOR, &world.mcp(), "Witness").await;
    client.connect(&mut person).await;
    let tokens = client.tokens(&mut person).await;

    client.order(json!({ "do": "relogin" }), &mut person).await;

    assert_eq!(person.asked, 2);
    assert_dead(&world.bridge, &tokens).await;
}

const TYPESCRIPT_1: Kind = Kind { driver: "typescript-1.mjs", args: &[] };
pub(crate) const TYPESCRIPT_2: Kind = Kind { driver: "typescript-2.mjs", args: &[] };
/// The Inspector's command line.
const INSPECTOR: Kind = Kind { driver: "inspector.mjs", args: &[] };

async fn goes_the_whole_way(kind: Kind, protocol: Option<&str>) {
    let world = World::start().await;
    world.witness(kind, &world.mcp(), protocol).await;
}

/// A bridge with a keychain to keep Alice's key in, and the double behind it.
struct World {
    bridge: Bridge,
    double: Double,
    _keychain: Keychain,
}

impl World {
    async fn start() -> Self {
        let keychain = Keychain::start();
        let double = Double::start().await;
        let bridge = BridgeOptions::default().keychain(&keychain).api(&double.base_url()).start().await;
        Self { bridge, double, _keychain: keychain }
    }

    fn mcp(&self) -> String {
        format!("{}/mcp", self.bridge.url())
    }

    /// Discovery, registration, consent, tokens, tools, a memory written and found, refresh, and after the person revoked
    /// it: 401, a dead refresh token, and a client that has to ask again.
    async fn witness(&self, kind: Kind, url: &str, protocol: Option<&str>) {
        let Self { bridge, double, .. } = self;
        let mut person = Person::new(bridge);
        let mut client = Driver::start(kind, url, "Witness").await;

        let connected = client.connect(&mut person).await;
        assert_eq!(person.asked, 1);
        if let Some(protocol) = protocol {
            assert_eq!(connected["protocol"], protocol);
        }

        let tools = client.tools(&mut person).await;
        for tool in ["add_memories", "search_memory_v2", "list_memories"] {
            assert!(tools.iter().any(|name| name == tool), "{tool} is not among {tools:?}");
        }
        client.call("add_memories", json!({ "text": MEMORY }), &mut person).await;
        assert_eq!(double.memories(ALICE.id), [MEMORY]);
        for (tool, arguments) in
            [("search_memory_v2", json!({ "query": QUERY })), ("list_memories", json!({}))]
        {
            let found = client.call(tool, arguments, &mut person).await;
            assert!(found.contains(MEMORY), "{tool} found {found}");
        }

        let first = client.tokens(&mut person).await;
        client.order(json!({ "do": "expire" }), &mut person).await;
        client.call("list_memories", json!({}), &mut person).await;
        let second = client.tokens(&mut person).await;
        assert_ne!(first.access, second.access);
        // protocol.md 4.11: the refresh token of a public client rotates.
        assert_ne!(first.refresh(), second.refresh());
        assert_eq!(person.asked, 1, "a refresh needs nobody");

        bridge.cli_ok(&["revoke", &second.client_id]).await;
        assert_dead(bridge, &second).await;

        person.refuse();
        let refused = client.try_order(&call("list_memories", &json!({})), &mut person).await;
        assert!(refused["failed"].is_string(), "{refused}");
        assert_eq!(person.asked, 2, "it asks again, and only once");
        assert!(double.key_leaks().is_empty());
    }
}

/// Neither token of the pair is good for anything (protocol.md 5.3, 5.4, 6.4).
async fn assert_dead(bridge: &Bridge, tokens: &Tokens) {
    let http = bridge.http();
    let ping = json!({ "jsonrpc": "2.0", "id": 1, "method": "ping" });
    let answer = mcp::post(&http, &tokens.access, &ping).send().await.assert_status(401);
    let challenge = answer.header("www-authenticate").expect("a challenge");
    assert!(challenge.starts_with("Bearer ") && challenge.contains("invalid_token"), "{challenge}");

    let pairs = [
        ("grant_type", "refresh_token"),
        ("refresh_token", tokens.refresh()),
        ("client_id", &tokens.client_id),
    ];
    let status = http.post("/oauth/token").form(&pairs).send().await.status;
    // 401 for one that has a secret, which only the client knows.
    assert!(status == 400 || status == 401, "{status}");
}
