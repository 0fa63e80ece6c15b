//! `/oauth/authorize`, where a browser or client waits for a person, and `/oauth/callback`, where the waiting
//! page finishes (protocol.md 3).

use std::time::Duration;

use axum::Extension;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, RawQuery, State};
use axum::http::header::{ACCEPT, CACHE_CONTROL, LOCATION, REFERRER_POLICY};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};

use super::oauth_reply::{form_body, json_error, json_reply};
use super::pages::{self, Words};
use super::whole_body::WholeBody;
use super::{App, door};
use crate::consent::SentBy;
use crate::ids::TransactionId;
use crate::oauth::{AuthorizeError, Finish, FinishError, OAuthError, PageError, RedirectError};
use crate::origin::{Origin, path};
use crate::unbroken::unbroken;

/// How long a client that is not a browser is held before it is sent to wait elsewhere (protocol.md 3.21a).
const HELD: Duration = Duration::from_secs(4);

/// How long the waiting page's question for news is held.
const POLL: Duration = Duration::from_secs(20);

/// The id in a waiting URL.
type InPath = Result<Path<String>, PathRejection>;

pub(super) async fn get(
    State(app): State<App>,
    words: &'static Words,
    Extension(origin): Extension<Origin>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    ask(&app, words, origin, &headers, query.unwrap_or_default().as_bytes()).await
}

/// The same with the parameters in a form (RFC 6749 §3.1).
pub(super) async fn post(
    State(app): State<App>,
    words: &'static Words,
    Extension(origin): Extension<Origin>,
    headers: HeaderMap,
    WholeBody(body): WholeBody,
) -> Result<Response, OAuthError> {
    Ok(ask(&app, words, origin, &headers, form_body(&headers, &body)?).await)
}

async fn ask(app: &App, words: &Words, origin: Origin, headers: &HeaderMap, query: &[u8]) -> Response {
    match app.oauth.authorize(query, origin, sent_by(headers), app.clock.now()).await {
        Ok(id) if is_browser(headers) => waiting_page(app, words, &id),
        Ok(id) => hold(app, &id).await,
        Err(AuthorizeError::Page(error)) => page_error(error, words, headers),
        Err(AuthorizeError::Redirect(error)) => redirect_error(&error, words, headers),
    }
}

/// `GET /oauth/wait/{id}`: where either kind of client waits on.
pub(super) async fn wait(
    State(app): State<App>,
    words: &'static Words,
    headers: HeaderMap,
    id: InPath,
) -> Response {
    let id = transaction(id);
    if is_browser(&headers) { waiting_page(&app, words, &id) } else { hold(&app, &id).await }
}

/// `GET /oauth/wait/{id}/state`: for the waiting page's script; answers when there is something new, or after a
/// while so that no proxy or browser gives up.
pub(super) async fn state(State(app): State<App>, id: InPath) -> Response {
    let id = transaction(id);
    let _ = tokio::time::timeout(POLL, app.oauth.decided(&id)).await;
    match app.oauth.waiting(&id) {
        Some(waiting) => {
            let news = serde_json::json!({ "decided": waiting.decided, "displaced": waiting.displaced });
            json_reply(StatusCode::OK, &news)
        }
        None => json_error(StatusCode::NOT_FOUND, "not_found", "nothing waits here"),
    }
}

/// `POST /oauth/callback`: the waiting page hands the transaction in and is sent to the client.
pub(super) async fn callback(
    State(app): State<App>,
    words: &'static Words,
    headers: HeaderMap,
    WholeBody(body): WholeBody,
) -> Result<Response, OAuthError> {
    let form = form_body(&headers, &body)?;
    let id =
        form_urlencoded::parse(form).find(|(name, _)| name == "transaction").map(|(_, id)| id.into_owned());
    let id = TransactionId::new(id.ok_or(OAuthError::MissingParameter("transaction"))?);
    Ok(match finish(&app, &id).await {
        Ok(finish) => see(StatusCode::SEE_OTHER, &finish.location),
        Err(FinishError::Undecided) => see(StatusCode::SEE_OTHER, &wait_path(&id)),
        Err(error) => pages::not_finished(words, error),
    })
}

fn waiting_page(app: &App, words: &Words, id: &TransactionId) -> Response {
    match app.oauth.waiting(id) {
        Some(waiting) if !waiting.finished => pages::waiting(words, id, &waiting, app.front),
        Some(_) => pages::not_finished(words, FinishError::Finished),
        None => pages::not_finished(words, FinishError::Unknown),
    }
}

async fn hold(app: &App, id: &TransactionId) -> Response {
    // Elapsed or not, the outcome is asked next.
    let _ = tokio::time::timeout(HELD, app.oauth.decided(id)).await;
    match finish(app, id).await {
        Ok(finish) => see(StatusCode::FOUND, &finish.location),
        Err(FinishError::Undecided) => see(StatusCode::SEE_OTHER, &wait_path(id)),
        Err(error) => json_error(StatusCode::BAD_REQUEST, "invalid_request", &error.to_string()),
    }
}

/// What cannot be decoded is no id of ours.
fn transaction(id: InPath) -> TransactionId {
    TransactionId::new(id.map_or_else(|_| String::new(), |Path(id)| id))
}

/// Taken and answered in one piece: the outcome is handed over once.
async fn finish(app: &App, id: &TransactionId) -> Result<Finish, FinishError> {
    let (app, id) = (app.clone(), id.clone());
    unbroken(async move { app.oauth.finish(&id, app.clock.now()).await }).await
}

fn wait_path(id: &TransactionId) -> String {
    format!("{}/{id}", path::WAIT)
}

fn sent_by(headers: &HeaderMap) -> SentBy {
    if door::is_cross_site(headers) { SentBy::Page } else { SentBy::Unknown }
}

fn is_browser(headers: &HeaderMap) -> bool {
    headers
        .get_all(ACCEPT)
        .iter()
        .any(|accept| accept.to_str().is_ok_and(|accept| accept.contains("text/html")))
}

/// 302 or 303, never 307; no referrer, nothing kept (protocol.md 3.19).
fn see(status: StatusCode, location: &str) -> Response {
    let Ok(location) = HeaderValue::from_str(location) else {
        return json_error(StatusCode::BAD_REQUEST, "invalid_request", "the address fits into no header");
    };
    let headers = [
        (LOCATION, location),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    ];
    (status, headers).into_response()
}

fn page_error(error: PageError, words: &Words, headers: &HeaderMap) -> Response {
    tracing::debug!(%error, "an authorization request was refused");
    if is_browser(headers) {
        pages::refused(words, error)
    } else {
        json_error(StatusCode::BAD_REQUEST, "invalid_request", &error.to_string())
    }
}

/// A person sees the error and chooses to go on; nobody else is an open redirector's victim
/// (RFC 9700 §4.11.2; protocol.md 3.3).
fn redirect_error(error: &RedirectError, words: &Words, headers: &HeaderMap) -> Response {
    if is_browser(headers) {
        pages::error_to_client(words, error)
    } else {
        see(StatusCode::FOUND, &error.location)
    }
}
