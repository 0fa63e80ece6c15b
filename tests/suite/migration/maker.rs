//! Makes the fixture of this version, by using it as a person and their apps do. To be run once before a release, and the
//! folder is committed:
//!
//! `cargo build && cargo test -p bridge-tests --test suite -- --ignored migration::maker`
//!
//! Every key and token in it was made for it, and is good for nothing else. Refresh tokens last ten years there, so that
//! the tests need no clock of their own.

use std::fs;

use rusqlite::Connection;
use serde_json::{Map, Value, json};

use super::fixture::{SERVICE, config_file, cursor, data, environment, keep, login_entry, options};
use super::{accounts, by_id};
use crate::double::{ALICE, BOB, Double};
use crate::harness::bridge::Bridge;
use crate::harness::keychain::Keychain;
use crate::harness::mcp::Session;
use crate::harness::oauth::{Client, REDIRECT_URI, Tokens};
use crate::harness::stdio::{StdioClient, done};
use crate::harness::waiting::until;

/// An app on standard input and output.
pub(super) const DESKTOP: &str = "Claude Desktop";
/// One from before OAuth.
const OF_OLD: &str = "claude";
/// As the app of 0.1.0 writes it when it is installed by a package.
pub(super) const LOGIN_ENTRY: &str = "[Desktop Entry]
Type=Application
Name=Jean Memory Bridge
Icon=com.jeanmemory.bridge
TryExec=/usr/bin/jean-memory-bridge
Exec=\"/usr/bin/jean-memory-bridge\" --background
Terminal=false
";

/// Every key, so that each stays readable. Only the lifetimes are not those of a person's own file.
const CONFIG: &str = "\
# Of a person who sets everything.
port = 5326
api_base_url = \"https://jean-memory-api-virginia.onrender.com\"
access_token_ttl = \"1h\"
refresh_token_ttl = \"3660d\"
code_ttl = 60
identity_headers = false
allowed_origins = [\"http://localhost:6274\"]
log = \"info,bridge_core::oauth=debug\"
activity_days = 3660
";
/// What only windows change: rows as they write them.
const SETTINGS: [(&str, &str); 4] =
    [("language", "\"de\""), ("appearance", "\"dark\""), ("notifications", "false"), ("welcomed", "true")];
const SWITCHED_OFF: &str = "ask_memory";
const MEMORY: &str = "The boat is blue.";

#[tokio::test(flavor = "multi_thread")]
#[ignore = "makes tests/fixtures/VERSION anew"]
async fn it_is_lived_in_and_kept() {
    let (keychain, double) = (Keychain::start(), Double::start().await);
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path();
    for file in [config_file(home), cursor(home), login_entry(home)] {
        fs::create_dir_all(file.parent().unwrap()).unwrap();
    }
    fs::write(config_file(home), CONFIG).unwrap();
    fs::write(login_entry(home), LOGIN_ENTRY).unwrap();
    fs::write(
        cursor(home),
        "{\n  // mine\n  \"mcpServers\": { \"other\": { \"url\": \"http://127.0.0.1:1/mcp\" } }\n}\n",
    )
    .unwrap();
    let options = || options(home, &keychain, &double.base_url());
    let connected = options().cli(&["connect", "cursor"]).await;
    assert!(connected.status.success(), "{connected:?}");

    let bridge = options().start().await;
    for person in [&ALICE, &BOB] {
        let added = bridge.cli_with_stdin(&["accounts", "add", "--key-stdin"], person.key).await;
        assert!(added.status.success(), "{added:?}");
    }
    let of_alice = bridge.cli_json(&["accounts"]).await[0]["id"].as_str().unwrap().to_owned();
    let code = Client::register(&bridge, "Claude Code").await;
    let cursor_app = Client::register_as(&bridge, &confidential("Cursor")).await;
    let trying = Client::register(&bridge, "Somebody who tries it out").await;
    let gone = Client::register(&bridge, "Revoked").await;
    let tokens = [
        sign_in(&code, &bridge, &["--account", &of_alice]).await,
        sign_in(&cursor_app, &bridge, &["--account", &of_alice, "--scope", "read"]).await,
        sign_in(&trying, &bridge, &["--sandbox"]).await,
    ];
    sign_in(&gone, &bridge, &["--account", &of_alice]).await;
    bridge.cli_ok(&["revoke", "Revoked"]).await;
    for each in &tokens {
        let session = Session::open(&bridge, &each.access, "2025-06-18").await;
        session.call("list_memories", json!({})).await;
    }
    let trying_it = Session::open(&bridge, &tokens[2].access, "2025-06-18").await;
    trying_it.call("add_memories", json!({ "text": MEMORY })).await;
    on_stdio(&bridge, home, &keychain, &of_alice).await;
    call_of_old(&bridge).await;
    bridge.cli_ok(&["pause"]).await;
    // Written down within a moment.
    until("the calls", async || (calls(&data(home).join("bridge.db")) >= 6).then_some(())).await;
    let left = json!({
        "accounts": accounts(&bridge).await,
        "clients": by_id(bridge.cli_json(&["clients"]).await),
        "calls": calls(&data(home).join("bridge.db")),
        "settings": Map::from_iter(SETTINGS.map(|(name, value)| (name.to_owned(), value.into()))),
        "keychain": entries(&bridge, &keychain).await,
        "tokens": [
            { "client_id": code.id, "refresh_token": tokens[0].refresh(), "switched_off": SWITCHED_OFF },
            { "client_id": cursor_app.id, "client_secret": cursor_app.secret, "refresh_token": tokens[1].refresh() },
            { "client_id": trying.id, "refresh_token": tokens[2].refresh(), "memory": MEMORY },
        ],
    });
    assert!(bridge.terminate().await.success());

    let database = Connection::open(data(home).join("bridge.db")).unwrap();
    for (name, value) in SETTINGS {
        let set = "INSERT INTO settings VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = ?2";
        database.execute(set, [name, value]).unwrap();
    }
    database.execute("INSERT INTO tool_switches VALUES (?1, ?2, 0)", [&*code.id, SWITCHED_OFF]).unwrap();
    drop(database);
    // Nobody reads an old log.
    fs::remove_dir_all(home.join(".local/state")).unwrap();
    keep(home, env!("CARGO_PKG_VERSION"), &left);
}

async fn sign_in(client: &Client, bridge: &Bridge, approve: &[&str]) -> Tokens {
    client.sign_in_as(bridge, approve, &[]).await
}

/// A setup from before OAuth calls a tool, and gets an answer.
pub(super) async fn call_of_old(bridge: &Bridge) {
    let call = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {
        "name": "list_memories", "arguments": {}, "_meta": {
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientInfo": { "name": OF_OLD, "version": "1" },
            "io.modelcontextprotocol/clientCapabilities": {},
        },
    } });
    let asking = bridge.http().post(&format!("/mcp/v2/{OF_OLD}/{}", ALICE.id)).header("x-api-key", ALICE.key);
    let asking = asking.header("accept", "application/json, text/event-stream").json(&call);
    let asking = asking.header("mcp-protocol-version", "2026-07-28").header("mcp-method", "tools/call");
    asking.header("mcp-name", "list_memories").send().await.assert_status(200);
}

/// A client with a secret.
fn confidential(name: &str) -> Value {
    json!({
        "client_name": name, "redirect_uris": [REDIRECT_URI], "token_endpoint_auth_method": "client_secret_post",
        "grant_types": ["authorization_code", "refresh_token"],
    })
}

async fn on_stdio(bridge: &Bridge, home: &std::path::Path, keychain: &Keychain, account: &str) {
    let env = environment(home, keychain);
    let mut app = StdioClient::start_with(home, &env, &["--client", DESKTOP]).opened("2025-06-18").await;
    let call = app.begin_call("list_memories", json!({})).await;
    let code = until("its question", async || {
        bridge.cli_json(&["requests"]).await[0]["code"].as_str().map(str::to_owned)
    })
    .await;
    bridge.cli_ok(&["approve", &code, "--account", account]).await;
    done(&app.answer(call).await["result"]);
}

fn calls(database: &std::path::Path) -> u64 {
    let database = Connection::open(database).unwrap();
    database.query_row("SELECT count(*) FROM activity", [], |row| row.get(0)).unwrap()
}

/// What the bridge keeps in the keychain.
async fn entries(bridge: &Bridge, keychain: &Keychain) -> Value {
    let accounts = bridge.cli_json(&["accounts"]).await;
    let ids = accounts.as_array().unwrap().iter().map(|account| account["id"].as_str().unwrap());
    let items = ids.map(|id| format!("account:{id}")).chain(["signing-key".to_owned()]);
    let found: Map<String, Value> = items
        .filter_map(|item| keychain.stored(SERVICE, &item).map(|secret| (item, secret.into())))
        .collect();
    assert_eq!(found.len(), keychain.count(SERVICE), "of the entries, these are known: {:?}", found.keys());
    found.into()
}
