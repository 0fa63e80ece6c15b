//! `POST /oauth/register` (RFC 7591; protocol.md 2a).

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};

use super::App;
use super::oauth_reply::{has_media_type, json_reply};
use super::whole_body::WholeBody;
use crate::oauth::{OAuthError, RegistrationRequest};

pub(super) async fn post(
    State(app): State<App>,
    headers: HeaderMap,
    WholeBody(body): WholeBody,
) -> Result<Response, OAuthError> {
    let registered = app.oauth.register(parse(&headers, &body)?, app.clock.now()).await?;
    Ok(json_reply(StatusCode::CREATED, &registered).into_response())
}

fn parse(headers: &HeaderMap, body: &[u8]) -> Result<RegistrationRequest, OAuthError> {
    const UNREADABLE: OAuthError =
        OAuthError::InvalidMetadata("the body must be a JSON object of client metadata");
    if !has_media_type(headers, "application/json") {
        return Err(UNREADABLE);
    }
    serde_json::from_slice(body).map_err(|_| UNREADABLE)
}
