//! Asks the person at the terminal about the apps that want access; without one it says what to type
//! elsewhere.

use std::collections::HashSet;
use std::io::{IsTerminal, stdin, stdout};
use std::time::Duration;

use bridge_core::api_key::{ApiKey, NotAKey};
use bridge_core::bridge::{AddAccountError, AnswerError, Approval, ApprovalAccount, Bridge};
use bridge_core::control::failed;
use bridge_core::ids::QuestionId;
use bridge_core::scope::Scopes;
use bridge_core::view::RequestView;
use secrecy::ExposeSecret;
use tokio::sync::watch;
use tokio::time::Instant;

use super::answer::{Answer, Choice, account_prompt, prompt};
use crate::question::question;
use crate::safe::safe;
use crate::terminal::{Terminal, is_in_foreground};
use crate::words;

/// A line that comes sooner was typed for something else. The window waits as long before Allow wakes.
const TOO_SOON: Duration = Duration::from_millis(600);

/// Takes up each question once, until the bridge ends.
pub(super) async fn follow(bridge: &Bridge, mut terminal: Terminal) {
    let mut questions = bridge.questions();
    let mut taken_up = HashSet::new();
    let mut is_open = stdin().is_terminal() && stdout().is_terminal();
    loop {
        let next = {
            let waiting = questions.borrow_and_update();
            taken_up.retain(|id| waiting.iter().any(|request| request.id == *id));
            waiting.iter().find(|request| !taken_up.contains(&request.id)).cloned()
        };
        let Some(request) = next else {
            if questions.changed().await.is_err() {
                return;
            }
            continue;
        };
        taken_up.insert(request.id.clone());
        if !(is_open && is_in_foreground()) {
            terminal.say(&hint(&request));
            continue;
        }
        let carrying_out = watch::Sender::new(false);
        let carried_out = carrying_out.subscribe();
        let mut asking = Asking { bridge, terminal: &mut terminal, request: &request, carrying_out };
        tokio::select! {
            // First: an answer that was given here also ends the question.
            biased;
            end = asking.ask() => is_open = end.is_some(),
            () = withdrawn(questions.clone(), &request.id, carried_out) => {
                terminal.say(&format!("\n{} no longer waits for an answer here.\n", safe(&request.client_name)));
            }
        }
    }
}

fn hint(request: &RequestView) -> String {
    let (name, code) = (safe(&request.client_name), safe(&request.code));
    format!("{name} asks for access. Answer with: jean-bridge approve {code} (or deny {code})\n")
}

/// Waits until the question has ended, but for a yes of this terminal: how that went is still to be told, and keeping a
/// new key may take longer than the question lasts.
async fn withdrawn(
    mut questions: watch::Receiver<Vec<RequestView>>,
    id: &QuestionId,
    mut carrying_out: watch::Receiver<bool>,
) {
    // An error means that the bridge is gone, and the question with it.
    let _ = questions.wait_for(|waiting| waiting.iter().all(|request| request.id != *id)).await;
    // The sender lives as long as the question at the terminal does.
    let _ = carrying_out.wait_for(|is_under_way| !is_under_way).await;
}

/// One question at the terminal. In what follows `None` means that the terminal was closed.
struct Asking<'a> {
    bridge: &'a Bridge,
    terminal: &'a mut Terminal,
    request: &'a RequestView,
    /// Whether a yes is under way.
    carrying_out: watch::Sender<bool>,
}

impl Asking<'_> {
    async fn ask(&mut self) -> Option<()> {
        self.terminal.say(&question(self.request));
        let asked = Instant::now();
        loop {
            match self.answer(asked).await? {
                Answer::Unclear => self.terminal.say("Type one of the letters.\n"),
                Answer::Refuse => {
                    let said = match self.bridge.deny(&self.request.id) {
                        Ok(()) => "Refused.\n".to_owned(),
                        Err(error) => line_of(error),
                    };
                    self.terminal.say(&said);
                    return Some(());
                }
                Answer::Allow(scopes) => {
                    if self.allow(scopes).await? {
                        return Some(());
                    }
                }
            }
        }
    }

    async fn answer(&mut self, asked: Instant) -> Option<Answer> {
        let prompt = prompt(self.request);
        loop {
            let line = self.terminal.line(&prompt).await?;
            if asked.elapsed() >= TOO_SOON {
                return Some(Answer::of(line.expose_secret(), self.request.scopes));
            }
        }
    }

    /// Whether it is done; if not, the person is asked again.
    async fn allow(&mut self, scopes: Scopes) -> Option<bool> {
        let accounts = match self.bridge.accounts().await {
            Ok(accounts) => accounts,
            Err(error) => {
                self.terminal.say(&line_of(error.into()));
                return Some(false);
            }
        };
        let line = self.terminal.line(&account_prompt(&accounts)).await?;
        let account = match Choice::of(line.expose_secret(), &accounts) {
            Choice::Account(account) => ApprovalAccount::Existing(account.id.clone()),
            Choice::Sandbox => ApprovalAccount::Sandbox,
            Choice::NewKey => {
                let Ok(key) = self.key().await? else {
                    self.terminal.say(&format!("{}\n", words::sentence(NotAKey)));
                    return Some(false);
                };
                ApprovalAccount::NewKey(key)
            }
            Choice::Unclear => {
                self.terminal.say("No account was chosen.\n");
                return Some(false);
            }
        };
        let mut approval = Approval { account, scopes: Some(scopes), save_unchecked: false };
        let mut approved = self.approve(approval.clone()).await;
        if let Err(AnswerError::Account(AddAccountError::CouldNotCheck(_))) = &approved {
            let prompt = "Jean Memory could not be reached, so the key is not checked yet. Save it and check later? \
                          [y/N] ";
            if self.terminal.line(prompt).await?.expose_secret().trim().eq_ignore_ascii_case("y") {
                approval.save_unchecked = true;
                approved = self.approve(approval).await;
            }
        }
        let (said, is_done) = match approved {
            Ok(()) => ("Allowed. `jean-bridge revoke NAME` takes it back.\n".to_owned(), true),
            Err(error) => {
                let is_gone = matches!(error, AnswerError::UnknownQuestion);
                (line_of(error), is_gone)
            }
        };
        self.terminal.say(&said);
        Some(is_done)
    }

    async fn approve(&self, approval: Approval) -> Result<(), AnswerError> {
        self.carrying_out.send_replace(true);
        let approved = self.bridge.approve(&self.request.id, approval).await;
        self.carrying_out.send_replace(false);
        approved
    }

    async fn key(&mut self) -> Option<Result<ApiKey, NotAKey>> {
        let prompt = "Paste your Jean Memory key (it is not shown) and press Enter: ";
        let line = self.terminal.hidden_line(prompt).await?;
        Some(ApiKey::parse(line.expose_secret()))
    }
}

/// A failure as a line.
fn line_of(error: AnswerError) -> String {
    failed(error).message + "\n"
}
