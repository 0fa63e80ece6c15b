//! The other end of the socket: how programs of this user speak to a running bridge.

use std::io;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, Response};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::time::timeout;

use super::routes::{
    ACCOUNTS, APPROVE, CLIENTS, DENY, DOCTOR, END, REMOVE_ACCOUNT, REQUESTS, REVOKE, SETTINGS, STATUS, WINDOW,
};
use super::transport;
use super::wire::{AddAccount, Approve, Deny, ErrorBody, Examine, HOST, RemoveAccount, Revoke, WireKey};
use crate::api_key::ApiKey;
use crate::ids::AccountId;
use crate::paths::Paths;
use crate::view::{
    AccountView, Check, ClientView, RequestView, SettingChange, Settings, StatusView, Subject,
};

/// A bridge on this computer answers in milliseconds.
const QUICK: Duration = Duration::from_secs(10);
/// A key is checked at Jean Memory, which may have to wake up (upstream-api.md 2), and then kept in a
/// keychain that may ask for its password.
const PATIENT: Duration = Duration::from_secs(180);
/// Tens of thousands of clients.
const MAX_REPLY: usize = 32 * 1024 * 1024;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// Nobody listens.
    #[error("Jean Memory Bridge is not running")]
    NotRunning,
    /// Somebody listens, but as another user; nothing was sent.
    #[error("another user has taken the place of the local socket")]
    Foreign,
    /// The bridge refused or failed, and says why.
    #[error("{message}")]
    Refused {
        /// For programs.
        code: String,
        /// For people.
        message: String,
    },
    /// The bridge is there, but does not answer.
    #[error("Jean Memory Bridge runs, but does not answer")]
    TimedOut,
    /// The connection was lost after the request was sent.
    #[error("Jean Memory Bridge ended before it answered")]
    Lost,
    /// The answer is not of this language.
    #[error("Jean Memory Bridge gave an answer that this version does not understand")]
    Garbled,
    /// The socket cannot be opened.
    #[error("the local socket cannot be used: {0}")]
    Unusable(#[source] io::Error),
}

/// Speaks to the bridge of some directories; nothing is opened before the first call.
#[derive(Clone, Debug)]
pub struct Client {
    paths: Paths,
}

impl Client {
    /// For the bridge of `paths`.
    #[must_use]
    pub fn new(paths: Paths) -> Self {
        Self { paths }
    }

    /// How the bridge is.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn status(&self) -> Result<StatusView, ClientError> {
        self.get(STATUS).await
    }

    /// The questions that wait.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn requests(&self) -> Result<Vec<RequestView>, ClientError> {
        self.get(REQUESTS).await
    }

    /// Answers a question with yes.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn approve(&self, approve: &Approve) -> Result<(), ClientError> {
        self.post(APPROVE, approve, PATIENT).await.map(drop)
    }

    /// Answers a question with no.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn deny(&self, code: &str) -> Result<(), ClientError> {
        self.post(DENY, &Deny { code: code.to_owned() }, QUICK).await.map(drop)
    }

    /// The connected clients.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn clients(&self) -> Result<Vec<ClientView>, ClientError> {
        self.get(CLIENTS).await
    }

    /// Ends what a client may do, by its id, or by its name if only one bears it.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn revoke(&self, client: &str) -> Result<ClientView, ClientError> {
        understood(&self.post(REVOKE, &Revoke { client: client.to_owned() }, QUICK).await?)
    }

    /// The accounts.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn accounts(&self) -> Result<Vec<AccountView>, ClientError> {
        self.get(ACCOUNTS).await
    }

    /// Adds an account by its key.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn add_account(&self, key: ApiKey, save_unchecked: bool) -> Result<AccountView, ClientError> {
        let body = AddAccount { key: WireKey(key), save_unchecked };
        understood(&self.post(ACCOUNTS, &body, PATIENT).await?)
    }

    /// Removes an account and its key.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn remove_account(&self, id: AccountId) -> Result<(), ClientError> {
        self.post(REMOVE_ACCOUNT, &RemoveAccount { id }, PATIENT).await.map(drop)
    }

    /// Brings the main window of the running app to the front.
    ///
    /// # Errors
    /// [`ClientError`]; [`ClientError::Refused`] with the code `no_window` when the bridge runs without windows.
    pub async fn show_window(&self) -> Result<(), ClientError> {
        self.ask(Method::POST, WINDOW, Bytes::new(), QUICK).await.map(drop)
    }

    /// Changes a setting.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn change_setting(&self, change: &SettingChange) -> Result<Settings, ClientError> {
        understood(&self.post(SETTINGS, change, QUICK).await?)
    }

    /// Asks the bridge to end, and the app around it; it does so a moment later.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn end(&self) -> Result<(), ClientError> {
        self.ask(Method::POST, END, Bytes::new(), QUICK).await.map(drop)
    }

    /// Has the bridge examine what only it may touch, for as long as `patience`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn examine(&self, subject: Subject, patience: Duration) -> Result<Vec<Check>, ClientError> {
        understood(&self.post(DOCTOR, &Examine { subject }, patience).await?)
    }

    /// A connection for several requests, one after the other.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn connect(&self) -> Result<Connection, ClientError> {
        let connected = timeout(QUICK, transport::connect(&self.paths)).await;
        let stream = match connected.map_err(|_| ClientError::TimedOut)? {
            Ok(Some(stream)) => stream,
            Ok(None) => return Err(ClientError::Foreign),
            Err(error) if transport::nobody_listens(&error) => return Err(ClientError::NotRunning),
            Err(error) => return Err(ClientError::Unusable(error)),
        };
        let (sender, connection) =
            http1::handshake(TokioIo::new(stream)).await.map_err(|_| ClientError::Lost)?;
        // Ends with the sender, or when the bridge does.
        tokio::spawn(connection);
        Ok(Connection { sender })
    }

    async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, ClientError> {
        understood(&self.ask(Method::GET, path, Bytes::new(), QUICK).await?)
    }

    async fn post(
        &self,
        path: &str,
        body: &impl Serialize,
        patience: Duration,
    ) -> Result<Bytes, ClientError> {
        let body = serde_json::to_vec(body).map_err(|_| ClientError::Garbled)?;
        self.ask(Method::POST, path, body.into(), patience).await
    }

    async fn ask(
        &self,
        method: Method,
        path: &str,
        body: Bytes,
        patience: Duration,
    ) -> Result<Bytes, ClientError> {
        let mut connection = self.connect().await?;
        timeout(patience, connection.ask(method, path, body)).await.map_err(|_| ClientError::TimedOut)?
    }
}

/// An open connection to a running bridge.
pub struct Connection {
    sender: SendRequest<Full<Bytes>>,
}

/// Why a request on an open connection has no response.
#[derive(Debug)]
pub enum Unanswered {
    /// Nothing of it was sent, because the connection had ended; it may be sent on another one.
    Unsent(Box<Request<Full<Bytes>>>),
    /// The bridge ended, or closed the connection, after some of it was sent.
    Lost,
}

impl Connection {
    /// Whether the bridge has not closed it, as far as is known.
    #[must_use]
    pub fn is_open(&self) -> bool {
        !self.sender.is_closed()
    }

    /// Sends a request on a connection that may have ended meanwhile, and gives the response as it comes.
    ///
    /// # Errors
    /// [`Unanswered`].
    pub async fn try_send(
        &mut self,
        request: Request<Full<Bytes>>,
    ) -> Result<Response<Incoming>, Unanswered> {
        if self.sender.ready().await.is_err() {
            return Err(Unanswered::Unsent(Box::new(request)));
        }
        let sent = self.sender.try_send_request(request).await;
        sent.map_err(|mut failure| match failure.take_message() {
            Some(unsent) => Unanswered::Unsent(Box::new(unsent)),
            None => Unanswered::Lost,
        })
    }

    /// Sends any request and gives the answer as it comes, for streams; the caller sets the deadline.
    ///
    /// # Errors
    /// [`ClientError::Lost`]: the bridge ended, or closed the connection.
    pub async fn send(&mut self, request: Request<Full<Bytes>>) -> Result<Response<Incoming>, ClientError> {
        self.sender.ready().await.map_err(|_| ClientError::Lost)?;
        self.sender.send_request(request).await.map_err(|_| ClientError::Lost)
    }

    /// The body of a good answer; a bad one is [`ClientError::Refused`].
    async fn ask(&mut self, method: Method, path: &str, body: Bytes) -> Result<Bytes, ClientError> {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(http::header::HOST, HOST)
            .header(http::header::CONTENT_TYPE, "application/json")
            .body(Full::new(body))
            .map_err(|_| ClientError::Garbled)?;
        let response = self.send(request).await?;
        let status = response.status();
        let body =
            Limited::new(response.into_body(), MAX_REPLY).collect().await.map_err(|_| ClientError::Lost)?;
        let body = body.to_bytes();
        if status.is_success() {
            return Ok(body);
        }
        let ErrorBody { error } = understood(&body)?;
        Err(ClientError::Refused { code: error.code, message: error.message })
    }
}

fn understood<T: DeserializeOwned>(body: &[u8]) -> Result<T, ClientError> {
    serde_json::from_slice(body).map_err(|_| ClientError::Garbled)
}
