//! Authorization codes: random, stored as digests, good once and briefly, in memory only
//! (protocol.md 3.18, 4.5–4.7). A bridge that ends forgets them; the client asks again.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use super::Arriving;
use super::pkce::Challenge;
use super::resource::Resource;
use crate::ids::{AccountId, ClientId, GrantId, UserId};
use crate::scope::Scopes;
use crate::secret::{Digest, Token};

/// How a code starts.
const PREFIX: &str = "jbcode_";

/// Everything a code is bound to.
#[derive(Clone, Debug)]
pub(super) struct CodeBinding {
    /// Who asked.
    pub client_id: ClientId,
    /// The name that was shown.
    pub client_name: String,
    /// The redirect URI of the request, as text (protocol.md 3.10).
    pub redirect_uri: String,
    /// Its host, for the grant.
    pub redirect_host: String,
    /// PKCE.
    pub challenge: Challenge,
    /// RFC 8707.
    pub resource: Resource,
    /// What a person allowed.
    pub scopes: Scopes,
    /// Whose memories.
    pub account: AccountId,
    /// `sub` of the tokens to come.
    pub subject: UserId,
    /// Whether refresh tokens come with it.
    pub may_refresh: bool,
}

enum State {
    Fresh,
    /// Exchanged; a second exchange ends the grant (RFC 6749 §4.1.2).
    Used {
        grant: GrantId,
        replayed: bool,
        /// The grant is not made yet.
        under_way: bool,
    },
    /// Somebody had the code but not the verifier.
    Burnt,
}

struct Entry {
    binding: CodeBinding,
    state: State,
    expires_at: SystemTime,
    since: Instant,
    life: Duration,
}

impl Entry {
    /// By the wall clock, which goes on while the computer sleeps; and by time that passed, which a clock that was set
    /// back does not lengthen.
    fn lives(&self, now: SystemTime) -> bool {
        self.expires_at > now && self.since.elapsed() < self.life
    }
}

/// What presenting a code leads to.
pub(super) enum Presented {
    /// The one valid exchange; the grant is to be made with this id.
    Exchange(Box<CodeBinding>, GrantId),
    /// A second exchange by the right client: this grant is to end.
    Replay(GrantId),
    /// Anything else.
    Invalid,
}

/// The codes of this bridge.
#[derive(Default)]
pub(super) struct Codes(Mutex<HashMap<Digest, Entry>>);

impl Codes {
    /// Makes a code.
    pub(super) fn issue(&self, binding: CodeBinding, life: Duration, now: SystemTime) -> Token {
        let code = Token::random(PREFIX);
        let mut codes = self.lock();
        codes.retain(|_, entry| entry.lives(now));
        let (expires_at, since) = (now + life, Instant::now());
        codes.insert(code.digest(), Entry { binding, state: State::Fresh, expires_at, since, life });
        code
    }

    /// Takes a code, in one step: of any number of requests, one gets [`Presented::Exchange`].
    pub(super) fn present(
        &self,
        code: &str,
        client: &ClientId,
        verifier: &str,
        now: SystemTime,
    ) -> Presented {
        let mut codes = self.lock();
        let Some(entry) = codes.get_mut(&Digest::of(code)) else { return Presented::Invalid };
        if !entry.lives(now) || entry.binding.client_id != *client {
            return Presented::Invalid;
        }
        let proven = entry.binding.challenge.is_met_by(verifier);
        match &mut entry.state {
            State::Fresh if proven => {
                let grant = GrantId::random();
                entry.state = State::Used { grant: grant.clone(), replayed: false, under_way: true };
                Presented::Exchange(Box::new(entry.binding.clone()), grant)
            }
            // protocol.md 4.7: a wrong verifier burns the code, so that nobody tries twice.
            State::Fresh => {
                entry.state = State::Burnt;
                Presented::Invalid
            }
            State::Used { grant, replayed, .. } if proven => {
                *replayed = true;
                Presented::Replay(grant.clone())
            }
            State::Used { .. } | State::Burnt => Presented::Invalid,
        }
    }

    /// The exchange of a code has ended: with its grant in the store, or with none.
    pub(super) fn exchanged(&self, code: &str) {
        if let Some(Entry { state: State::Used { under_way, .. }, .. }) =
            self.lock().get_mut(&Digest::of(code))
        {
            *under_way = false;
        }
    }

    /// Whom the codes are for that can still be exchanged, or are this moment.
    pub(super) fn unused(&self, now: SystemTime) -> Vec<Arriving> {
        let codes = self.lock();
        let unused = codes.values().filter(|entry| match entry.state {
            State::Fresh => entry.lives(now),
            State::Used { under_way, .. } => under_way,
            State::Burnt => false,
        });
        unused
            .map(|Entry { binding, .. }| Arriving {
                client_id: binding.client_id.clone(),
                client_name: binding.client_name.clone(),
                account: binding.account.clone(),
                scopes: binding.scopes,
            })
            .collect()
    }

    /// Forgets the codes that `taken_back` names by client and account.
    pub(super) fn forget(&self, taken_back: impl Fn(&ClientId, &AccountId) -> bool) {
        self.lock().retain(|_, entry| !taken_back(&entry.binding.client_id, &entry.binding.account));
    }

    /// Whether the code was presented again while its exchange was under way.
    pub(super) fn was_replayed(&self, code: &str) -> bool {
        self.lock()
            .get(&Digest::of(code))
            .is_some_and(|entry| matches!(entry.state, State::Used { replayed: true, .. }))
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Digest, Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;

    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

    fn issue(codes: &Codes) -> (Token, ClientId) {
        let client_id = ClientId::new("c");
        let binding = CodeBinding {
            client_id: client_id.clone(),
            client_name: "App".into(),
            redirect_uri: "http://localhost/cb".into(),
            redirect_host: "localhost".into(),
            challenge: Challenge::parse("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM").unwrap(),
            resource: Resource::Mcp,
            scopes: Scopes::ALL,
            account: AccountId::new("a"),
            subject: UserId::new("u"),
            may_refresh: true,
        };
        (codes.issue(binding, Duration::from_secs(60), UNIX_EPOCH), client_id)
    }

    #[test]
    fn a_code_is_exchanged_once_and_its_replay_names_the_grant() {
        let codes = Codes::default();
        let (code, client) = issue(&codes);
        let Presented::Exchange(_, grant) = codes.present(code.expose(), &client, VERIFIER, UNIX_EPOCH)
        else {
            panic!("the first exchange is valid")
        };
        assert!(!codes.was_replayed(code.expose()));
        let again = codes.present(code.expose(), &client, VERIFIER, UNIX_EPOCH);
        assert!(matches!(again, Presented::Replay(ended) if ended == grant));
        assert!(codes.was_replayed(code.expose()));
    }

    #[test]
    fn who_is_exchanging_a_code_is_on_the_way_until_the_grant_is_made() {
        let codes = Codes::default();
        let (code, client) = issue(&codes);
        let late = UNIX_EPOCH + Duration::from_secs(60);
        assert_eq!((codes.unused(UNIX_EPOCH).len(), codes.unused(late).len()), (1, 0));
        codes.present(code.expose(), &client, VERIFIER, UNIX_EPOCH);
        assert_eq!((codes.unused(UNIX_EPOCH).len(), codes.unused(late).len()), (1, 1));
        codes.exchanged(code.expose());
        assert!(codes.unused(UNIX_EPOCH).is_empty());
    }

    #[test]
    fn a_wrong_verifier_burns_the_code_and_a_replay_without_the_verifier_ends_nothing() {
        // protocol.md 4.7
        let codes = Codes::default();
        let (code, client) = issue(&codes);
        let wrong = "x".repeat(43);
        assert!(matches!(codes.present(code.expose(), &client, &wrong, UNIX_EPOCH), Presented::Invalid));
        assert!(matches!(codes.present(code.expose(), &client, VERIFIER, UNIX_EPOCH), Presented::Invalid));
        let (code, client) = issue(&codes);
        assert!(matches!(
            codes.present(code.expose(), &client, VERIFIER, UNIX_EPOCH),
            Presented::Exchange(..)
        ));
        assert!(matches!(codes.present(code.expose(), &client, &wrong, UNIX_EPOCH), Presented::Invalid));
    }

    #[test]
    fn an_expired_code_and_another_clients_code_are_invalid_and_stay_unspent() {
        let codes = Codes::default();
        let (code, client) = issue(&codes);
        let late = UNIX_EPOCH + Duration::from_secs(60);
        assert!(matches!(codes.present(code.expose(), &client, VERIFIER, late), Presented::Invalid));
        let thief = ClientId::new("thief");
        assert!(matches!(codes.present(code.expose(), &thief, VERIFIER, UNIX_EPOCH), Presented::Invalid));
        assert!(matches!(
            codes.present(code.expose(), &client, VERIFIER, UNIX_EPOCH),
            Presented::Exchange(..)
        ));
    }

    #[tokio::test(start_paused = true)]
    async fn a_clock_that_stepped_back_gives_a_code_no_more_time() {
        let codes = Codes::default();
        let (code, client) = issue(&codes);
        tokio::time::advance(Duration::from_secs(60)).await;
        assert!(matches!(codes.present(code.expose(), &client, VERIFIER, UNIX_EPOCH), Presented::Invalid));
    }
}
