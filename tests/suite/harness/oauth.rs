//! A client that signs in, in whole or step by step.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::http::{Answer, Http, Redirect, encoded};
use super::serving::Serving;

/// What most tests register and send.
pub(crate) const REDIRECT_URI: &str = "http://127.0.0.1:45678/callback";

/// A verifier and its challenge (RFC 7636).
#[derive(Clone, Debug)]
pub(crate) struct Pkce {
    pub(crate) verifier: String,
    pub(crate) challenge: String,
}

impl Pkce {
    pub(crate) fn new() -> Self {
        let mut random = [0_u8; 32];
        getrandom::fill(&mut random).expect("randomness");
        let verifier = URL_SAFE_NO_PAD.encode(random);
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()));
        Self { verifier, challenge }
    }
}

/// A client that registered itself.
#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) http: Http,
    pub(crate) id: String,
    pub(crate) redirect_uri: String,
    /// In the form besides `client_id`; for clients with a secret.
    pub(crate) secret: Option<String>,
}

/// A sign-in under way: a person is being asked.
pub(crate) struct SignIn {
    pub(crate) client: Client,
    pub(crate) pkce: Pkce,
    pub(crate) state: String,
    /// The matching code on the waiting page.
    pub(crate) code: String,
    /// What the waiting page hands in.
    pub(crate) transaction: String,
}

/// What a client holds when it is signed in.
#[derive(Clone, Debug)]
pub(crate) struct Tokens {
    pub(crate) client_id: String,
    pub(crate) access: String,
    pub(crate) refresh: Option<String>,
}

impl Client {
    /// Registers a public client with [`REDIRECT_URI`].
    pub(crate) async fn register(bridge: &Serving, name: &str) -> Self {
        let metadata = json!({
            "client_name": name, "redirect_uris": [REDIRECT_URI], "token_endpoint_auth_method": "none",
            "grant_types": ["authorization_code", "refresh_token"],
        });
        Self::register_as(bridge, &metadata).await
    }

    /// Registers with this metadata.
    pub(crate) async fn register_as(bridge: &Serving, metadata: &Value) -> Self {
        let http = bridge.http();
        let reply = http.post("/oauth/register").json(metadata).send().await.assert_status(201).json();
        Self {
            http,
            id: reply["client_id"].as_str().expect("an id").to_owned(),
            redirect_uri: metadata["redirect_uris"][0].as_str().expect("a redirect URI").to_owned(),
            secret: reply["client_secret"].as_str().map(str::to_owned),
        }
    }

    /// The query of an authorization request in order; `changes` replace, add, or with an empty value
    /// remove parameters.
    pub(crate) fn query(&self, pkce: &Pkce, changes: &[(&str, &str)]) -> String {
        let mut pairs = vec![
            ("response_type", "code"),
            ("client_id", self.id.as_str()),
            ("redirect_uri", self.redirect_uri.as_str()),
            ("state", "a-state"),
            ("code_challenge", pkce.challenge.as_str()),
            ("code_challenge_method", "S256"),
        ];
        pairs.retain(|(name, _)| changes.iter().all(|(changed, _)| changed != name));
        pairs.extend(changes.iter().filter(|(_, value)| !value.is_empty()));
        encoded(&pairs)
    }

    /// Opens the authorization URL as a browser.
    pub(crate) async fn authorize(&self, pkce: &Pkce, changes: &[(&str, &str)]) -> Answer {
        let path = format!("/oauth/authorize?{}", self.query(pkce, changes));
        self.http.get(&path).as_browser().send().await
    }

    /// Asks the authorization URL as a program does; held until a person answers, but not for long.
    pub(crate) async fn authorize_as_program(&self, pkce: &Pkce, changes: &[(&str, &str)]) -> Answer {
        let path = format!("/oauth/authorize?{}", self.query(pkce, changes));
        self.http.get(&path).header("accept", "*/*").send().await
    }

    /// Asks for access and stops where a person must answer.
    pub(crate) async fn ask(&self, changes: &[(&str, &str)]) -> SignIn {
        let pkce = Pkce::new();
        let page = self.authorize(&pkce, changes).await.assert_status(200).text();
        let state = changes.iter().find(|(name, _)| *name == "state").map_or("a-state", |(_, value)| value);
        SignIn {
            client: self.clone(),
            pkce,
            state: state.to_owned(),
            code: between(&page, "class=\"code\">", "<").to_owned(),
            transaction: between(&page, "name=\"transaction\" value=\"", "\"").to_owned(),
        }
    }

    /// Signs in; a person approves for the sandbox.
    pub(crate) async fn sign_in(&self, bridge: &Serving) -> Tokens {
        self.sign_in_as(bridge, &["--sandbox"], &[]).await
    }

    /// Signs in; a person approves with these arguments of `approve`.
    pub(crate) async fn sign_in_as(
        &self,
        bridge: &Serving,
        approve: &[&str],
        changes: &[(&str, &str)],
    ) -> Tokens {
        let asked = self.ask(changes).await;
        bridge.cli_ok(&[&["approve", &asked.code], approve].concat()).await;
        let redirect = asked.finish().await;
        asked.exchange(redirect.get("code").expect("a code")).await
    }

    /// Posts to the token endpoint as this client.
    pub(crate) async fn token(&self, pairs: &[(&str, &str)]) -> Answer {
        self.form("/oauth/token", pairs).await
    }

    /// Refreshes.
    pub(crate) async fn refresh(&self, refresh_token: &str) -> Answer {
        self.token(&[("grant_type", "refresh_token"), ("refresh_token", refresh_token)]).await
    }

    /// Revokes a token.
    pub(crate) async fn revoke(&self, token: &str) -> Answer {
        self.form("/oauth/revoke", &[("token", token)]).await
    }

    async fn form(&self, path: &str, pairs: &[(&str, &str)]) -> Answer {
        let mut all = vec![("client_id", self.id.as_str())];
        all.extend(self.secret.as_deref().map(|secret| ("client_secret", secret)));
        all.extend(pairs);
        self.http.post(path).form(&all).send().await
    }
}

impl SignIn {
    /// The waiting page hands the transaction in.
    pub(crate) async fn hand_in(&self) -> Answer {
        self.client.http.post("/oauth/callback").form(&[("transaction", &self.transaction)]).send().await
    }

    /// The same, and it leads back to the client.
    pub(crate) async fn finish(&self) -> Redirect {
        let redirect = self.hand_in().await.assert_status(303).redirect();
        assert!(redirect.url.starts_with(&self.client.redirect_uri), "{}", redirect.url);
        redirect
    }

    /// A person allows it for the sandbox, and the waiting page hands it in: the code.
    pub(crate) async fn allowed(&self, bridge: &Serving) -> String {
        bridge.cli_ok(&["approve", &self.code, "--sandbox"]).await;
        self.finish().await.get("code").expect("a code").to_owned()
    }

    /// Exchanges the code.
    pub(crate) async fn redeem(&self, code: &str) -> Answer {
        self.client
            .token(&[
                ("grant_type", "authorization_code"),
                ("code", code),
                ("code_verifier", &self.pkce.verifier),
                ("redirect_uri", &self.client.redirect_uri),
            ])
            .await
    }

    /// The same, and it succeeds.
    pub(crate) async fn exchange(&self, code: &str) -> Tokens {
        Tokens::of(&self.client.id, &self.redeem(code).await.assert_status(200))
    }
}

impl Tokens {
    #[track_caller]
    pub(crate) fn of(client_id: &str, answer: &Answer) -> Self {
        let reply = answer.json();
        Self {
            client_id: client_id.to_owned(),
            access: reply["access_token"].as_str().expect("an access token").to_owned(),
            refresh: reply["refresh_token"].as_str().map(str::to_owned),
        }
    }

    #[track_caller]
    pub(crate) fn refresh(&self) -> &str {
        self.refresh.as_deref().expect("a refresh token")
    }
}

/// The text between two others.
#[track_caller]
pub(crate) fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    let (_, rest) = text.split_once(before).unwrap_or_else(|| panic!("no {before} in {text}"));
    rest.split_once(after).unwrap_or_else(|| panic!("no {after} after {before}")).0
}
