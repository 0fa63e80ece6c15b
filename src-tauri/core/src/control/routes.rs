//! The routes of the socket: one call of the bridge each.
//!
//! The path says the version of this language; members may be added within one.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{DefaultBodyLimit, FromRequest, Request, State};
use axum::routing::{get, post};
use axum::{Json, Router};
use bytes::Bytes;
use http::StatusCode;
use serde::de::DeserializeOwned;
use tokio::time::timeout;

use super::adapter;
use super::failure::Failure;
use super::wire::{Account, AddAccount, Approve, Deny, Examine, RemoveAccount, Revoke};
use crate::bridge::{Approval, ApprovalAccount, Bridge};
use crate::view::{AccountView, Check, ClientView, RequestView, SettingChange, Settings, StatusView};

/// No request of ours is near this.
const MAX_BODY: usize = 64 * 1024;
/// How long one may take to come: whoever is slower holds a connection that others need.
const BODY_TIME: Duration = Duration::from_secs(10);

pub(super) const STATUS: &str = "/v1/status";
pub(super) const REQUESTS: &str = "/v1/requests";
pub(super) const APPROVE: &str = "/v1/requests/approve";
pub(super) const DENY: &str = "/v1/requests/deny";
pub(super) const CLIENTS: &str = "/v1/clients";
pub(super) const REVOKE: &str = "/v1/clients/revoke";
pub(super) const ACCOUNTS: &str = "/v1/accounts";
pub(super) const REMOVE_ACCOUNT: &str = "/v1/accounts/remove";
pub(super) const WINDOW: &str = "/v1/window";
pub(super) const SETTINGS: &str = "/v1/settings";
pub(super) const END: &str = "/v1/end";
pub(super) const DOCTOR: &str = "/v1/doctor";

/// What a running bridge offers on its socket; others may be merged into it.
pub fn router(bridge: Arc<Bridge>) -> Router {
    Router::new()
        .route(STATUS, get(status))
        .route(REQUESTS, get(requests))
        .route(APPROVE, post(approve))
        .route(DENY, post(deny))
        .route(CLIENTS, get(clients))
        .route(REVOKE, post(revoke))
        .route(ACCOUNTS, get(accounts).post(add_account))
        .route(REMOVE_ACCOUNT, post(remove_account))
        .route(WINDOW, post(window))
        .route(SETTINGS, post(change_setting))
        .route(END, post(end))
        .merge(adapter::routes())
        .route(DOCTOR, post(examine))
        .fallback(async || Failure::no_such_route())
        .method_not_allowed_fallback(async || Failure::no_such_method())
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .with_state(bridge)
}

/// A body that came whole, within the limit and in time.
struct Body(Bytes);

impl<S: Send + Sync> FromRequest<S> for Body {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Self, Failure> {
        match timeout(BODY_TIME, Bytes::from_request(request, state)).await {
            Ok(read) => read.map(Self).map_err(|_| Failure::too_large()),
            Err(_) => Err(Failure::not_understood()),
        }
    }
}

fn read<T: DeserializeOwned>(Body(body): Body) -> Result<T, Failure> {
    serde_json::from_slice(&body).map_err(|_| Failure::not_understood())
}

async fn status(State(bridge): State<Arc<Bridge>>) -> Json<StatusView> {
    Json(bridge.status().await)
}

async fn requests(State(bridge): State<Arc<Bridge>>) -> Json<Vec<RequestView>> {
    Json(bridge.requests())
}

async fn approve(State(bridge): State<Arc<Bridge>>, body: Body) -> Result<StatusCode, Failure> {
    let Approve { code, question, account, scopes, save_unchecked } = read(body)?;
    let approval = Approval { account: account.into(), scopes, save_unchecked };
    let waiting = bridge.question_of_code(&code).filter(|found| question.is_none_or(|read| read == *found));
    let question = waiting.ok_or_else(Failure::unknown_code)?;
    bridge.approve(&question, approval).await.map_err(Failure::of_code)?;
    Ok(StatusCode::NO_CONTENT)
}

async fn deny(State(bridge): State<Arc<Bridge>>, body: Body) -> Result<StatusCode, Failure> {
    let code = read::<Deny>(body)?.code;
    let question = bridge.question_of_code(&code).ok_or_else(Failure::unknown_code)?;
    bridge.deny(&question).map_err(Failure::of_code)?;
    Ok(StatusCode::NO_CONTENT)
}

async fn clients(State(bridge): State<Arc<Bridge>>) -> Result<Json<Vec<ClientView>>, Failure> {
    Ok(Json(bridge.clients().await?))
}

async fn revoke(State(bridge): State<Arc<Bridge>>, body: Body) -> Result<Json<ClientView>, Failure> {
    Ok(Json(bridge.revoke(&read::<Revoke>(body)?.client).await?))
}

async fn accounts(State(bridge): State<Arc<Bridge>>) -> Result<Json<Vec<AccountView>>, Failure> {
    Ok(Json(bridge.accounts().await?))
}

async fn add_account(State(bridge): State<Arc<Bridge>>, body: Body) -> Result<Json<AccountView>, Failure> {
    let AddAccount { key, save_unchecked } = read(body)?;
    Ok(Json(bridge.add_account(key.0, save_unchecked).await?))
}

async fn remove_account(State(bridge): State<Arc<Bridge>>, body: Body) -> Result<StatusCode, Failure> {
    bridge.remove_account(&read::<RemoveAccount>(body)?.id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What a second launch of the app asks for.
async fn window(State(bridge): State<Arc<Bridge>>) -> Result<StatusCode, Failure> {
    bridge.show_window()?;
    Ok(StatusCode::NO_CONTENT)
}

async fn change_setting(State(bridge): State<Arc<Bridge>>, body: Body) -> Result<Json<Settings>, Failure> {
    Ok(Json(bridge.change_setting(read::<SettingChange>(body)?).await?))
}

/// The answer leaves before the bridge does: who is connected is answered.
async fn end(State(bridge): State<Arc<Bridge>>) -> StatusCode {
    bridge.ask_to_end();
    StatusCode::NO_CONTENT
}

async fn examine(State(bridge): State<Arc<Bridge>>, body: Body) -> Result<Json<Vec<Check>>, Failure> {
    Ok(Json(bridge.examine(read::<Examine>(body)?.subject).await))
}

impl From<Account> for ApprovalAccount {
    fn from(account: Account) -> Self {
        match account {
            Account::Default => Self::Default,
            Account::Existing { id } => Self::Existing(id),
            Account::Key { key } => Self::NewKey(key.0),
            Account::Sandbox {} => Self::Sandbox,
        }
    }
}
