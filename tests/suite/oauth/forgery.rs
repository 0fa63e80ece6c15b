//! Access tokens that were made or altered elsewhere, some even with the bridge's own key (protocol.md 4.18 to
//! 4.21; RFC 8725).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey};
use serde_json::{Value, json};

use super::is_accepted;
use crate::harness::bridge::{Bridge, JWT_SECRET};
use crate::harness::mcp;
use crate::harness::oauth::{Client, Tokens};

/// A genuine token, and what it is made of.
struct Genuine {
    bridge: Bridge,
    client: Client,
    tokens: Tokens,
    header: Value,
    claims: Value,
}

impl Genuine {
    async fn new() -> Self {
        let bridge = Bridge::start().await;
        let client = Client::register(&bridge, "App").await;
        let tokens = client.sign_in(&bridge).await;
        let mut parts = tokens.access.split('.').map(|part| URL_SAFE_NO_PAD.decode(part).expect("base64url"));
        let mut part = || serde_json::from_slice(&parts.next().expect("three parts")).expect("JSON");
        let (header, claims) = (part(), part());
        Self { bridge, client, tokens, header, claims }
    }

    fn header(&self, name: &str, value: Value) -> Value {
        with(&self.header, name, value)
    }

    fn claims(&self, name: &str, value: Value) -> Value {
        with(&self.claims, name, value)
    }

    async fn refuses(&self, token: &str) -> bool {
        !is_accepted(&self.bridge, token).await
    }
}

/// With a null the member is gone.
fn with(object: &Value, name: &str, value: Value) -> Value {
    let mut object = object.clone();
    if value.is_null() {
        object.as_object_mut().expect("an object").remove(name);
    } else {
        object[name] = value;
    }
    object
}

fn encoded(part: &Value) -> String {
    URL_SAFE_NO_PAD.encode(part.to_string())
}

fn signed_with(header: &Value, claims: &Value, secret: &[u8], algorithm: Algorithm) -> String {
    let message = format!("{}.{}", encoded(header), encoded(claims));
    let key = EncodingKey::from_secret(secret);
    let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &key, algorithm).expect("a signature");
    format!("{message}.{signature}")
}

/// With the bridge's own key: the worst case.
fn signed(header: &Value, claims: &Value) -> String {
    signed_with(header, claims, JWT_SECRET.as_bytes(), Algorithm::HS256)
}

#[tokio::test]
async fn a_genuine_token_made_again_is_the_same_token() {
    // The control: what follows is refused for its one difference.
    let genuine = Genuine::new().await;
    let again = signed(&genuine.header, &genuine.claims);
    assert!(is_accepted(&genuine.bridge, &again).await);
    assert!(is_accepted(&genuine.bridge, &genuine.tokens.access).await);
}

#[tokio::test]
async fn no_other_algorithm_is_taken_whatever_the_header_says() {
    // protocol.md 4.19, 4.21; RFC 8725 §3.1
    let genuine = Genuine::new().await;
    for none in ["none", "None", "NONE", "nOnE", ""] {
        let header = genuine.header("alg", json!(none));
        let message = format!("{}.{}", encoded(&header), encoded(&genuine.claims));
        assert!(genuine.refuses(&format!("{message}.x")).await, "{none}");
        // Without a signature it is no token at all (6.2), or one that is not valid: refused either way.
        let unsigned =
            mcp::modern(&genuine.bridge.http(), &format!("{message}."), "server/discover", json!({}));
        assert!(matches!(unsigned.send().await.status.as_u16(), 400 | 401), "{none}");
        assert!(genuine.refuses(&signed(&header, &genuine.claims)).await, "{none}");
    }
    for (name, algorithm) in [("HS384", Algorithm::HS384), ("HS512", Algorithm::HS512)] {
        let header = genuine.header("alg", json!(name));
        assert!(
            genuine.refuses(&signed_with(&header, &genuine.claims, JWT_SECRET.as_bytes(), algorithm)).await
        );
        // Named one way, signed another.
        assert!(genuine.refuses(&signed(&header, &genuine.claims)).await);
        let lying = signed_with(&genuine.header, &genuine.claims, JWT_SECRET.as_bytes(), algorithm);
        assert!(genuine.refuses(&lying).await);
    }
    for name in ["RS256", "ES256", "PS256", "EdDSA", "HS1", "hs256"] {
        assert!(
            genuine.refuses(&signed(&genuine.header("alg", json!(name)), &genuine.claims)).await,
            "{name}"
        );
    }
    assert!(genuine.refuses(&signed(&genuine.header("alg", Value::Null), &genuine.claims)).await);
}

#[tokio::test]
async fn another_key_signs_nothing() {
    // protocol.md 4.19, 4.20
    let genuine = Genuine::new().await;
    for secret in
        ["", "secret", "another-secret-that-is-longer-than-32-bytes", &JWT_SECRET[1..], &genuine.client.id]
    {
        let token = signed_with(&genuine.header, &genuine.claims, secret.as_bytes(), Algorithm::HS256);
        assert!(genuine.refuses(&token).await);
    }
}

#[tokio::test]
async fn a_key_cannot_be_named_or_brought_along() {
    // protocol.md 4.20; RFC 8725 §3.10: kid, jwk, jku, x5u are a stranger's words
    let genuine = Genuine::new().await;
    for kid in [
        Value::Null,
        json!(""),
        json!("unknown"),
        json!("../../../dev/null"),
        json!("/dev/null"),
        json!("' UNION SELECT 'secret' --"),
        json!("http://127.0.0.1/key"),
        json!(0),
        json!([genuine.header["kid"]]),
        json!("x".repeat(4096)),
    ] {
        let header = genuine.header("kid", kid.clone());
        assert!(genuine.refuses(&signed(&header, &genuine.claims)).await, "{kid}");
        assert!(
            genuine.refuses(&signed_with(&header, &genuine.claims, b"", Algorithm::HS256)).await,
            "{kid}"
        );
    }
    let own = json!({ "kty": "oct", "k": URL_SAFE_NO_PAD.encode("mine"), "alg": "HS256" });
    for (name, value) in
        [("jwk", own), ("jku", json!("http://127.0.0.1/keys")), ("x5u", json!("http://127.0.0.1/x"))]
    {
        let header = genuine.header(name, value);
        assert!(
            genuine.refuses(&signed_with(&header, &genuine.claims, b"mine", Algorithm::HS256)).await,
            "{name}"
        );
    }
}

#[tokio::test]
async fn a_token_of_another_type_is_refused() {
    // protocol.md 4.18, 4.19; RFC 8725 §3.11
    let genuine = Genuine::new().await;
    for kind in
        [Value::Null, json!("JWT"), json!("at+JWT"), json!("application/at+jwt"), json!("id+jwt"), json!("")]
    {
        assert!(
            genuine.refuses(&signed(&genuine.header("typ", kind.clone()), &genuine.claims)).await,
            "{kind}"
        );
    }
}

#[tokio::test]
async fn every_claim_must_be_there_and_be_right() {
    // protocol.md 4.18, 4.19, 4.21; RFC 8725 §3.8, §3.9
    let genuine = Genuine::new().await;
    let (url, port) = (genuine.bridge.url(), genuine.bridge.port());
    let audience = format!("{url}/mcp");
    let expired = genuine.claims["iat"].as_i64().expect("seconds") - 1;
    for (name, value) in [
        ("aud", Value::Null),
        ("aud", json!("")),
        ("aud", json!([audience])),
        ("aud", json!([audience, "https://evil.example"])),
        ("aud", json!("https://evil.example")),
        ("aud", json!(url)),
        ("aud", json!(format!("{audience}/"))),
        ("aud", json!(format!("http://localhost:{port}/mcp"))),
        ("iss", Value::Null),
        ("iss", json!("https://evil.example")),
        ("iss", json!(format!("{url}/"))),
        ("iss", json!(format!("http://localhost:{port}"))),
        ("iss", json!([url])),
        ("sub", Value::Null),
        ("sub", json!("somebody-else")),
        ("sub", json!("")),
        ("client_id", Value::Null),
        ("client_id", json!("another")),
        ("client", Value::Null),
        ("scope", Value::Null),
        ("scope", json!(["read"])),
        ("iat", Value::Null),
        ("iat", json!("now")),
        ("exp", Value::Null),
        ("exp", json!(0)),
        ("exp", json!(-1)),
        ("exp", json!(expired)),
        ("exp", json!("9999999999")),
        ("exp", json!(1e300)),
        ("jti", Value::Null),
        ("jti", json!("")),
        ("jti", json!("unknown")),
        ("jti", json!(["x"])),
        ("jti", json!("' OR 1=1 --")),
    ] {
        let token = signed(&genuine.header, &genuine.claims(name, value.clone()));
        assert!(genuine.refuses(&token).await, "{name}: {value}");
    }
    for claims in [json!({}), json!([]), json!("text"), Value::Null] {
        assert!(genuine.refuses(&signed(&genuine.header, &claims)).await, "{claims}");
    }
}

#[tokio::test]
async fn what_a_token_may_do_is_not_what_it_says() {
    // protocol.md 4.19: the grant decides; a longer life and more scope in the claims change nothing
    let genuine = Genuine::new().await;
    let reader = genuine.client.sign_in_as(&genuine.bridge, &["--sandbox", "--scope", "read"], &[]).await;
    let part = reader.access.split('.').nth(1).expect("claims");
    let claims: Value =
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).expect("base64url")).expect("JSON");
    let writer = signed(&genuine.header, &with(&claims, "scope", json!("read write")));
    let asking = mcp::modern(&genuine.bridge.http(), &writer, "tools/list", json!({}));
    let listed = mcp::reply(&asking.send().await.assert_status(200));
    let names: Vec<_> = listed["result"]["tools"]
        .as_array()
        .expect("tools")
        .iter()
        .map(|tool| tool["name"].clone())
        .collect();
    assert!(
        names.contains(&json!("search_memory_v2")) && !names.contains(&json!("add_memories")),
        "{names:?}"
    );
    let longer = signed(&genuine.header, &with(&claims, "exp", json!(99_999_999_999_i64)));
    genuine.client.revoke(&reader.access).await.assert_status(200);
    assert!(genuine.refuses(&longer).await && genuine.refuses(&writer).await);
}

#[tokio::test]
async fn an_altered_token_is_refused_whichever_character_was_changed() {
    // protocol.md 4.19
    let genuine = Genuine::new().await;
    let token = genuine.tokens.access.as_str();
    let http = genuine.bridge.http();
    for at in (0..token.len()).step_by(7).chain([token.len() - 1]) {
        let old = token.as_bytes()[at];
        // Also one that differs only in bits that decoders may drop.
        for new in [if old == b'A' { 'B' } else { 'A' }, char::from(if old == b'z' { b'y' } else { old ^ 1 })]
        {
            if !new.is_ascii_alphanumeric() || new == char::from(old) {
                continue;
            }
            let altered = format!("{}{new}{}", &token[..at], &token[at + 1..]);
            assert!(genuine.refuses(&altered).await, "{at}");
        }
    }
    for altered in [
        format!("{token}A"),
        format!("{token}."),
        format!("{token}.x"),
        format!("{token}="),
        format!(".{token}"),
        token.replace('.', ""),
        token.replacen('.', "..", 1),
        token.rsplit_once('.').expect("parts").0.to_owned(),
        "a.b.c".into(),
        "..".into(),
        "x".repeat(20_000),
    ] {
        let answer = mcp::modern(&http, &altered, "server/discover", json!({})).send().await;
        assert!(matches!(answer.status.as_u16(), 400 | 401), "{altered}: {}", answer.status);
    }
}

#[tokio::test]
async fn a_forged_token_revokes_nothing() {
    // protocol.md 5.1: the signature is checked there too
    let genuine = Genuine::new().await;
    let forged = signed_with(&genuine.header, &genuine.claims, b"another-key", Algorithm::HS256);
    genuine.client.revoke(&forged).await.assert_status(200);
    assert!(is_accepted(&genuine.bridge, &genuine.tokens.access).await);
}
