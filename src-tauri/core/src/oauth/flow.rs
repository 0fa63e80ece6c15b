//! From an authorization request to the answer: ask a person, wait, hand the outcome over once
//! (protocol.md 3.17–3.22).

use std::time::SystemTime;

use super::authorize::{
    self, AuthorizationRequest, KnownClient, PageError, RedirectCode, RedirectError, answer_location,
    error_location,
};
use super::codes::CodeBinding;
use super::metadata_document::{DocumentError, is_document_id};
use super::params::Params;
use super::redirect_uri::RedirectKind;
use super::transactions::{Taken, Transaction, key_of};
use super::{AuthorizationServer, RegistrationReply, RegistrationRequest, limits, registration};
use crate::accounts::subject;
use crate::consent::{AnswerGoesTo, AskError, Asker, Decision, Outcome, SentBy};
use crate::ids::{ClientId, TransactionId};
use crate::oauth::OAuthError;
use crate::origin::Origin;
use crate::scope::Scopes;
use crate::store::{ClientKind, StoreError};
use crate::view::{Destination, Via};

/// How a request that was not taken is told.
#[derive(Debug)]
pub enum AuthorizeError {
    /// On a page, never by a redirect (protocol.md 3.2).
    Page(PageError),
    /// To the client.
    Redirect(Box<RedirectError>),
}

impl From<PageError> for AuthorizeError {
    fn from(error: PageError) -> Self {
        Self::Page(error)
    }
}

/// What the waiting page shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// Who asks.
    pub client_name: String,
    /// The matching code.
    pub code: String,
    /// Where the browser goes afterwards: host or scheme.
    pub goes_to: String,
    /// Whether a person has answered, or it ended otherwise.
    pub decided: bool,
    /// Whether it ended because its client asked for something newer, so that nobody is waiting for this page.
    pub displaced: bool,
    /// Whether the outcome was already handed over.
    pub finished: bool,
}

/// The outcome on its way to the client.
#[derive(Debug, PartialEq, Eq)]
pub struct Finish {
    /// Where to, with the code or the error in it. Not to be logged.
    pub location: String,
}

/// Why there is no outcome to hand over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FinishError {
    /// A person has not answered yet.
    #[error("nobody has answered yet")]
    Undecided,
    /// It was handed over before (protocol.md 3.22).
    #[error("the answer was already given")]
    Finished,
    /// No such transaction.
    #[error("nothing waits here")]
    Unknown,
    /// The account could not be read.
    #[error("{0}")]
    Store(#[from] StoreError),
}

impl AuthorizationServer {
    /// Registers a client (RFC 7591).
    ///
    /// # Errors
    /// [`OAuthError`].
    pub async fn register(
        &self,
        request: RegistrationRequest,
        now: SystemTime,
    ) -> Result<RegistrationReply, OAuthError> {
        let (client, reply) = registration::register(request, now)?;
        // What is refused costs nothing and uses up nothing that honest clients need.
        self.limits.registrations.check().map_err(|_| OAuthError::TooManyRequests)?;
        let id = client.id.clone();
        let abandoned = now.checked_sub(limits::ABANDONED_AFTER).unwrap_or(SystemTime::UNIX_EPOCH);
        if !self.store.register_client(client, limits::MOST_CLIENTS, abandoned).await? {
            return Err(OAuthError::TooManyRequests);
        }
        tracing::info!(client = %id, "a client registered");
        Ok(reply)
    }

    /// Takes an authorization request and asks a person. The same request again is the same transaction.
    ///
    /// # Errors
    /// [`AuthorizeError`].
    pub async fn authorize(
        &self,
        query: &[u8],
        origin: Origin,
        sent_by: SentBy,
        now: SystemTime,
    ) -> Result<TransactionId, AuthorizeError> {
        let params = Params::parse(query);
        let client = self.known_client(authorize::client_id(&params)?, sent_by, now).await?;
        let redirect = authorize::redirect(&params, &client)?;
        let back = |code| {
            // Of two, neither is the client's; one that is not text cannot go back as it came.
            let whole = !params.is_repeated("state") && params.is_text("state");
            let state = params.get("state").filter(|_| whole);
            AuthorizeError::Redirect(Box::new(RedirectError {
                location: error_location(&redirect, state, origin, code),
                redirect: redirect.clone(),
                client_name: client.name.clone(),
                code,
            }))
        };
        let request = authorize::request(&params, client.clone(), redirect.clone(), origin).map_err(back)?;
        let key = key_of(&request);
        if let Some(same) = self.transactions.same(&key, now) {
            return Ok(same);
        }
        if !self.limits.may_ask(sent_by) {
            return Err(PageError::Busy.into());
        }
        let asker = self.asker(&request, key.clone(), sent_by).await.map_err(|_| PageError::Store)?;
        let ticket = self.desk.ask(asker, now).map_err(|error| {
            tracing::info!(client = %client.id, %error, "a client cannot ask for access now");
            back(match error {
                AskError::DeskFull => RedirectCode::TemporarilyUnavailable,
                AskError::Resting => RedirectCode::Resting,
            })
        })?;
        tracing::info!(client = %client.id, question = %ticket.question.id, "a client asks for access");
        Ok(self.transactions.add(&key, request, ticket, now))
    }

    /// What the waiting page shows now.
    #[must_use]
    pub fn waiting(&self, id: &TransactionId) -> Option<Waiting> {
        let (transaction, finished) = self.transactions.get(id)?;
        let outcome = transaction.ticket.outcome();
        Some(Waiting {
            client_name: transaction.request.client.name.clone(),
            code: transaction.ticket.question.code.to_string(),
            goes_to: transaction.request.redirect.host(),
            decided: outcome.is_some(),
            displaced: outcome == Some(Outcome::Displaced),
            finished,
        })
    }

    /// Waits until a person has answered or the time is up; at once if there is nothing to wait for.
    pub async fn decided(&self, id: &TransactionId) {
        if let Some((mut transaction, _)) = self.transactions.get(id) {
            transaction.ticket.ended().await;
        }
    }

    /// Hands the outcome over, once (protocol.md 3.22).
    ///
    /// # Errors
    /// [`FinishError`].
    pub async fn finish(&self, id: &TransactionId, now: SystemTime) -> Result<Finish, FinishError> {
        let before = self.live.revocations();
        let (transaction, outcome) = match self.transactions.take(id) {
            Taken::Outcome(transaction, outcome) => (transaction, outcome),
            Taken::Waiting => return Err(FinishError::Undecided),
            Taken::Finished => return Err(FinishError::Finished),
            Taken::Unknown => return Err(FinishError::Unknown),
        };
        let location = match outcome {
            Outcome::Answered(Decision::Allow { account, scopes }) => {
                let location = self.allowed(&transaction, account, scopes, now).await?;
                if before == self.live.revocations() {
                    location
                } else {
                    // Somebody was revoked in this moment: rather ask again than hand out what was taken back.
                    self.codes.forget(|client, _| *client == transaction.request.client.id);
                    error_back(&transaction.request, RedirectCode::AccessDenied)
                }
            }
            Outcome::Answered(Decision::Deny) | Outcome::TimedOut | Outcome::Displaced => {
                error_back(&transaction.request, RedirectCode::AccessDenied)
            }
        };
        Ok(Finish { location })
    }

    /// The URL with the code, or with what stands against it now that the account is known.
    async fn allowed(
        &self,
        transaction: &Transaction,
        account: crate::ids::AccountId,
        scopes: Scopes,
        now: SystemTime,
    ) -> Result<String, StoreError> {
        let request = &transaction.request;
        let Some(record) = self.accounts.get(&account).await? else {
            return Ok(error_back(request, RedirectCode::ServerError));
        };
        let subject = subject(&record);
        if !request.resource.admits(&subject) {
            return Ok(error_back(request, RedirectCode::InvalidTarget));
        }
        let binding = CodeBinding {
            client_id: request.client.id.clone(),
            client_name: request.client.name.clone(),
            redirect_uri: request.redirect.as_str().to_owned(),
            redirect_host: request.redirect.host(),
            challenge: request.challenge.clone(),
            resource: request.resource.clone(),
            scopes,
            account,
            subject,
            may_refresh: request.client.may_refresh,
        };
        let code = self.codes.issue(binding, self.lifetimes.code, now);
        Ok(answer_location(
            &request.redirect,
            request.state.as_deref(),
            request.origin,
            &[("code", code.expose())],
        ))
    }

    /// The client of that id: registered here, or described by the document its id points to.
    async fn known_client(
        &self,
        id: &str,
        sent_by: SentBy,
        now: SystemTime,
    ) -> Result<KnownClient, PageError> {
        if is_document_id(id) {
            let document = self.documents.resolve(id, sent_by, now).await.map_err(|error| match error {
                DocumentError::TooMany => PageError::Busy,
                DocumentError::NotADocumentUrl
                | DocumentError::Unavailable(_)
                | DocumentError::Invalid(_) => PageError::DocumentUnusable,
            })?;
            return Ok(KnownClient {
                id: ClientId::new(id),
                name: document.client_name.clone(),
                kind: ClientKind::MetadataDocument,
                redirect_uris: document.redirect_uris.clone(),
                may_refresh: document.wants_refresh,
                registered_at: None,
                confirmed_by: Some(document.host.clone()),
            });
        }
        let client = self.store.client(&ClientId::new(id)).await.map_err(|_| PageError::Store)?;
        let client = client.ok_or(PageError::ClientUnknown)?;
        Ok(KnownClient {
            id: client.id,
            name: client.name,
            kind: client.kind,
            redirect_uris: client.redirect_uris,
            may_refresh: client.may_refresh,
            registered_at: Some(client.created_at),
            confirmed_by: None,
        })
    }

    async fn asker(
        &self,
        request: &AuthorizationRequest,
        key: String,
        sent_by: SentBy,
    ) -> Result<Asker, StoreError> {
        let host = request.redirect.host();
        Ok(Asker {
            key,
            client_id: request.client.id.clone(),
            client_name: request.client.name.clone(),
            kind: request.client.kind,
            registered_at: request.client.registered_at,
            confirmed_by: request.client.confirmed_by.clone(),
            via: Via::Oauth,
            allowed_before: self.store.last_allowed(&request.client.id, &host).await?,
            goes_to: AnswerGoesTo::Redirect {
                uri: request.redirect.as_str().to_owned(),
                host,
                destination: destination(request.redirect.kind()),
                warning: authorize::warning(&request.redirect),
            },
            scopes: request.scopes,
            program: None,
            sent_by,
        })
    }
}

fn destination(kind: &RedirectKind) -> Destination {
    match kind {
        RedirectKind::Loopback => Destination::ThisComputer,
        RedirectKind::Website(host) => Destination::Website { host: host.clone() },
        RedirectKind::CustomScheme(scheme) => Destination::Scheme { scheme: scheme.clone() },
    }
}

fn error_back(request: &AuthorizationRequest, code: RedirectCode) -> String {
    error_location(&request.redirect, request.state.as_deref(), request.origin, code)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::{Duration, UNIX_EPOCH};

    use serde_json::json;
    use tokio_util::sync::CancellationToken;

    use super::super::testing::server;
    use super::*;
    use crate::clock::Clock;
    use crate::consent::keep_time;

    /// A clock that was stopped: waiting counts all the same.
    struct Standing;

    impl Clock for Standing {
        fn now(&self) -> SystemTime {
            UNIX_EPOCH
        }
    }

    #[tokio::test(start_paused = true)]
    async fn ten_minutes_without_an_answer_are_access_denied() {
        // design.md 4; protocol.md 3.3
        let directory = tempfile::tempdir().unwrap();
        let server = server(directory.path(), UNIX_EPOCH);
        let metadata =
            json!({ "redirect_uris": ["http://localhost/cb"], "token_endpoint_auth_method": "none" });
        let reply = server.register(serde_json::from_value(metadata).unwrap(), UNIX_EPOCH).await.unwrap();
        let id = serde_json::to_value(reply).unwrap()["client_id"].as_str().unwrap().to_owned();
        let query = format!(
            "client_id={id}&redirect_uri=http://localhost:1/cb&response_type=code&state=s&code_challenge_method=S256\
             &code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
        );
        let asked = tokio::time::Instant::now();
        let keeping = keep_time(server.desk.clone(), Arc::new(Standing), CancellationToken::new());
        let keeping = tokio::spawn(keeping);
        let id = server
            .authorize(query.as_bytes(), Origin::canonical(1), SentBy::Unknown, UNIX_EPOCH)
            .await
            .unwrap();
        assert_eq!(server.finish(&id, UNIX_EPOCH).await, Err(FinishError::Undecided));
        server.decided(&id).await;
        keeping.abort();
        assert_eq!(asked.elapsed().as_secs(), Duration::from_secs(600).as_secs());
        let finish = server.finish(&id, UNIX_EPOCH).await.unwrap();
        assert!(
            finish.location.starts_with("http://localhost:1/cb?error=access_denied&"),
            "{}",
            finish.location
        );
        assert!(finish.location.contains("&state=s&iss=http%3A%2F%2F127.0.0.1%3A1"), "{}", finish.location);
    }
}
