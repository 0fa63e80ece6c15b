//! How the bridge is, in plain data.

use std::sync::Arc;

use super::Bridge;
use crate::accounts::Reachability;
use crate::clock::rfc3339;
use crate::consent::{AnswerGoesTo, LocalProgram, Question};
use crate::oauth;
use crate::store::{AccountRecord, ClientKind, StoreError};
use crate::vault::VaultState;
use crate::view::{AccountKind, Destination, KeyState, Problem, Registered, RequestView, State, StatusView};

impl Bridge {
    /// How it is.
    pub async fn status(&self) -> StatusView {
        let requests = self.desk.questions().borrow().len();
        let accounts = self.accounts.all().await;
        let clients = self.store.count_connected_clients().await;
        let notices = self.problems().iter().map(Problem::sentence).collect();
        let accounts = accounts.unwrap_or_default();
        StatusView {
            state: state(requests, self.settings().paused, &accounts, *self.accounts.reachability().borrow()),
            url: self.url(),
            instance: self.instance.to_string(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            pid: std::process::id(),
            requests,
            clients: clients.unwrap_or_default(),
            accounts: accounts.len(),
            notices,
            update: self.updates().out(),
        }
    }

    /// What waits for a person, oldest first.
    #[must_use]
    pub fn requests(&self) -> Vec<RequestView> {
        self.desk.questions().borrow().iter().map(|question| request_view(question)).collect()
    }

    /// What is wrong and a person can do something about.
    #[must_use]
    pub fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        if let Some(aside) = self.store.set_aside() {
            problems.push(Problem::DatabaseSetAside { file: aside.to_owned() });
        }
        problems.extend(self.found.clone());
        problems.extend(self.store.trouble().map(store_problem));
        problems.extend(keychain_problem(self.vault.state()));
        let count = self.accounts.unsaved();
        problems.extend((count > 0).then_some(Problem::KeysUnsaved { count }));
        problems
    }
}

fn state(requests: usize, paused: bool, accounts: &[AccountRecord], reachability: Reachability) -> State {
    if requests > 0 {
        State::Asking
    } else if paused {
        State::Paused
    } else if accounts.iter().any(|account| account.state == KeyState::Rejected) {
        State::NeedsKey
    } else if reachability == Reachability::Offline && needs_network(accounts) {
        State::Offline
    } else {
        State::Ready
    }
}

/// Who has only the sandbox misses nothing without Jean Memory, though the doctor may have found it away.
fn needs_network(accounts: &[AccountRecord]) -> bool {
    accounts.is_empty() || accounts.iter().any(|account| account.kind != AccountKind::Sandbox)
}

fn store_problem(error: StoreError) -> Problem {
    match error {
        StoreError::Full => Problem::DiskFull,
        StoreError::ReadOnly => Problem::DataReadOnly,
        StoreError::Damaged => Problem::DatabaseDamaged,
        StoreError::Newer | StoreError::Failed => Problem::DatabaseFailed,
    }
}

fn keychain_problem(state: VaultState) -> Option<Problem> {
    match state {
        VaultState::Locked => Some(Problem::KeychainLocked),
        VaultState::NoKeyring => Some(Problem::KeychainWithoutKeyring),
        VaultState::Unavailable => Some(Problem::KeychainMissing),
        VaultState::Slow => Some(Problem::KeychainSlow),
        VaultState::Failed => Some(Problem::KeychainFailed),
        VaultState::Untried | VaultState::Ready => None,
    }
}

fn request_view(question: &Question) -> RequestView {
    let asker = &question.asker;
    let (redirect_uri, goes_to, warning) = match &asker.goes_to {
        AnswerGoesTo::Redirect { uri, destination, warning, .. } => {
            (Some(uri.clone()), destination.clone(), *warning)
        }
        AnswerGoesTo::ThisComputer => (None, Destination::ThisComputer, None),
    };
    RequestView {
        id: question.id.clone(),
        code: question.code.to_string(),
        client_id: asker.client_id.clone(),
        client_name: asker.client_name.clone(),
        name_looks_alike: oauth::looks_alike(&asker.client_name),
        confirmed_by: asker.confirmed_by.clone(),
        allowed_before: asker.allowed_before.map(rfc3339),
        warning,
        redirect_uri,
        goes_to,
        registered: registered(asker.kind),
        registered_at: asker.registered_at.map(rfc3339),
        program: asker.program.as_ref().map(LocalProgram::to_string),
        scopes: asker.scopes,
        asked_at: rfc3339(question.asked_at),
        expires_at: rfc3339(question.expires_at),
    }
}

fn registered(kind: ClientKind) -> Registered {
    match kind {
        ClientKind::Dynamic => Registered::ByItself,
        ClientKind::MetadataDocument => Registered::ByDocument,
        ClientKind::Stdio => Registered::ByAdapter,
        ClientKind::ApiKey => Registered::ByKey,
    }
}

/// Keeps [`Bridge::questions`] in step with the desk.
pub(super) async fn follow_questions(bridge: Arc<Bridge>) {
    let mut asked = bridge.desk.questions();
    loop {
        let views = asked.borrow_and_update().iter().map(|question| request_view(question)).collect();
        bridge.questions.send_replace(views);
        bridge.note_change();
        tokio::select! {
            changed = asked.changed() => if changed.is_err() { return },
            () = bridge.shutdown.cancelled() => return,
        }
    }
}
