//! Nothing secret is written down or told: a whole life of the bridge with the log at `trace`, and then every
//! place it writes to is searched (design.md 6; protocol.md 4.17, 6.10, 7.35, 9.8, 9.10).
//!
//! Harmless values must be found in the same places, or the search proves nothing.

mod places;

use bridge_core::paths::Paths;
use serde_json::json;

use self::places::{Places, Secrets};
use crate::double::{ALICE, BOB, Double, Fault, REVOKED_KEY, key, path, tool};
use crate::harness::bridge::{Bridge, BridgeOptions};
use crate::harness::http::Answer;
use crate::harness::keychain::Keychain;
use crate::harness::mcp::{Session, modern, post, reply, text};
use crate::harness::oauth::{Client, Pkce, REDIRECT_URI, Tokens};

const CLIENT_NAME: &str = "Ferris the harmless";
const TOOL: &str = "add_memories";
const ARGUMENT: &str = "argument-8d1f6a52c07e44b9-of-a-tool";
const RESULT: &str = "result-3b90cc7714fe4a08-of-a-tool";
const STATE: &str = "state-5c2d5b1f9a6e4c7d-of-a-client";
const QUERY: &str = "query-e1b7a0934d2c48f6-that-means-nothing";
const BODY: &str = "body-77c9e05d1b5f4a3e-that-is-broken";
/// Of the right start and the wrong form; a person may paste such a thing.
const ALMOST_A_KEY: &str = "jean_sk_EXAMPLE_almost 0123456789abcdef";
/// Not to be found in any log or error; the store and `accounts` know it by contract (design.md 4).
const USERS: [&str; 2] = [ALICE.id, BOB.id];

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_is_in_logs_files_errors_or_output() {
    let double = Double::start().await;
    let keychain = Keychain::start();
    let home = tempfile::tempdir().unwrap();
    let bridge = BridgeOptions::default()
        .api(&double.base_url())
        .keychain(&keychain)
        .home(home.path())
        .env("JEAN_BRIDGE_LOG", "trace,rmcp=trace,hyper=trace,hyper_util=trace,reqwest=trace,zbus=trace")
        .start()
        .await;
    let mut life = Life { bridge, double, secrets: Secrets::default(), places: Places::default() };
    life.secrets.add("a key", ALICE.key);
    life.secrets.add("a key of an older setup", BOB.key);
    life.secrets.add("a rejected key", REVOKED_KEY);
    life.secrets.add("almost a key", ALMOST_A_KEY);
    for marker in [ARGUMENT, RESULT, STATE, QUERY, BODY] {
        life.secrets.add(marker, marker);
    }

    let client = life.register().await;
    let tokens = life.sign_in(&client).await;
    life.call_tools(&tokens).await;
    life.fail_upstream(&tokens).await;
    life.malformed(&tokens).await;
    life.older_setup().await;
    life.oauth_errors(&client).await;
    life.look("while it runs").await;
    life.end_tokens(&client, &tokens).await;

    let Life { bridge, double, mut secrets, mut places } = life;
    let service = Paths::under(home.path()).keychain_service;
    let signing_key = keychain.stored(&service, "signing-key").expect("made at the first start");
    secrets.add("the signing key", &signing_key);
    assert_eq!(keychain.count(&service), 2, "the key of the account is in the keychain too");
    assert!(bridge.terminate().await.success());
    places.files("after the end", home.path());
    places.assert_free_of(&secrets, &USERS);
    places.assert_hold("while it runs: clients", CLIENT_NAME);
    places.assert_hold("bridge.db", CLIENT_NAME);
    places.assert_hold("bridge.db", TOOL);
    places.assert_hold("jean-bridge.log", TOOL);
    places.assert_hold("jean-bridge.log", &client.id);
    places.assert_hold("stderr.txt", &client.id);
    assert_eq!(double.key_leaks(), Vec::<String>::new());
    assert_eq!(double.identity_headers(), Vec::<String>::new());
}

/// The bridge with what was seen of it.
struct Life {
    bridge: Bridge,
    double: Double,
    secrets: Secrets,
    places: Places,
}

impl Life {
    async fn register(&mut self) -> Client {
        let metadata = json!({
            "client_name": CLIENT_NAME, "redirect_uris": [REDIRECT_URI],
            "token_endpoint_auth_method": "client_secret_post",
            "grant_types": ["authorization_code", "refresh_token"], "software_statement": BODY,
        });
        let client = Client::register_as(&self.bridge, &metadata).await;
        self.secrets.add("a client secret", client.secret.as_deref().expect("it asked for one"));
        client
    }

    async fn sign_in(&mut self, client: &Client) -> Tokens {
        let asked = client.ask(&[("state", STATE), ("nonce", QUERY)]).await;
        self.secrets.add("a verifier", &asked.pkce.verifier);
        self.secrets.add("a transaction", &asked.transaction);
        self.say("while it is asked: requests", &["requests", "--json"], "").await;

        // Keys that are not taken, one after the other; the last one is.
        let echo = json!({ "detail": [{ "type": "x", "loc": ["body", "api_key"], "input": ALICE.key }] });
        let echo = Fault::Canned { status: 422, content_type: "application/json", body: echo.to_string() };
        self.double.fault(echo.on(path("/sdk/validate-developer")).times(2));
        self.double.fault(Fault::Html(502).on(path("/sdk/validate-developer")).times(2));
        for key in [ALICE.key, REVOKED_KEY, ALMOST_A_KEY, ALICE.key] {
            self.say("approve, refused", &["approve", &asked.code, "--key-stdin"], key).await;
        }
        self.double.clear();
        let approved = self.bridge.cli_with_stdin(&["approve", &asked.code, "--key-stdin"], ALICE.key).await;
        assert!(approved.status.success(), "{approved:?}");

        let redirect = asked.finish().await;
        let code = redirect.get("code").expect("a code");
        self.secrets.add("a code", code);
        self.note("a finished transaction", &asked.hand_in().await);
        let tokens = asked.exchange(code).await;
        self.keep(&tokens);
        // Refreshed at once, so that a spent token is about as well.
        let fresh = client.refresh(tokens.refresh()).await.assert_status(200);
        let fresh = Tokens::of(&client.id, &fresh);
        self.keep(&fresh);
        fresh
    }

    fn keep(&mut self, tokens: &Tokens) {
        self.secrets.add_token("an access token", &tokens.access);
        self.secrets.add("a refresh token", tokens.refresh());
    }

    /// In both eras.
    async fn call_tools(&mut self, tokens: &Tokens) {
        let session = Session::open(&self.bridge, &tokens.access, "2025-06-18").await;
        session.call(TOOL, json!({ "text": ARGUMENT })).await;
        let result = json!({ "content": [{ "type": "text", "text": RESULT }] });
        self.double.fault(Fault::ToolResult(result).on(tool("list_memories")).times(2));
        let listed = session.call("list_memories", json!({})).await;
        assert_eq!(text(&listed), RESULT);
        let http = self.bridge.http();
        let call = json!({ "name": "list_memories", "arguments": { "limit": 3 } });
        let answer = modern(&http, &tokens.access, "tools/call", call).send().await.assert_status(200);
        assert_eq!(text(&reply(&answer)["result"]), RESULT);
        let search = json!({ "name": "search_memory_v2", "arguments": { "query": ARGUMENT } });
        modern(&http, &tokens.access, "tools/call", search).send().await.assert_status(200);
        let path = format!("/mcp/oauth/{}", ALICE.id);
        let ping = json!({ "jsonrpc": "2.0", "id": 1, "method": "ping" });
        self.note("another's address", &post(&http, &tokens.access, &ping).send().await);
        let wrong = format!("/mcp/oauth/{}", BOB.id);
        for path in [path, wrong] {
            let asking = http.post(&path).bearer(&tokens.access).json(&ping);
            self.note("an address of a person", &asking.header("accept", "*/*").send().await);
        }
    }

    /// What upstream says when it fails, with secrets in it, comes back cleaned (protocol.md 7.28, 7.29).
    async fn fail_upstream(&mut self, tokens: &Tokens) {
        let session = Session::open(&self.bridge, &tokens.access, "2025-11-25").await;
        let echo = format!("boom {} of {} at {}", ALICE.key, ALICE.id, self.double.base_url());
        let faults = [
            Fault::ToolException(echo.clone()),
            Fault::RpcError { code: -32000, message: echo.clone() },
            Fault::Html(503),
            Fault::Canned { status: 500, content_type: "text/plain", body: echo.clone() },
            Fault::Canned { status: 200, content_type: "application/json", body: echo },
            Fault::Truncate,
        ];
        for fault in faults {
            self.double.fault(fault.on(tool("ask_memory")).times(1));
            let result = session.call("ask_memory", json!({ "question": ARGUMENT })).await;
            assert_eq!(result["isError"], true, "{result}");
            // Whose account it is, the client has been told in its token.
            self.places.output("a failed call", result.to_string());
        }
        self.double.clear();
    }

    async fn malformed(&mut self, tokens: &Tokens) {
        let http = self.bridge.http();
        let token = tokens.access.as_str();
        let forged = format!("{}A", token.strip_suffix(|_: char| true).expect("it is not empty"));
        let ping = json!({ "jsonrpc": "2.0", "id": 1, "method": "ping" });
        let unknown = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": { "name": TOOL, "arguments": { "text": [ARGUMENT] } } });
        let all = [
            post(&http, &forged, &ping),
            post(&http, &format!("{token} {token}"), &ping),
            post(&http, token, &ping).header("authorization", &format!("Bearer {token}")),
            http.post(&format!("/mcp?access_token={token}&x={QUERY}")).json(&ping),
            http.post("/mcp")
                .bearer(token)
                .header("content-type", "application/json")
                .body(format!("{{\"{BODY}\": ")),
            http.post("/mcp").bearer(token).json(&json!([BODY])),
            http.post("/mcp").bearer(token).header("content-type", BODY).body(BODY),
            post(&http, token, &ping).header("mcp-session-id", BODY),
            post(&http, token, &ping).header("mcp-protocol-version", BODY),
            post(&http, token, &ping).header("x-api-key", ALICE.key).header("cookie", BODY),
            modern(&http, token, "tools/call", json!({ "name": BODY, "arguments": {} })),
            modern(&http, token, "tools/call", unknown["params"].clone()),
            http.post("/oauth/token")
                .header("content-type", "application/json")
                .body(format!("{{\"refresh_token\":\"{}\"}}", tokens.refresh())),
            http.get(&format!("/oauth/token?refresh_token={}", tokens.refresh())),
            http.get(&format!("/{BODY}?code={QUERY}")),
            http.get("/status").header("host", BODY),
            http.get("/status").header("origin", &format!("https://{BODY}.example")),
        ];
        for asking in all {
            let answer = asking.send().await;
            // Who names a tool that there is not is told its name.
            if !answer.text().contains("Unknown tool") {
                self.note("a malformed request", &answer);
            }
        }
        let raw = format!(
            "GET /{QUERY} HTTP/1.1\r\nHost: {BODY}\r\nAuthorization: Bearer {token}\r\nbroken {BODY}\r\n\r\n"
        );
        self.places.error("a broken request", http.raw(raw.as_bytes()).await);
    }

    /// A setup from before OAuth, with a key in every request.
    async fn older_setup(&mut self) {
        let http = self.bridge.http();
        let call = json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": { "protocolVersion": "2025-06-18",
            "capabilities": {}, "clientInfo": { "name": "old", "version": "1" } } });
        let path = |user: &str| format!("/mcp/v2/claude/{user}?code={QUERY}");
        let good = http.post(&path(BOB.id)).header("x-api-key", BOB.key);
        good.header("accept", "application/json, text/event-stream")
            .json(&call)
            .send()
            .await
            .assert_status(200);
        for (user, key) in
            [(ALICE.id, BOB.key), (ALICE.id, REVOKED_KEY), (BOB.id, ALMOST_A_KEY), (BOB.id, "")]
        {
            let refused = http.post(&path(user)).header("x-api-key", key).json(&call).send().await;
            self.note("an older setup", &refused.assert_status(401));
        }
        self.double.fault(Fault::Html(502).on(key("jean_sk_EXAMPLE_another_00000000000000000000000000")));
        let other = "jean_sk_EXAMPLE_another_00000000000000000000000000";
        self.secrets.add("a key that could not be checked", other);
        self.note(
            "an older setup",
            &http.post(&path(BOB.id)).header("x-api-key", other).json(&call).send().await,
        );
        self.double.clear();
    }

    async fn oauth_errors(&mut self, client: &Client) {
        let http = self.bridge.http();
        let pkce = Pkce::new();
        self.secrets.add("a verifier", &pkce.verifier);
        let bad = json!({ "client_name": BODY, "redirect_uris": [format!("javascript:{BODY}")] });
        let mut answers = vec![
            http.post("/oauth/register").json(&bad).send().await,
            http.post("/oauth/register").header("content-type", "application/json").body(BODY).send().await,
            client.token(&[("grant_type", "refresh_token"), ("refresh_token", BODY)]).await,
            client.token(&[("grant_type", BODY)]).await,
            client
                .token(&[
                    ("grant_type", "authorization_code"),
                    ("code", BODY),
                    ("code_verifier", &pkce.verifier),
                ])
                .await,
            client.revoke(BODY).await,
            http.post("/oauth/callback").form(&[("transaction", BODY)]).send().await,
        ];
        for changes in [
            [("client_id", QUERY), ("state", STATE)],
            [("redirect_uri", "https://elsewhere.example/?x=query-e1b7a0934d2c48f6"), ("state", STATE)],
        ] {
            answers.push(client.authorize(&pkce, &changes).await);
        }
        let another = Client { secret: Some(BODY.to_owned()), ..client.clone() };
        answers.push(another.refresh(BODY).await);
        for answer in &answers {
            self.note("an OAuth error", answer);
        }
    }

    async fn end_tokens(&mut self, client: &Client, tokens: &Tokens) {
        let next = client.refresh(tokens.refresh()).await.assert_status(200);
        let next = Tokens::of(&client.id, &next);
        self.keep(&next);
        let last = client.refresh(next.refresh()).await.assert_status(200);
        self.keep(&Tokens::of(&client.id, &last));
        // Reuse, which ends the family (protocol.md 4.13).
        self.note(
            "a spent token",
            &client.refresh(tokens.refresh()).await.assert_error(400, "invalid_grant"),
        );
        client.revoke(next.refresh()).await.assert_status(200);
        let ping = json!({ "jsonrpc": "2.0", "id": 1, "method": "ping" });
        let dead = post(&self.bridge.http(), &next.access, &ping).send().await.assert_status(401);
        self.note("a dead token", &dead);
        self.look("at the end").await;
    }

    /// Everything that the command line shows, and every file.
    async fn look(&mut self, when: &str) {
        for list in ["status", "clients", "accounts", "requests"] {
            self.say(&format!("{when}: {list}"), &[list, "--json"], "").await;
            self.say(&format!("{when}: {list}"), &[list], "").await;
        }
        self.places.files(when, self.bridge.home());
    }

    /// What the command line says, on both streams.
    async fn say(&mut self, place: &str, args: &[&str], stdin: &str) {
        let ended = self.bridge.cli_with_stdin(args, stdin).await;
        self.places.output(place, ended.stdout);
        self.places.error(place, ended.stderr);
    }

    /// An answer that is an error.
    #[track_caller]
    fn note(&mut self, place: &str, answer: &Answer) {
        let headers: Vec<_> =
            answer.headers.iter().map(|(name, value)| format!("{name}: {value:?}")).collect();
        self.places.error(place, format!("{} {headers:?} {}", answer.status, answer.text()));
    }
}
