//! A person's answer, from whichever side it comes.

use super::{AddAccountError, AnswerError, Bridge};
use crate::accounts::{Accounts, CheckedKey};
use crate::api_key::ApiKey;
use crate::consent;
use crate::ids::{AccountId, ClientId, QuestionId};
use crate::scope::Scopes;
use crate::store::StoreError;
use crate::unbroken::unbroken;

/// Yes.
#[derive(Clone, Debug)]
pub struct Approval {
    /// Whose memories.
    pub account: ApprovalAccount,
    /// What it may do; none: all that was asked.
    pub scopes: Option<Scopes>,
    /// Keep a new key even when Jean Memory cannot be asked about it.
    pub save_unchecked: bool,
}

/// Whose memories.
#[derive(Clone, Debug)]
pub enum ApprovalAccount {
    /// This one.
    Existing(AccountId),
    /// A new one, of this key.
    NewKey(ApiKey),
    /// The same, of the key that was given for this question before and could not be checked.
    SameKey,
    /// The built-in stand-in.
    Sandbox,
    /// The only one there is.
    Default,
}

/// What is left to do for the chosen account; nothing was kept yet.
enum Chosen {
    Known(AccountId),
    New(CheckedKey),
    Sandbox,
}

impl Bridge {
    /// The question with this matching code, if one waits. A code may come again later; an id never does.
    #[must_use]
    pub fn question_of_code(&self, code: &str) -> Option<QuestionId> {
        self.desk.question_by_code(code).map(|question| question.id.clone())
    }

    /// Allows what a question asks for.
    ///
    /// While a new key is checked the question waits on, and whoever ends it in the meantime wins: the check is
    /// dropped, nothing is kept and nothing is allowed.
    ///
    /// # Errors
    /// [`AnswerError`]; then the question still waits, if it did.
    pub async fn approve(&self, question: &QuestionId, approval: Approval) -> Result<(), AnswerError> {
        let mut ticket = self.desk.question(question).ok_or(AnswerError::UnknownQuestion)?;
        let scopes = approval.scopes.unwrap_or(Scopes::ALL).intersection(ticket.question.asker.scopes);
        if scopes.is_empty() {
            return Err(AnswerError::NothingAllowed);
        }
        let chosen = tokio::select! {
            biased;
            _ = ticket.ended() => return Err(AnswerError::UnknownQuestion),
            chosen = self.chosen(question, approval.account, approval.save_unchecked) => chosen?,
        };
        let (desk, accounts, id, now) =
            (self.desk.clone(), self.accounts.clone(), question.clone(), self.clock.now());
        unbroken(async move {
            let settling = desk.settle(&id, scopes, now)?;
            let account = match chosen {
                Chosen::Known(account) => account,
                Chosen::New(key) => accounts.keep(key, now).await?.id,
                Chosen::Sandbox => accounts.add_sandbox(now).await?.id,
            };
            let allowed = settling.allow(account.clone());
            // Last, because the keychain may show a prompt, and the app can go on without it; and also when the app was
            // revoked meanwhile, because the account stays.
            accounts.save_key(&account).await;
            Ok(allowed?)
        })
        .await
    }

    /// Refuses what a question asks for.
    ///
    /// # Errors
    /// [`AnswerError::UnknownQuestion`].
    pub fn deny(&self, question: &QuestionId) -> Result<(), AnswerError> {
        Ok(self.desk.deny(question, self.clock.now())?)
    }

    /// Refuses a question whose window is gone, so that nobody can answer it there any more: now, or if a yes that is
    /// being carried out fails, then. True if it is refused now.
    #[expect(clippy::must_use_candidate, reason = "what it tells is for who wants to know")]
    pub fn abandon(&self, question: &QuestionId) -> bool {
        self.desk.abandon(question, self.clock.now())
    }

    /// Refuses everything that waits; tells how many questions that were.
    #[expect(clippy::must_use_candidate, reason = "the count is for who wants to know")]
    pub fn deny_all(&self) -> usize {
        self.desk.deny_all(self.clock.now())
    }

    /// The account to offer first for a client: the only one there is, or the one that this client has had. Of
    /// several, a person chooses: nobody's memories are the obvious ones.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn suggested_account(&self, client: &ClientId) -> Result<Option<AccountId>, StoreError> {
        let accounts = self.accounts.all().await?;
        if let [only] = accounts.as_slice() {
            return Ok(Some(only.id.clone()));
        }
        let had = self.store.newest_live_grant(client).await?.map(|grant| grant.account_id);
        Ok(had.filter(|had| accounts.iter().any(|account| account.id == *had)))
    }

    /// Finds the account, or asks Jean Memory about its key; changes nothing and may be dropped at any time.
    async fn chosen(
        &self,
        question: &QuestionId,
        account: ApprovalAccount,
        save_unchecked: bool,
    ) -> Result<Chosen, AnswerError> {
        Ok(match account {
            ApprovalAccount::Existing(id) => {
                let known = self.accounts.get(&id).await?;
                Chosen::Known(known.ok_or(AnswerError::UnknownAccount)?.id)
            }
            ApprovalAccount::NewKey(key) => Chosen::New(self.checked(question, key, save_unchecked).await?),
            ApprovalAccount::SameKey => {
                let key = self.desk.kept_key(question).ok_or(AnswerError::NoKeptKey)?;
                Chosen::New(self.checked(question, key, save_unchecked).await?)
            }
            ApprovalAccount::Sandbox => Chosen::Sandbox,
            ApprovalAccount::Default => Chosen::Known(only_one(&self.accounts).await?),
        })
    }

    async fn checked(
        &self,
        question: &QuestionId,
        key: ApiKey,
        save_unchecked: bool,
    ) -> Result<CheckedKey, AddAccountError> {
        let checked = self.accounts.check_key(key.clone(), save_unchecked).await;
        if let Err(AddAccountError::CouldNotCheck(_)) = checked {
            self.desk.keep_key(question, key);
        }
        checked
    }
}

async fn only_one(accounts: &Accounts) -> Result<AccountId, AnswerError> {
    match accounts.all().await?.as_slice() {
        [] => Err(AnswerError::NoAccount),
        [only] => Ok(only.id.clone()),
        several => Err(AnswerError::ChooseAccount(several.len())),
    }
}

impl From<consent::AnswerError> for AnswerError {
    fn from(error: consent::AnswerError) -> Self {
        match error {
            consent::AnswerError::Unknown => Self::UnknownQuestion,
            consent::AnswerError::NotAsked => Self::NothingAllowed,
        }
    }
}
