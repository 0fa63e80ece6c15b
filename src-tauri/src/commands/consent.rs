//! The consent window's commands. Which question they are about is in the window's label, so that a page can see and
//! answer no other.

use bridge_core::bridge::{Approval, ApprovalAccount};
use bridge_core::control::{Failed, failed};
use bridge_core::ids::{AccountId, QuestionId};
use bridge_core::scope::Scopes;
use bridge_core::view::{AccountView, Problem, RequestView};
use serde::{Deserialize, Serialize};
use tauri::{State, WebviewWindow};

use super::key::PastedKey;
use super::{Answer, screen_failed, unknown_question};
use crate::queue::Place;
use crate::shell::{Shell, now};
use crate::windows::consent;

/// Everything the page shows.
#[derive(Debug, Serialize)]
pub(crate) struct Question {
    request: RequestView,
    place: Place,
    accounts: Vec<AccountView>,
    problems: Vec<Problem>,
    /// The one to offer first; none: a person chooses.
    suggested_account: Option<AccountId>,
    /// RFC 3339: relative times of the page are counted from here.
    now: String,
}

/// Yes, as the page says it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Allow {
    account: ChosenAccount,
    scopes: Scopes,
    #[serde(default)]
    save_unchecked: bool,
}

/// Whose memories.
#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
enum ChosenAccount {
    /// This one.
    Existing { id: AccountId },
    /// A new one.
    Key { key: PastedKey },
    /// The same, of the key that was pasted before and could not be checked.
    SameKey {},
    /// The built-in stand-in.
    Sandbox {},
}

/// What is asked.
#[tauri::command]
pub(crate) async fn consent_question(window: WebviewWindow, shell: State<'_, Shell>) -> Answer<Question> {
    let id = own(&window)?;
    let request = shell.bridge.requests().into_iter().find(|request| request.id == id);
    let place = shell.queue.borrow().place(&id);
    let (Some(request), Some(place)) = (request, place) else { return Err(unknown_question()) };
    let accounts = shell.bridge.accounts().await.map_err(failed)?;
    let suggested_account = shell.bridge.suggested_account(&request.client_id).await.map_err(failed)?;
    let problems = shell.bridge.problems();
    Ok(Question { request, place, accounts, problems, suggested_account, now: now() })
}

/// Allows it, after a new key was checked.
#[tauri::command]
pub(crate) async fn consent_allow(
    window: WebviewWindow,
    shell: State<'_, Shell>,
    answer: Allow,
) -> Answer<()> {
    let approval = Approval {
        account: answer.account.try_into()?,
        scopes: Some(answer.scopes),
        save_unchecked: answer.save_unchecked,
    };
    shell.bridge.approve(&own(&window)?, approval).await.map_err(failed)
}

/// Refuses it.
#[tauri::command]
pub(crate) fn consent_deny(window: WebviewWindow, shell: State<'_, Shell>) -> Answer<()> {
    shell.bridge.deny(&own(&window)?).map_err(failed)
}

/// Refuses everything that waits.
#[tauri::command]
pub(crate) fn consent_deny_all(shell: State<'_, Shell>) {
    let refused = shell.bridge.deny_all();
    tracing::info!(refused, "everything that waited was refused");
}

/// Where it stands, once that is something else than was seen.
#[tauri::command]
pub(crate) async fn consent_place_next(
    window: WebviewWindow,
    shell: State<'_, Shell>,
    seen: Place,
) -> Answer<Place> {
    let id = own(&window)?;
    let mut queue = shell.queue.subscribe();
    let changed = queue.wait_for(|queue| queue.place(&id) != Some(seen)).await;
    changed.ok().and_then(|queue| queue.place(&id)).ok_or_else(unknown_question)
}

/// The page is painted.
#[tauri::command]
pub(crate) async fn consent_shown(window: WebviewWindow, shell: State<'_, Shell>, height: f64) -> Answer<()> {
    consent::painted(&window, height).map_err(|error| screen_failed(&error))?;
    let id = own(&window)?;
    if let Some(since) = shell.queue.borrow().since(&id) {
        tracing::debug!(question = %id, ms = since.elapsed().as_millis(), "the consent window is painted");
    }
    Ok(())
}

/// What the page says has become longer or shorter.
#[tauri::command]
pub(crate) async fn consent_resized(window: WebviewWindow, height: f64) -> Answer<()> {
    consent::fit(&window, height).map_err(|error| screen_failed(&error))
}

impl TryFrom<ChosenAccount> for ApprovalAccount {
    type Error = Failed;

    fn try_from(chosen: ChosenAccount) -> Answer<Self> {
        Ok(match chosen {
            ChosenAccount::Existing { id } => Self::Existing(id),
            ChosenAccount::Key { key } => Self::NewKey(key.parse()?),
            ChosenAccount::SameKey {} => Self::SameKey,
            ChosenAccount::Sandbox {} => Self::Sandbox,
        })
    }
}

/// The question of this window. The capability lets no other kind of window in.
fn own(window: &WebviewWindow) -> Answer<QuestionId> {
    consent::question_of(window).ok_or_else(unknown_question)
}
