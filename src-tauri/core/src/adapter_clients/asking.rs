//! Asking a person about a client: once, however many calls wait for the answer.

use std::collections::HashSet;
use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, watch};

use super::{AdapterClient, AdapterClients, Caller, NotAdmitted};
use crate::accounts::subject;
use crate::consent::{
    AnswerGoesTo, Asker, Decision, LocalProgram, MatchingCode, Outcome, Question, SentBy, Ticket,
};
use crate::ids::{AccountId, ClientId, GrantId};
use crate::process::ProcessId;
use crate::scope::Scopes;
use crate::store::{ClientKind, GrantRecord, StoreError};
use crate::view::Via;

/// Clients that wait for an answer at once: fewer than the desk has places, so that they cannot take all of them.
const MOST_ASKING: usize = 8;
/// Programs of one name whose calls wait for one answer.
const MOST_PROGRAMS: usize = 32;

/// What became of a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// There is a grant.
    Allowed,
    /// A person said no.
    Refused,
    /// Nobody said anything, or yes for an account that is gone by now.
    Unanswered,
    /// A person said yes, but it could not be written down.
    Failed(StoreError),
}

/// A client about which a person is being asked, or whose grant is being written.
pub(super) struct Asking {
    client: AdapterClient,
    question: Arc<Question>,
    verdict: watch::Sender<Option<Verdict>>,
    /// Whose calls the answer is for.
    programs: HashSet<Option<ProcessId>>,
    /// It was revoked: if a yes is on its way, it does not count.
    taken_back: bool,
}

/// A call that waits for the answer.
pub(super) struct Waiting {
    pub(super) code: MatchingCode,
    pub(super) verdict: watch::Receiver<Option<Verdict>>,
    _place: OwnedSemaphorePermit,
}

impl AdapterClients {
    /// Puts the caller's question on the desk, or joins whoever waits for the answer. None when a person has decided
    /// something since `decisions` were counted: then there may be a grant.
    pub(super) async fn ask(
        self: &Arc<Self>,
        caller: &Caller,
        decisions: u64,
    ) -> Result<Option<Waiting>, NotAdmitted> {
        let client = &caller.client;
        let allowed_before = self.parts.store.last_allowed(&client.id, "").await?;
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(|_| NotAdmitted::Busy)?;
        let now = self.parts.clock.now();
        let mut state = self.state();
        if state.decisions != decisions {
            return Ok(None);
        }
        if state.refusals.hold(&client.id, caller.process(), now) {
            return Err(NotAdmitted::Denied { name: client.name.clone() });
        }
        if let Some(asking) = state.asking.get_mut(&client.id) {
            return asking.join(caller, place).map(Some);
        }
        if state.asking.len() >= MOST_ASKING {
            return Err(NotAdmitted::Busy);
        }
        let asker = Asker {
            key: client.id.to_string(),
            client_id: client.id.clone(),
            client_name: client.name.clone(),
            kind: ClientKind::Stdio,
            registered_at: None,
            confirmed_by: None,
            via: Via::Stdio,
            goes_to: AnswerGoesTo::ThisComputer,
            scopes: Scopes::ALL,
            allowed_before,
            program: caller
                .program
                .as_ref()
                .map(|program| LocalProgram { pid: program.id.pid, path: program.path.clone() }),
            sent_by: SentBy::Unknown,
        };
        let ticket = self.parts.desk.ask(asker, now).map_err(|error| {
            tracing::info!(client = %client.id, %error, "a client cannot ask for access now");
            NotAdmitted::Busy
        })?;
        let mut asking = Asking::new(client.clone(), ticket.question.clone());
        let waiting = asking.join(caller, place);
        state.asking.insert(client.id.clone(), asking);
        drop(state);
        // On a task of its own: the answer counts although whoever asked has given up by then.
        self.parts.tasks.spawn(Arc::clone(self).carry_out(client.clone(), ticket));
        waiting.map(Some)
    }

    /// Waits for the answer and does what it says.
    async fn carry_out(self: Arc<Self>, client: AdapterClient, mut ticket: Ticket) {
        let outcome = tokio::select! {
            biased;
            () = self.parts.shutdown.cancelled() => {
                self.state().asking.remove(&client.id);
                return;
            }
            outcome = ticket.ended() => outcome,
        };
        let mut verdict = match outcome {
            Outcome::Answered(Decision::Allow { account, scopes }) => {
                self.grant(&client, &account, scopes).await.unwrap_or_else(Verdict::Failed)
            }
            Outcome::Answered(Decision::Deny) => Verdict::Refused,
            Outcome::TimedOut | Outcome::Displaced => Verdict::Unanswered,
        };
        while !self.tell(&client.id, verdict) {
            verdict = self.take_grants(&client.id).await.map_or_else(Verdict::Failed, |()| Verdict::Refused);
        }
    }

    /// Writes the grant; it is on disk before it counts.
    async fn grant(
        &self,
        client: &AdapterClient,
        account: &AccountId,
        scopes: Scopes,
    ) -> Result<Verdict, StoreError> {
        let Some(chosen) = self.parts.accounts.get(account).await? else { return Ok(Verdict::Unanswered) };
        let grant = GrantRecord {
            id: GrantId::random(),
            client_id: client.id.clone(),
            client_name: client.name.clone(),
            account_id: account.clone(),
            subject: subject(&chosen),
            scopes,
            via: Via::Stdio,
            redirect_host: String::new(),
            created_at: self.parts.clock.now(),
            last_used_at: None,
            calls: 0,
        };
        self.parts.store.create_grant(grant, None, None).await?;
        tracing::info!(client = %client.id, "a client of the adapter was allowed");
        // Removed while the grant was written: whoever removed it did not find the grant.
        if self.parts.accounts.get(account).await?.is_none() {
            self.take_grants(&client.id).await?;
            return Ok(Verdict::Unanswered);
        }
        Ok(Verdict::Allowed)
    }

    async fn take_grants(&self, client: &ClientId) -> Result<(), StoreError> {
        self.parts.oauth.revoke_client(client, self.parts.clock.now()).await.map(drop)
    }

    /// Ends the question for whoever waits. False, and nothing ended, when the client was revoked and this would
    /// allow it.
    fn tell(&self, client: &ClientId, verdict: Verdict) -> bool {
        let now = self.parts.clock.now();
        let mut state = self.state();
        let state = &mut *state;
        if verdict == Verdict::Allowed && state.asking.get(client).is_some_and(|asking| asking.taken_back) {
            return false;
        }
        let Some(asking) = state.asking.remove(client) else { return true };
        match verdict {
            Verdict::Allowed => {
                state.decisions += 1;
                state.refusals.forget(client);
                self.allowed.send_modify(|count| *count += 1);
            }
            Verdict::Refused => {
                for program in &asking.programs {
                    state.refusals.remember(client, *program, now, |id| self.processes.runs(id));
                }
            }
            Verdict::Unanswered | Verdict::Failed(_) => {}
        }
        asking.verdict.send_replace(Some(verdict));
        true
    }

    /// Revokes a client here: whoever is connected as it, or waits for an answer about it, is refused, and a yes that
    /// is on its way does not count. What is written down is for others to end, afterwards.
    pub fn take_back(&self, client: &ClientId) {
        let now = self.parts.clock.now();
        let mut state = self.state();
        let state = &mut *state;
        let mut programs = state.present.programs(client);
        if let Some(asking) = state.asking.get_mut(client) {
            asking.taken_back = true;
            programs.extend(&asking.programs);
        }
        for program in programs {
            state.refusals.remember(client, program, now, |id| self.processes.runs(id));
        }
    }

    /// Clients about which a person is being asked.
    #[must_use]
    pub fn asking(&self) -> Vec<AdapterClient> {
        self.state().asking.values().map(|asking| asking.client.clone()).collect()
    }

    /// Clients that a person has allowed and whose grant is not written yet.
    #[must_use]
    pub fn arriving(&self) -> Vec<AdapterClient> {
        let state = self.state();
        let answered =
            state.asking.values().filter(|asking| self.parts.desk.question(&asking.question.id).is_none());
        answered.map(|asking| asking.client.clone()).collect()
    }
}

#[cfg(test)]
impl Asking {
    /// How many programs wait for the answer.
    pub(super) fn programs(&self) -> usize {
        self.programs.len()
    }
}

impl Asking {
    fn new(client: AdapterClient, question: Arc<Question>) -> Self {
        Self {
            client,
            question,
            verdict: watch::Sender::new(None),
            programs: HashSet::new(),
            taken_back: false,
        }
    }

    fn join(&mut self, caller: &Caller, place: OwnedSemaphorePermit) -> Result<Waiting, NotAdmitted> {
        if self.programs.len() >= MOST_PROGRAMS && !self.programs.contains(&caller.process()) {
            return Err(NotAdmitted::Busy);
        }
        self.programs.insert(caller.process());
        Ok(Waiting { code: self.question.code.clone(), verdict: self.verdict.subscribe(), _place: place })
    }
}
