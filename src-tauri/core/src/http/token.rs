//! `POST /oauth/token` (OAuth 2.1 §3.2; protocol.md 4).

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;

use super::App;
use super::oauth_reply::{authorization, form_body, json_reply};
use super::whole_body::WholeBody;
use crate::oauth::OAuthError;

pub(super) async fn post(
    State(app): State<App>,
    headers: HeaderMap,
    WholeBody(body): WholeBody,
) -> Result<Response, OAuthError> {
    let form = form_body(&headers, &body)?;
    let issued = app.oauth.token(authorization(&headers)?, form, app.clock.now()).await?;
    Ok(json_reply(StatusCode::OK, &issued))
}
