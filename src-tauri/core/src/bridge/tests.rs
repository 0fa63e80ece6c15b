//! What the windows are told, seen from a bridge that runs.

use std::sync::Arc;

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::broadcast::error::TryRecvError;
use tokio::sync::watch;

use super::{AnswerError, Approval, ApprovalAccount, Bridge, Front, Happening, RevokeError};
use crate::api_key::ApiKey;
use crate::config::Config;
use crate::consent::SentBy;
#[cfg(unix)]
use crate::control::{Client, ClientError};
use crate::ids::{ClientId, QuestionId, TransactionId};
use crate::oauth::OAuthError;
use crate::origin::Origin;
use crate::paths::Paths;
use crate::view::State;

const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const REDIRECT: &str = "http://localhost:1/cb";

/// A bridge with the built-in stand-in that asks nobody's keychain.
struct World {
    bridge: Arc<Bridge>,
    #[cfg_attr(not(unix), expect(dead_code, reason = "the folder is there as long as the bridge"))]
    home: TempDir,
}

/// A client that asks.
struct Asked {
    client: ClientId,
    transaction: TransactionId,
    question: QuestionId,
}

impl World {
    async fn start(front: Front) -> Self {
        let home = tempfile::tempdir().unwrap();
        let paths = Paths::under(home.path());
        let env = |name: &str| match name {
            "JEAN_BRIDGE_PORT" => Some("0".to_owned()),
            "JEAN_BRIDGE_API_BASE_URL" => Some("sandbox".to_owned()),
            "JWT_SECRET_KEY" => Some("a-secret-with-more-than-32-bytes-for-a-test".to_owned()),
            _ => None,
        };
        let config = Config::load(&paths, &env).unwrap();
        let bridge = Bridge::start(config, &paths, front).await.unwrap();
        Self { bridge, home }
    }

    async fn register(&self) -> ClientId {
        let metadata = json!({
            "client_name": "App", "redirect_uris": [REDIRECT], "token_endpoint_auth_method": "none",
            "grant_types": ["authorization_code", "refresh_token"],
        });
        let metadata = serde_json::from_value(metadata).unwrap();
        let reply = self.bridge.oauth.register(metadata, self.bridge.clock.now()).await.unwrap();
        let reply = serde_json::to_value(reply).unwrap();
        ClientId::new(reply["client_id"].as_str().unwrap())
    }

    async fn ask(&self, client: &ClientId, state: &str) -> Asked {
        let query = format!(
            "client_id={client}&redirect_uri={REDIRECT}&response_type=code&state={state}&code_challenge_method=S256\
             &code_challenge={CHALLENGE}"
        );
        let (origin, now) = (Origin::canonical(self.bridge.address().port()), self.bridge.clock.now());
        let transaction =
            self.bridge.oauth.authorize(query.as_bytes(), origin, SentBy::Unknown, now).await.unwrap();
        let question = self.bridge.requests().last().unwrap().id.clone();
        Asked { client: client.clone(), transaction, question }
    }

    /// Allowed for the sandbox and fetched: the code.
    async fn allowed(&self, asked: &Asked) -> String {
        self.bridge.approve(&asked.question, sandbox()).await.unwrap();
        let finish = self.bridge.oauth.finish(&asked.transaction, self.bridge.clock.now()).await.unwrap();
        let (_, code) = finish.location.split_once("code=").unwrap();
        code.split('&').next().unwrap().to_owned()
    }

    async fn token(&self, client: &ClientId, form: &str) -> Result<Value, OAuthError> {
        let form = format!("client_id={client}&{form}");
        let reply = self.bridge.oauth.token(None, form.as_bytes(), self.bridge.clock.now()).await?;
        Ok(serde_json::to_value(reply).unwrap())
    }

    async fn redeem(&self, client: &ClientId, code: &str) -> Result<Value, OAuthError> {
        self.token(client, &format!("grant_type=authorization_code&code={code}&code_verifier={VERIFIER}"))
            .await
    }

    async fn refresh(&self, client: &ClientId, token: &Value) -> Result<Value, OAuthError> {
        let token = token["refresh_token"].as_str().unwrap();
        self.token(client, &format!("grant_type=refresh_token&refresh_token={token}")).await
    }
}

fn sandbox() -> Approval {
    Approval { account: ApprovalAccount::Sandbox, scopes: None, save_unchecked: false }
}

fn signed_out(client: &ClientId) -> Happening {
    Happening::SignedOut { client_id: client.clone(), client_name: "App".into() }
}

/// The bell has rung since it was last heard; it rings from tasks of its own.
async fn heard(bell: &mut watch::Receiver<u64>) {
    tokio::time::timeout(std::time::Duration::from_secs(30), bell.changed())
        .await
        .expect("it rings")
        .unwrap();
}

#[tokio::test]
async fn an_account_is_suggested_only_where_there_is_no_doubt() {
    let world = World::start(Front::Windows).await;
    let (client, other) = (world.register().await, world.register().await);
    assert_eq!(world.bridge.suggested_account(&client).await.unwrap(), None, "there is none");

    let code = world.allowed(&world.ask(&client, "s").await).await;
    let only = world.bridge.accounts().await.unwrap().remove(0).id;
    assert_eq!(world.bridge.suggested_account(&other).await.unwrap(), Some(only.clone()), "the only one");

    world.redeem(&client, &code).await.unwrap();
    let (key, now) = (ApiKey::parse("jean_sk_0123456789abcdef").unwrap(), world.bridge.clock.now());
    world.bridge.accounts.use_environment(key, now).await.unwrap();
    assert_eq!(world.bridge.suggested_account(&client).await.unwrap(), Some(only), "the one it has had");
    assert_eq!(world.bridge.suggested_account(&other).await.unwrap(), None, "one of two");
    world.bridge.shutdown().await;
}

#[tokio::test]
async fn a_spent_refresh_token_that_comes_back_is_told() {
    // protocol.md 4.13
    let world = World::start(Front::Windows).await;
    let client = world.register().await;
    let code = world.allowed(&world.ask(&client, "s").await).await;
    let mut happenings = world.bridge.happenings();
    let first = world.redeem(&client, &code).await.unwrap();
    let second = world.refresh(&client, &first).await.unwrap();
    world.refresh(&client, &second).await.unwrap();
    assert!(matches!(happenings.try_recv(), Err(TryRecvError::Empty)));
    for _ in 0..3 {
        assert!(world.refresh(&client, &first).await.is_err());
    }
    assert_eq!(happenings.recv().await.unwrap(), signed_out(&client));
    world.bridge.shutdown().await;
    assert!(happenings.try_recv().is_err(), "once");
}

#[tokio::test]
async fn a_code_that_comes_back_is_told() {
    // protocol.md 4.7
    let world = World::start(Front::Windows).await;
    let client = world.register().await;
    let code = world.allowed(&world.ask(&client, "s").await).await;
    let mut happenings = world.bridge.happenings();
    world.redeem(&client, &code).await.unwrap();
    for _ in 0..3 {
        assert!(world.redeem(&client, &code).await.is_err());
    }
    assert_eq!(happenings.recv().await.unwrap(), signed_out(&client));
    assert!(world.bridge.clients().await.unwrap().is_empty());
    world.bridge.shutdown().await;
    assert!(happenings.try_recv().is_err(), "once");
}

#[tokio::test]
async fn the_bell_rings_for_everything_that_is_shown() {
    let world = World::start(Front::Windows).await;
    let mut bell = world.bridge.changes();
    let client = world.register().await;
    bell.mark_unchanged();
    let asked = world.ask(&client, "one").await;
    heard(&mut bell).await;
    assert_eq!(world.bridge.status().await.state, State::Asking);
    bell.mark_unchanged();
    world.bridge.deny(&asked.question).unwrap();
    heard(&mut bell).await;
    let code = world.allowed(&world.ask(&client, "two").await).await;
    heard(&mut bell).await;
    let account = world.bridge.accounts().await.unwrap().remove(0);
    bell.mark_unchanged();
    world.bridge.rename_account(&account.id, "Mine").await.unwrap();
    heard(&mut bell).await;
    bell.mark_unchanged();
    world.redeem(&client, &code).await.unwrap();
    heard(&mut bell).await;
    bell.mark_unchanged();
    world.bridge.revoke(client.as_str()).await.unwrap();
    heard(&mut bell).await;
    bell.mark_unchanged();
    world.bridge.remove_account(&account.id).await.unwrap();
    heard(&mut bell).await;
    world.bridge.shutdown().await;
}

#[tokio::test]
async fn looking_does_not_ring_the_bell_although_it_writes_use_down() {
    // Two who draw when it rings would never stop.
    let world = World::start(Front::Windows).await;
    let client = world.register().await;
    let code = world.allowed(&world.ask(&client, "s").await).await;
    let token = world.redeem(&client, &code).await.unwrap();
    let mut grants = world.bridge.oauth.live().changes();
    grants.mark_unchanged();
    let bearer = token["access_token"].as_str().unwrap();
    world.bridge.oauth.authenticate(bearer, world.bridge.clock.now()).await.unwrap();
    let clients = world.bridge.clients().await.unwrap();
    assert!(clients[0].last_used_at.is_some(), "its use was written down: {clients:?}");
    assert!(!grants.has_changed().unwrap());
    // From time to time it does, for whoever did not look.
    world.bridge.oauth.tell_uses();
    assert!(grants.has_changed().unwrap());
    grants.mark_unchanged();
    world.bridge.oauth.tell_uses();
    assert!(!grants.has_changed().unwrap(), "there is nothing new");
    world.bridge.shutdown().await;
}

#[tokio::test]
async fn an_answer_is_for_one_question_and_for_no_other() {
    let world = World::start(Front::Windows).await;
    let client = world.register().await;
    let (one, two) = (world.ask(&client, "one").await, world.ask(&client, "two").await);
    world.bridge.approve(&one.question, sandbox()).await.unwrap();
    for again in [world.bridge.approve(&one.question, sandbox()).await, world.bridge.deny(&one.question)] {
        assert!(matches!(again, Err(AnswerError::UnknownQuestion)), "{again:?}");
    }
    let waiting: Vec<_> = world.bridge.requests().into_iter().map(|request| request.id).collect();
    assert_eq!(waiting, std::slice::from_ref(&two.question));
    let code = world.bridge.requests()[0].code.clone();
    assert_eq!(world.bridge.question_of_code(&code), Some(two.question));
    world.bridge.shutdown().await;
}

#[tokio::test]
async fn everything_can_be_refused_and_revoked_at_once() {
    let world = World::start(Front::Windows).await;
    let (connected, arriving, asking) =
        (world.register().await, world.register().await, world.register().await);
    let code = world.allowed(&world.ask(&connected, "s").await).await;
    world.redeem(&connected, &code).await.unwrap();
    let unused = world.allowed(&world.ask(&arriving, "s").await).await;
    world.ask(&asking, "one").await;
    world.ask(&asking, "two").await;
    assert_eq!(world.bridge.deny_all(), 2);
    assert_eq!(world.bridge.deny_all(), 0);
    assert_eq!(world.bridge.revoke_all().await.unwrap(), 2);
    assert_eq!(world.bridge.revoke_all().await.unwrap(), 0);
    assert!(world.redeem(&arriving, &unused).await.is_err());
    assert!(world.bridge.clients().await.unwrap().is_empty());
    let nobody = world.bridge.revoke(connected.as_str()).await;
    assert!(matches!(nobody, Err(RevokeError::Unknown)), "{nobody:?}");
    world.bridge.shutdown().await;
}

#[tokio::test]
async fn a_question_says_when_its_client_registered() {
    let world = World::start(Front::Windows).await;
    let asked = world.ask(&world.register().await, "s").await;
    let request = world.bridge.requests().remove(0);
    assert_eq!(request.client_id, asked.client);
    let registered_at = humantime::parse_rfc3339(&request.registered_at.unwrap()).unwrap();
    assert!(registered_at <= humantime::parse_rfc3339(&request.asked_at).unwrap());
    world.bridge.shutdown().await;
}

#[cfg(unix)]
#[tokio::test]
async fn a_second_launch_shows_the_window_if_there_is_one() {
    for front in [Front::Windows, Front::Terminal] {
        let world = World::start(front).await;
        let wanted = world.bridge.window_wanted();
        let shown = Client::new(Paths::under(world.home.path())).show_window().await;
        match front {
            Front::Windows => assert!(shown.is_ok() && wanted.has_changed().unwrap()),
            Front::Terminal => {
                let Err(ClientError::Refused { code, .. }) = shown else { panic!("{shown:?}") };
                assert_eq!((code.as_str(), wanted.has_changed().unwrap()), ("no_window", false));
            }
        }
        world.bridge.shutdown().await;
    }
}
