//! `POST /oauth/token` (OAuth 2.1 §3.2; protocol.md 4).

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;

use super::App;
use super::oauth_reply::{authorization, form_body, json_reply};
use super::whole_body::WholeBody;
use crate::oauth::OAuthError;
use crate::unbroken::unbroken;

pub(super) async fn post(
    State(app): State<App>,
    headers: HeaderMap,
    WholeBody(body): WholeBody,
) -> Result<Response, OAuthError> {
    let form = form_body(&headers, &body)?;
    let (form, authorization) = (form.to_vec(), authorization(&headers)?.map(str::to_owned));
    let issued =
        unbroken(async move { app.oauth.token(authorization.as_deref(), &form, app.clock.now()).await });
    let issued = issued.await?;
    Ok(json_reply(StatusCode::OK, &issued))
}
