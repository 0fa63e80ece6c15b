//! How the bridge is, in plain data.

use std::sync::Arc;
use std::time::SystemTime;

use super::Bridge;
use crate::accounts::Reachability;
use crate::consent::{AnswerGoesTo, Question};
use crate::store::{AccountRecord, StoreError};
use crate::vault::VaultState;
use crate::view::{KeyState, RequestView, State, StatusView};

impl Bridge {
    /// How it is.
    pub async fn status(&self) -> StatusView {
        let requests = self.questions.borrow().len();
        let accounts = self.accounts.all().await;
        let clients = self.store.count_connected_clients().await;
        let notices = self.notices();
        let accounts = accounts.unwrap_or_default();
        StatusView {
            state: state(requests, &accounts, *self.accounts.reachability().borrow()),
            url: format!("http://{}", self.address),
            instance: self.instance.to_string(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            pid: std::process::id(),
            requests,
            clients: clients.unwrap_or_default(),
            accounts: accounts.len(),
            notices,
        }
    }

    /// What waits for a person, oldest first.
    #[must_use]
    pub fn requests(&self) -> Vec<RequestView> {
        self.desk.questions().borrow().iter().map(|question| request_view(question)).collect()
    }

    fn notices(&self) -> Vec<String> {
        let mut notices = Vec::new();
        if let Some(aside) = self.store.set_aside() {
            notices.push(format!(
                "The database was damaged. It was set aside as {}, and the bridge began with an empty one; apps \
                 must sign in again.",
                aside.display()
            ));
        }
        notices.extend(self.found.clone());
        notices.extend(self.store.trouble().map(store_notice));
        notices.extend(keychain_notice(self.vault.state()).map(str::to_owned));
        notices.extend(unsaved_notice(self.accounts.unsaved()));
        notices
    }
}

fn state(requests: usize, accounts: &[AccountRecord], reachability: Reachability) -> State {
    if requests > 0 {
        State::Asking
    } else if accounts.iter().any(|account| account.state == KeyState::Rejected) {
        State::NeedsKey
    } else if reachability == Reachability::Offline {
        State::Offline
    } else {
        State::Ready
    }
}

fn store_notice(error: StoreError) -> String {
    match error {
        StoreError::Full => {
            "The disk is full, so the bridge cannot remember new sign-ins. Free some space.".into()
        }
        StoreError::ReadOnly => "The data directory cannot be written. Check its permissions.".into(),
        StoreError::Damaged => {
            "The database is damaged. Restart the bridge: it keeps the damaged file and begins with an empty one."
                .into()
        }
        StoreError::Newer | StoreError::Failed => {
            "The database could not be used. Restart the bridge; if that does not help, look into the log.".into()
        }
    }
}

/// Stays when the keychain is back, until the keys are in it.
fn unsaved_notice(keys: usize) -> Option<String> {
    let subject = match keys {
        0 => return None,
        1 => "The key of an account is".to_owned(),
        more => format!("The keys of {more} accounts are"),
    };
    Some(format!("{subject} not in the keychain yet and would be lost when the bridge ends."))
}

fn keychain_notice(state: VaultState) -> Option<&'static str> {
    match state {
        VaultState::Locked => {
            Some("The keychain is locked, so keys live in memory until the bridge ends. Unlock it.")
        }
        VaultState::NoKeyring => Some(
            "The keychain has no default keyring, so keys live in memory until the bridge ends. Make one, for \
             example by signing in to the desktop.",
        ),
        VaultState::Unavailable => Some(
            "There is no keychain, so keys live in memory until the bridge ends. Start a keychain service.",
        ),
        VaultState::Slow => Some("The keychain does not answer. It may show a prompt; answer it."),
        VaultState::Failed => Some("The keychain failed, so keys may live in memory until the bridge ends."),
        VaultState::Untried | VaultState::Ready => None,
    }
}

/// A time for scripts, to the second.
pub(super) fn rfc3339(time: SystemTime) -> String {
    humantime::format_rfc3339_seconds(time).to_string()
}

fn request_view(question: &Question) -> RequestView {
    let asker = &question.asker;
    let (redirect_uri, warning) = match &asker.goes_to {
        AnswerGoesTo::Redirect { uri, warning, .. } => (Some(uri.clone()), *warning),
        AnswerGoesTo::ThisComputer => (None, None),
    };
    RequestView {
        id: question.id.clone(),
        code: question.code.to_string(),
        client_id: asker.client_id.clone(),
        client_name: asker.client_name.clone(),
        confirmed_by: asker.confirmed_by.clone(),
        allowed_before: asker.allowed_before.map(rfc3339),
        warning,
        redirect_uri,
        scopes: asker.scopes,
        asked_at: rfc3339(question.asked_at),
        expires_at: rfc3339(question.expires_at),
    }
}

/// Keeps [`Bridge::questions`] in step with the desk.
pub(super) async fn follow_questions(bridge: Arc<Bridge>) {
    let mut asked = bridge.desk.questions();
    loop {
        let views = asked.borrow_and_update().iter().map(|question| request_view(question)).collect();
        bridge.questions.send_replace(views);
        tokio::select! {
            changed = asked.changed() => if changed.is_err() { return },
            () = bridge.shutdown.cancelled() => return,
        }
    }
}
