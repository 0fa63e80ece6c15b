//! `POST /oauth/revoke` (RFC 7009; protocol.md 5).

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};

use super::App;
use super::oauth_reply::{authorization, form_body};
use super::whole_body::WholeBody;
use crate::oauth::OAuthError;

pub(super) async fn post(
    State(app): State<App>,
    headers: HeaderMap,
    WholeBody(body): WholeBody,
) -> Result<StatusCode, OAuthError> {
    let form = form_body(&headers, &body)?;
    app.oauth.revoke_token(authorization(&headers)?, form, app.clock.now()).await?;
    Ok(StatusCode::OK)
}
