//! `POST /oauth/revoke` (RFC 7009; protocol.md 5).

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};

use super::App;
use super::oauth_reply::{authorization, form_body};
use super::whole_body::WholeBody;
use crate::oauth::OAuthError;
use crate::unbroken::unbroken;

pub(super) async fn post(
    State(app): State<App>,
    headers: HeaderMap,
    WholeBody(body): WholeBody,
) -> Result<StatusCode, OAuthError> {
    let form = form_body(&headers, &body)?;
    let (form, authorization) = (form.to_vec(), authorization(&headers)?.map(str::to_owned));
    unbroken(async move { app.oauth.revoke_token(authorization.as_deref(), &form, app.clock.now()).await })
        .await?;
    Ok(StatusCode::OK)
}
