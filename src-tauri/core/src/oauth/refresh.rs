//! Refreshing: rotation, a short grace for a lost answer, and the end of the family when a spent token
//! comes back (protocol.md 4.11–4.14).

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::authorize::{NothingGrantable, asked_scopes};
use super::params::Params;
use super::resource::Resource;
use super::token::{NewAccess, REFRESH_PREFIX};
use super::{AuthorizationServer, OAuthError, TokenReply};
use crate::ids::ClientId;
use crate::scope::Scopes;
use crate::secret::{Digest, Token, random_bytes};
use crate::store::{ClientRecord, IssuedRefresh, Nonce, RefreshChange, RefreshStanding};

/// How long after its first use a token is still answered, while its successor is unused: two windows of one
/// client, or one lost answer, must not sign anybody out (protocol.md 4.13).
const GRACE: Duration = Duration::from_secs(60);
/// How much later than the second use the first one may seem: they are timed before they stand in line.
const OVERTAKEN: Duration = Duration::from_secs(2);

/// No clock that is right says less (2026-01-01): computers whose battery is empty begin years before, and are set right
/// as soon as there is a network.
const EARLIEST: Duration = Duration::from_secs(1_767_225_600);

/// What a presented refresh token leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    /// It is good: it is spent, and a successor follows.
    Rotate,
    /// Its answer was lost, or another window was quicker: the same successor again.
    Repeat(Nonce),
    /// It was spent before: somebody has a copy, so the family ends (RFC 9700 §4.14.2).
    Reuse,
    /// Unknown, expired, revoked or another client's.
    Invalid,
}

fn judge(standing: Option<&RefreshStanding>, client: &ClientId, now: SystemTime) -> Verdict {
    let Some(standing) = standing else { return Verdict::Invalid };
    // Another client's token proves nothing about the family (protocol.md 4.12).
    if standing.grant.client_id != *client || standing.token.expires_at <= now {
        return Verdict::Invalid;
    }
    let (Some(spent_at), Some(nonce)) = (standing.token.spent_at, standing.token.nonce) else {
        return Verdict::Rotate;
    };
    // A clock that stepped back must not lengthen the grace; but two that come at once may overtake each other.
    let in_grace = match now.duration_since(spent_at) {
        Ok(since) => since <= GRACE,
        Err(ahead) => ahead.duration() <= OVERTAKEN,
    };
    if in_grace && !standing.successor_used { Verdict::Repeat(nonce) } else { Verdict::Reuse }
}

/// The one successor of a token: whoever repeats the token gets the same one, so a family is a line and every
/// second use of any member is seen. Neither the token nor the nonce alone gives it.
fn successor(presented: &str, nonce: Nonce) -> Token {
    Token::derived(REFRESH_PREFIX, presented, &nonce)
}

/// When the successor of a token ends. While the clock is certainly wrong, not before the token itself would have:
/// whoever refreshes in that minute must not be signed out when it is set right.
fn end_of_successor(of_token: SystemTime, usual: SystemTime, now: SystemTime) -> SystemTime {
    if now < UNIX_EPOCH + EARLIEST { usual.max(of_token) } else { usual }
}

impl AuthorizationServer {
    pub(super) async fn exchange_refresh(
        &self,
        client: &ClientRecord,
        params: &Params,
        now: SystemTime,
    ) -> Result<TokenReply, OAuthError> {
        let presented = params.get("refresh_token").ok_or(OAuthError::MissingParameter("refresh_token"))?;
        if !client.may_refresh {
            return Err(OAuthError::UnauthorizedClient);
        }
        let digest = Digest::of(presented);
        let standing = self.store.refresh_token(digest).await?;
        let standing = standing.filter(|standing| standing.grant.client_id == client.id);
        let RefreshStanding { grant, token, .. } = standing.ok_or(OAuthError::InvalidGrant)?;
        let scopes = narrowed(params, grant.scopes)?;
        self.granted_resource(params, &grant.subject)?;

        self.limits.tokens.check().map_err(|_| OAuthError::TooManyRequests)?;
        if !self.limits.may_refresh(&grant.id) {
            return Err(OAuthError::TooManyRequests);
        }
        let before = self.live.revocations();
        let access = self.new_access(&grant, scopes, true, now).await?;
        let fresh = random_bytes();
        let mut issued = self.stored_refresh(&successor(presented, fresh), now);
        issued.expires_at = end_of_successor(token.expires_at, issued.expires_at, now);
        let handed_out = match self.rotate(digest, client.id.clone(), &access, (issued, fresh), now).await? {
            Verdict::Rotate => successor(presented, fresh),
            Verdict::Repeat(nonce) => successor(presented, nonce),
            Verdict::Reuse => {
                tracing::warn!(client = %client.id, grant = %grant.id, "a spent refresh token came back; the grant ends");
                self.live.end(&[grant.id]);
                self.tell_signed_out(grant.client_id, grant.client_name);
                return Err(OAuthError::InvalidGrant);
            }
            Verdict::Invalid => return Err(OAuthError::InvalidGrant),
        };
        self.live.add(&access.record, &grant, before, now);
        Ok(access.reply(Some(&handed_out)))
    }

    /// Judges and writes in one step; the successor is on the disk when this returns.
    async fn rotate(
        &self,
        digest: Digest,
        client: ClientId,
        access: &NewAccess,
        (refresh, nonce): (IssuedRefresh, Nonce),
        now: SystemTime,
    ) -> Result<Verdict, OAuthError> {
        let access = access.record.clone();
        let verdict = self
            .store
            .redeem_refresh(digest, now, move |standing| {
                let verdict = judge(standing, &client, now);
                let change = match verdict {
                    Verdict::Rotate => RefreshChange::Rotate { access, refresh, nonce },
                    Verdict::Repeat(_) => RefreshChange::Repeat { access },
                    Verdict::Reuse => RefreshChange::RevokeGrant,
                    Verdict::Invalid => RefreshChange::Nothing,
                };
                (change, verdict)
            })
            .await?;
        Ok(verdict)
    }

    /// RFC 8707 §2.2: the granted resource, in any of its spellings, or nothing.
    fn granted_resource(&self, params: &Params, subject: &crate::ids::UserId) -> Result<(), OAuthError> {
        let named = Resource::named(params, self.port).map_err(|_| OAuthError::InvalidTarget)?;
        if named.is_none_or(|named| named.admits(subject)) { Ok(()) } else { Err(OAuthError::InvalidTarget) }
    }
}

/// A scope may narrow, for this access token only (RFC 6749 §6; protocol.md 4.12).
fn narrowed(params: &Params, granted: Scopes) -> Result<Scopes, OAuthError> {
    let asked = asked_scopes(params).map_err(|NothingGrantable| OAuthError::InvalidScope)?;
    let asked = asked.unwrap_or(granted);
    if asked.is_subset_of(granted) { Ok(asked) } else { Err(OAuthError::InvalidScope) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{AccountId, GrantId, UserId};
    use crate::store::{GrantRecord, RefreshRecord};
    use crate::view::Via;

    const NONCE: Nonce = [7; 32];

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(1_000_000 + seconds)
    }

    fn standing(spent_at: Option<SystemTime>, successor_used: bool) -> RefreshStanding {
        let grant = GrantRecord {
            id: GrantId::new("g"),
            client_id: ClientId::new("c"),
            client_name: "App".into(),
            account_id: AccountId::new("a"),
            subject: UserId::new("u"),
            scopes: Scopes::ALL,
            via: Via::Oauth,
            redirect_host: "localhost".into(),
            created_at: at(0),
            last_used_at: None,
            calls: 0,
        };
        let nonce = spent_at.map(|_| NONCE);
        let token = RefreshRecord { grant_id: grant.id.clone(), expires_at: at(10_000), spent_at, nonce };
        RefreshStanding { token, grant, successor_used }
    }

    #[test]
    fn a_fresh_token_rotates_and_a_spent_one_ends_the_family() {
        // protocol.md 4.11, 4.13
        let client = ClientId::new("c");
        assert_eq!(judge(Some(&standing(None, false)), &client, at(0)), Verdict::Rotate);
        assert_eq!(judge(Some(&standing(Some(at(0)), false)), &client, at(61)), Verdict::Reuse);
        assert_eq!(judge(None, &client, at(0)), Verdict::Invalid);
    }

    #[test]
    fn a_lost_answer_is_repeated_within_the_grace_until_the_successor_is_used() {
        // protocol.md 4.13
        let client = ClientId::new("c");
        assert_eq!(judge(Some(&standing(Some(at(0)), false)), &client, at(60)), Verdict::Repeat(NONCE));
        assert_eq!(judge(Some(&standing(Some(at(0)), true)), &client, at(1)), Verdict::Reuse);
    }

    #[test]
    fn the_successor_of_a_token_is_always_the_same_and_of_no_other_token() {
        let one = successor("jbrefresh_one", NONCE);
        assert_eq!(one.expose(), successor("jbrefresh_one", NONCE).expose());
        assert_ne!(one.expose(), successor("jbrefresh_two", NONCE).expose());
        assert_ne!(one.expose(), successor("jbrefresh_one", [8; 32]).expose());
        assert!(one.expose().starts_with(REFRESH_PREFIX));
    }

    #[test]
    fn a_clock_that_stepped_back_does_not_lengthen_the_grace() {
        let client = ClientId::new("c");
        assert_eq!(judge(Some(&standing(Some(at(100)), false)), &client, at(0)), Verdict::Reuse);
    }

    #[test]
    fn two_uses_at_once_may_overtake_each_other() {
        let client = ClientId::new("c");
        assert_eq!(judge(Some(&standing(Some(at(1)), false)), &client, at(0)), Verdict::Repeat(NONCE));
        assert_eq!(judge(Some(&standing(Some(at(1)), true)), &client, at(0)), Verdict::Reuse);
    }

    #[test]
    fn only_a_clock_that_is_certainly_wrong_leaves_a_successor_the_end_of_its_token() {
        let right = UNIX_EPOCH + EARLIEST;
        let (soon, late) = (at(100), right + Duration::from_secs(100));
        assert_eq!(end_of_successor(late, soon, at(0)), late);
        assert_eq!(end_of_successor(soon, late, at(0)), late);
        // One that was issued when the clock was far ahead hands that on to nobody.
        assert_eq!(end_of_successor(late + GRACE, late, right), late);
    }

    #[test]
    fn another_clients_token_and_an_expired_one_are_invalid_and_end_nothing() {
        // protocol.md 4.12
        let fresh = standing(None, false);
        assert_eq!(judge(Some(&fresh), &ClientId::new("other"), at(0)), Verdict::Invalid);
        assert_eq!(judge(Some(&fresh), &ClientId::new("c"), at(10_000)), Verdict::Invalid);
    }
}
