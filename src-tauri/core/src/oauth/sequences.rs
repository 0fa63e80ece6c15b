//! Any sequence of calls, with steps of the clock and restarts between them: no code and no refresh token is ever good for
//! two sign-ins, and nothing that was taken back works again.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};
use tempfile::TempDir;
use url::Url;

use super::testing::server;
use super::{AuthorizationServer, OAuthError};
use crate::consent::SentBy;
use crate::ids::{AccountId, ClientId, GrantId, TransactionId};
use crate::origin::Origin;
use crate::scope::Scopes;
use crate::store::{AccountRecord, Whose};
use crate::view::{AccountKind, KeyState};

const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const ACCOUNT: &str = "account";
/// Two clients, so that each can try the other's tokens.
const CLIENTS: usize = 2;

/// What somebody does.
#[derive(Clone, Debug)]
enum Step {
    /// A client asks, and a person answers.
    Ask { client: usize, allow: bool },
    /// A code is presented, by its client or the other one, with its verifier or another one.
    Exchange { code: usize, foreign: bool, wrong_verifier: bool },
    /// A refresh token is presented, however old it is.
    Refresh { token: usize, foreign: bool },
    /// The same by two at once.
    RefreshTwice { token: usize },
    /// A client takes back a refresh token, or tries to.
    RevokeRefresh { token: usize, foreign: bool },
    /// A client takes back an access token, or tries to.
    RevokeAccess { token: usize, foreign: bool },
    /// A person takes back whatever a client has.
    RevokeClient { client: usize },
    /// The clock steps, back too.
    Clock { seconds: i64 },
    /// The bridge ends and starts again.
    Restart,
}

fn step() -> impl Strategy<Value = Step> {
    let index = || 0..1000_usize;
    let rarely = || prop::bool::weighted(0.2);
    prop_oneof![
        4 => (0..CLIENTS, prop::bool::weighted(0.9)).prop_map(|(client, allow)| Step::Ask { client, allow }),
        6 => (index(), rarely(), rarely())
            .prop_map(|(code, foreign, wrong_verifier)| Step::Exchange { code, foreign, wrong_verifier }),
        8 => (index(), rarely()).prop_map(|(token, foreign)| Step::Refresh { token, foreign }),
        2 => index().prop_map(|token| Step::RefreshTwice { token }),
        1 => (index(), rarely()).prop_map(|(token, foreign)| Step::RevokeRefresh { token, foreign }),
        2 => (index(), rarely()).prop_map(|(token, foreign)| Step::RevokeAccess { token, foreign }),
        1 => (0..CLIENTS).prop_map(|client| Step::RevokeClient { client }),
        3 => prop_oneof![Just(-90_i64), Just(-5), Just(5), Just(30), Just(61), Just(3601)]
            .prop_map(|seconds| Step::Clock { seconds }),
        1 => Just(Step::Restart),
    ]
}

/// What came of a code.
struct Code {
    client: usize,
    text: String,
    /// When it was made, unless the bridge that made it has ended.
    made_at: Option<SystemTime>,
    /// The sign-in that it was exchanged for.
    sign_in: Option<usize>,
    /// A person took back what its client has.
    is_taken_back: bool,
}

struct Access {
    sign_in: usize,
    jwt: String,
    /// It was taken back, or its client was told that it is over.
    is_dead: bool,
}

struct Refresh {
    sign_in: usize,
    text: String,
    /// Who was made of it.
    successors: HashSet<String>,
    /// Whether a successor was used: from then on it can only end its family.
    is_history: bool,
}

/// A family of tokens from one code.
struct SignIn {
    client: usize,
    grant: GrantId,
    is_dead: bool,
}

/// A bridge, and what somebody who sees every answer knows of it.
struct World {
    server: AuthorizationServer,
    clients: Vec<String>,
    now: SystemTime,
    codes: Vec<Code>,
    sign_ins: Vec<SignIn>,
    access: Vec<Access>,
    refresh: Vec<Refresh>,
    /// Which refresh token came before which.
    parents: HashMap<String, usize>,
    home: TempDir,
}

impl World {
    async fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let now = UNIX_EPOCH + Duration::from_secs(1_000_000_000);
        let server = server(home.path(), now);
        let account = AccountRecord {
            id: AccountId::new(ACCOUNT),
            user_id: "u".into(),
            label: "mine".into(),
            key_hint: "…abcd".into(),
            kind: AccountKind::Key,
            state: KeyState::Ok,
            created_at: now,
        };
        server.store.save_account(account).await.unwrap();
        let mut clients = Vec::new();
        for _ in 0..CLIENTS {
            let metadata =
                json!({ "redirect_uris": ["http://localhost/cb"], "token_endpoint_auth_method": "none" });
            let reply = server.register(serde_json::from_value(metadata).unwrap(), now).await.unwrap();
            clients.push(serde_json::to_value(reply).unwrap()["client_id"].as_str().unwrap().to_owned());
        }
        let (codes, sign_ins, access, refresh) = Default::default();
        Self { server, clients, now, codes, sign_ins, access, refresh, parents: HashMap::new(), home }
    }

    async fn take(&mut self, step: &Step) {
        match step {
            Step::Ask { client, allow } => self.ask(*client, *allow).await,
            Step::Exchange { code, foreign, wrong_verifier } if !self.codes.is_empty() => {
                self.exchange(*code % self.codes.len(), *foreign, *wrong_verifier).await;
            }
            Step::Refresh { token, foreign } if !self.refresh.is_empty() => {
                self.refresh(*token % self.refresh.len(), *foreign).await;
            }
            Step::RefreshTwice { token } if !self.refresh.is_empty() => {
                self.refresh_twice(*token % self.refresh.len()).await;
            }
            Step::RevokeRefresh { token, foreign } if !self.refresh.is_empty() => {
                let token = *token % self.refresh.len();
                let sign_in = self.refresh[token].sign_in;
                self.revoke(&self.refresh[token].text, self.owner(sign_in, *foreign)).await;
                if !foreign {
                    self.end(sign_in);
                }
            }
            Step::RevokeAccess { token, foreign } if !self.access.is_empty() => {
                let token = *token % self.access.len();
                self.revoke(&self.access[token].jwt, self.owner(self.access[token].sign_in, *foreign)).await;
                self.access[token].is_dead |= !foreign;
            }
            Step::RevokeClient { client } => {
                self.server.revoke_client(&ClientId::new(&*self.clients[*client]), self.now).await.unwrap();
                let of_client = self.sign_ins.iter_mut().filter(|sign_in| sign_in.client == *client);
                of_client.for_each(|sign_in| sign_in.is_dead = true);
                let of_client = self.codes.iter_mut().filter(|code| code.client == *client);
                of_client.for_each(|code| code.is_taken_back = true);
            }
            Step::Clock { seconds } => {
                let by = Duration::from_secs(seconds.unsigned_abs());
                self.now = if *seconds < 0 { self.now - by } else { self.now + by };
            }
            Step::Restart => {
                self.server = server(self.home.path(), self.now);
                self.codes.iter_mut().for_each(|code| code.made_at = None);
            }
            Step::Exchange { .. }
            | Step::Refresh { .. }
            | Step::RefreshTwice { .. }
            | Step::RevokeRefresh { .. }
            | Step::RevokeAccess { .. } => {}
        }
        self.holds().await;
    }

    async fn ask(&mut self, client: usize, allow: bool) {
        let query = format!(
            "client_id={}&redirect_uri=http://localhost:1/cb&response_type=code&code_challenge_method=S256\
             &code_challenge={CHALLENGE}&state={}",
            self.clients[client],
            TransactionId::random()
        );
        let asked =
            self.server.authorize(query.as_bytes(), Origin::canonical(1), SentBy::Unknown, self.now).await;
        // Too many at once, or refused too often.
        let Ok(transaction) = asked else { return };
        let question = self.server.desk.questions().borrow().last().unwrap().id.clone();
        if allow {
            let settling = self.server.desk.settle(&question, Scopes::ALL, self.now).unwrap();
            settling.allow(AccountId::new(ACCOUNT)).unwrap();
        } else {
            self.server.desk.deny(&question, self.now).unwrap();
        }
        let location =
            Url::parse(&self.server.finish(&transaction, self.now).await.unwrap().location).unwrap();
        assert!(self.server.finish(&transaction, self.now).await.is_err(), "an answer is handed over once");
        let code = location.query_pairs().find(|(name, _)| name == "code").map(|(_, code)| code.into_owned());
        assert_eq!(code.is_some(), allow, "{location}");
        self.codes.extend(code.map(|text| Code {
            client,
            text,
            made_at: Some(self.now),
            sign_in: None,
            is_taken_back: false,
        }));
    }

    async fn exchange(&mut self, at: usize, foreign: bool, wrong_verifier: bool) {
        let code = &self.codes[at];
        let client = if foreign { 1 - code.client } else { code.client };
        let verifier = if wrong_verifier { VERIFIER.replace('d', "e") } else { VERIFIER.to_owned() };
        let form = format!(
            "grant_type=authorization_code&code={}&client_id={}&redirect_uri=http://localhost:1/cb&code_verifier={verifier}",
            code.text, self.clients[client]
        );
        let reply = self.token(&form).await;
        let was_used = code.sign_in;
        match reply {
            Ok(reply) => {
                assert!(
                    !foreign && !wrong_verifier,
                    "a code was given to somebody who cannot prove to be its client"
                );
                assert_eq!(was_used, None, "a code was good twice");
                assert!(!self.codes[at].is_taken_back, "a code was good after it was taken back");
                assert!(self.codes[at].made_at.is_some(), "a code outlived its bridge");
                let jwt = reply["access_token"].as_str().unwrap();
                let grant = self.server.authenticate(jwt, self.now).await.unwrap().grant.id.clone();
                self.sign_ins.push(SignIn { client, grant, is_dead: false });
                self.codes[at].sign_in = Some(self.sign_ins.len() - 1);
                self.keep(self.sign_ins.len() - 1, &reply, None);
            }
            Err(OAuthError::InvalidGrant) if !foreign && !wrong_verifier => {
                let Some(sign_in) = was_used else { return };
                self.note_end(sign_in).await;
                // Who proves to be the client and comes again shows that somebody else was there, too.
                let age = self.codes[at].made_at.and_then(|made_at| self.now.duration_since(made_at).ok());
                if age.is_some_and(|age| age < Duration::from_secs(60)) && !self.codes[at].is_taken_back {
                    assert!(self.sign_ins[sign_in].is_dead, "a replayed code ended nothing");
                }
            }
            Err(_) => {}
        }
    }

    async fn refresh(&mut self, at: usize, foreign: bool) {
        let reply = self.present(at, foreign).await;
        self.refreshed(at, foreign, reply).await;
    }

    async fn refresh_twice(&mut self, at: usize) {
        let (first, second) = tokio::join!(self.present(at, false), self.present(at, false));
        // Whichever was first on the disk: if one of them ended the family, the other one's answer is void.
        if first.is_err() || second.is_err() {
            self.note_end(self.refresh[at].sign_in).await;
        }
        for reply in [first, second].into_iter().flatten() {
            self.refreshed(at, false, Ok(reply)).await;
        }
    }

    async fn present(&self, at: usize, foreign: bool) -> Result<Value, OAuthError> {
        let token = &self.refresh[at];
        let client = self.owner(token.sign_in, foreign);
        self.token(&format!("grant_type=refresh_token&refresh_token={}&client_id={client}", token.text)).await
    }

    async fn refreshed(&mut self, at: usize, foreign: bool, reply: Result<Value, OAuthError>) {
        let sign_in = self.refresh[at].sign_in;
        match reply {
            Ok(reply) => {
                assert!(!foreign, "a refresh token was good for another client");
                assert!(
                    !self.refresh[at].is_history,
                    "a refresh token was good after its successor was used"
                );
                self.keep(sign_in, &reply, Some(at));
                // From now on its own parent is history.
                if let Some(parent) = self.parents.get(&self.refresh[at].text).copied() {
                    self.refresh[parent].is_history = true;
                }
            }
            Err(OAuthError::InvalidGrant) if !foreign => {
                self.note_end(sign_in).await;
                assert!(
                    self.sign_ins[sign_in].is_dead,
                    "a refresh token was refused while its sign-in goes on"
                );
            }
            Err(_) => {}
        }
    }

    /// A refusal may have ended a sign-in: if it did, it must stay ended.
    async fn note_end(&mut self, sign_in: usize) {
        let grant = self.server.store.grant(&self.sign_ins[sign_in].grant).await.unwrap();
        if grant.is_none_or(|(_, revoked_at)| revoked_at.is_some()) {
            self.end(sign_in);
        }
    }

    fn keep(&mut self, sign_in: usize, reply: &Value, parent: Option<usize>) {
        assert!(!self.sign_ins[sign_in].is_dead, "tokens came of a sign-in that had ended");
        let jwt = reply["access_token"].as_str().unwrap().to_owned();
        self.access.push(Access { sign_in, jwt, is_dead: false });
        let text = reply["refresh_token"].as_str().unwrap().to_owned();
        if let Some(parent) = parent {
            self.refresh[parent].successors.insert(text.clone());
            assert_eq!(self.refresh[parent].successors.len(), 1, "a refresh token has two successors");
            self.parents.insert(text.clone(), parent);
        }
        if self.refresh.iter().all(|known| known.text != text) {
            self.refresh.push(Refresh { sign_in, text, successors: HashSet::new(), is_history: false });
        }
    }

    fn end(&mut self, sign_in: usize) {
        self.sign_ins[sign_in].is_dead = true;
    }

    fn owner(&self, sign_in: usize, foreign: bool) -> String {
        let client = self.sign_ins[sign_in].client;
        self.clients[if foreign { 1 - client } else { client }].clone()
    }

    async fn token(&self, form: &str) -> Result<Value, OAuthError> {
        let reply = self.server.token(None, form.as_bytes(), self.now).await?;
        Ok(serde_json::to_value(reply).unwrap())
    }

    async fn revoke(&self, token: &str, client: String) {
        let form = format!("token={token}&client_id={client}");
        self.server.revoke_token(None, form.as_bytes(), self.now).await.unwrap();
    }

    /// What was taken back does not work.
    async fn holds(&self) {
        for access in &self.access {
            if access.is_dead || self.sign_ins[access.sign_in].is_dead {
                let found = self.server.authenticate(&access.jwt, self.now).await;
                assert!(found.is_err(), "a token works after it was taken back");
            }
        }
    }
}

fn run(steps: &[Step]) -> World {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut world = World::new().await;
        for step in steps {
            world.take(step).await;
        }
        world
    })
}

proptest! {
    // A failure is told in full, so no file of earlier ones is kept.
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_sequence_of_calls_gives_a_code_or_a_token_a_second_life(steps in vec(step(), 1..30)) {
        drop(run(&steps));
    }
}

#[test]
fn the_usual_sequence_succeeds() {
    // Without this, a bridge that refuses everything would hold all of the above.
    let exchange = Step::Exchange { code: 0, foreign: false, wrong_verifier: false };
    let refresh = |token| Step::Refresh { token, foreign: false };
    let ask = Step::Ask { client: 0, allow: true };
    let world = run(&[
        ask,
        exchange,
        refresh(0),
        refresh(0),
        Step::RefreshTwice { token: 1 },
        Step::Clock { seconds: 3601 },
        Step::Restart,
        refresh(2),
    ]);
    assert_eq!((world.sign_ins.len(), world.access.len(), world.refresh.len()), (1, 6, 4));
    assert!(!world.sign_ins[0].is_dead);
    // The first one again is somebody else's copy.
    let world = run(&[
        Step::Ask { client: 1, allow: true },
        Step::Exchange { code: 0, foreign: false, wrong_verifier: false },
        refresh(0),
        refresh(1),
        refresh(0),
    ]);
    assert!(world.sign_ins[0].is_dead);
}

#[tokio::test]
async fn a_code_whose_account_was_removed_gives_no_access() {
    let mut world = World::new().await;
    world.ask(0, true).await;
    world.server.accounts.remove(&AccountId::new(ACCOUNT)).await.unwrap();
    world.exchange(0, false, false).await;
    assert!(world.sign_ins.is_empty());
    assert!(world.server.connected(Whose::Everybody).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_revocation_that_ends_nothing_disturbs_nobody() {
    let mut world = World::new().await;
    world.ask(0, true).await;
    world.exchange(0, false, false).await;
    let (access, refresh) = (world.access[0].jwt.clone(), world.refresh[0].text.clone());
    for token in [access, refresh] {
        let untouched = world.server.live.revocations();
        world.revoke(&token, world.clients[0].clone()).await;
        let ended = world.server.live.revocations();
        assert_ne!(ended, untouched, "it is seen by whoever is being signed in");
        world.revoke(&token, world.clients[0].clone()).await;
        assert_eq!(world.server.live.revocations(), ended);
    }
    // The code once more: its grant has ended already.
    let ended = world.server.live.revocations();
    world.exchange(0, false, false).await;
    assert_eq!(world.server.live.revocations(), ended);
}
