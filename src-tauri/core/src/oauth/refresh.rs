//! Refreshing: rotation, a short grace for a lost answer, and the end of the family when a spent token
//! comes back (protocol.md 4.11–4.14).

use std::time::{Duration, SystemTime};

use super::authorize::{NothingGrantable, asked_scopes};
use super::params::Params;
use super::resource::Resource;
use super::token::NewAccess;
use super::{AuthorizationServer, OAuthError, TokenReply};
use crate::ids::ClientId;
use crate::scope::Scopes;
use crate::secret::Digest;
use crate::store::{ClientRecord, IssuedRefresh, RefreshChange, RefreshStanding};

/// How long after its first use a token is still answered, if none of its successors was used: two windows
/// of one client, or one lost answer, must not sign anybody out (protocol.md 4.13).
const GRACE: Duration = Duration::from_secs(60);
/// Successors of one token; more windows than any client opens, and a bound on what one token can leave behind.
const MOST_SUCCESSORS: u32 = 32;

/// What a presented refresh token leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    /// It is good: it is spent, and a successor follows.
    Rotate,
    /// It was spent before: somebody has a copy, so the family ends (RFC 9700 §4.14.2).
    Reuse,
    /// Unknown, expired, revoked, another client's, or one too many.
    Invalid,
}

fn judge(standing: Option<&RefreshStanding>, client: &ClientId, now: SystemTime) -> Verdict {
    let Some(standing) = standing else { return Verdict::Invalid };
    // Another client's token proves nothing about the family (protocol.md 4.12).
    if standing.grant.client_id != *client || standing.token.expires_at <= now {
        return Verdict::Invalid;
    }
    let Some(spent_at) = standing.token.spent_at else { return Verdict::Rotate };
    // A clock that stepped back must not lengthen the grace.
    let in_grace = now.duration_since(spent_at).is_ok_and(|since| since <= GRACE);
    if !in_grace || standing.successor_used {
        Verdict::Reuse
    } else if standing.successors < MOST_SUCCESSORS {
        Verdict::Rotate
    } else {
        // Those who were first have their pair; that others were many is no proof of theft.
        Verdict::Invalid
    }
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
        let grant = standing.ok_or(OAuthError::InvalidGrant)?.grant;
        let scopes = narrowed(params, grant.scopes)?;
        self.granted_resource(params, &grant.subject)?;

        let before = self.live.revocations();
        let access = self.new_access(&grant, scopes, true, now).await?;
        let (token, issued) = self.new_refresh(now);
        match self.rotate(digest, client.id.clone(), &access, issued, now).await? {
            Verdict::Rotate => {
                self.live.add(&access.record, &grant, before, now);
                Ok(access.reply(Some(&token)))
            }
            Verdict::Reuse => {
                tracing::warn!(client = %client.id, grant = %grant.id, "a spent refresh token came back; the grant ends");
                self.live.end(&[grant.id]);
                Err(OAuthError::InvalidGrant)
            }
            Verdict::Invalid => Err(OAuthError::InvalidGrant),
        }
    }

    /// Judges and writes in one step; the successor is on the disk when this returns.
    async fn rotate(
        &self,
        digest: Digest,
        client: ClientId,
        access: &NewAccess,
        refresh: IssuedRefresh,
        now: SystemTime,
    ) -> Result<Verdict, OAuthError> {
        let access = access.record.clone();
        let verdict = self
            .store
            .redeem_refresh(digest, now, move |standing| {
                let verdict = judge(standing, &client, now);
                let change = match verdict {
                    Verdict::Rotate => RefreshChange::Rotate { access, refresh },
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
    use std::time::UNIX_EPOCH;

    use super::*;
    use crate::ids::{AccountId, GrantId, UserId};
    use crate::store::{GrantRecord, RefreshRecord};
    use crate::view::Via;

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(1_000_000 + seconds)
    }

    fn standing(spent_at: Option<SystemTime>, successors: u32, successor_used: bool) -> RefreshStanding {
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
        let token = RefreshRecord { grant_id: grant.id.clone(), expires_at: at(10_000), spent_at };
        RefreshStanding { token, grant, successors, successor_used }
    }

    #[test]
    fn a_fresh_token_rotates_and_a_spent_one_ends_the_family() {
        // protocol.md 4.11, 4.13
        let client = ClientId::new("c");
        assert_eq!(judge(Some(&standing(None, 0, false)), &client, at(0)), Verdict::Rotate);
        assert_eq!(judge(Some(&standing(Some(at(0)), 1, false)), &client, at(61)), Verdict::Reuse);
        assert_eq!(judge(None, &client, at(0)), Verdict::Invalid);
    }

    #[test]
    fn a_lost_answer_is_repeated_within_the_grace_until_a_successor_is_used() {
        // protocol.md 4.13
        let client = ClientId::new("c");
        assert_eq!(judge(Some(&standing(Some(at(0)), 1, false)), &client, at(60)), Verdict::Rotate);
        assert_eq!(judge(Some(&standing(Some(at(0)), 1, true)), &client, at(1)), Verdict::Reuse);
        assert_eq!(judge(Some(&standing(Some(at(0)), 31, false)), &client, at(1)), Verdict::Rotate);
        assert_eq!(judge(Some(&standing(Some(at(0)), 32, false)), &client, at(1)), Verdict::Invalid);
    }

    #[test]
    fn a_clock_that_stepped_back_does_not_lengthen_the_grace() {
        let client = ClientId::new("c");
        assert_eq!(judge(Some(&standing(Some(at(100)), 1, false)), &client, at(0)), Verdict::Reuse);
    }

    #[test]
    fn another_clients_token_and_an_expired_one_are_invalid_and_end_nothing() {
        // protocol.md 4.12
        let fresh = standing(None, 0, false);
        assert_eq!(judge(Some(&fresh), &ClientId::new("other"), at(0)), Verdict::Invalid);
        assert_eq!(judge(Some(&fresh), &ClientId::new("c"), at(10_000)), Verdict::Invalid);
    }
}
