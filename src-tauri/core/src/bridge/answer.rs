//! A person's answer, from whichever side it comes.

use std::sync::Arc;

use super::{AnswerError, Bridge};
use crate::api_key::ApiKey;
use crate::consent::{self, Decision, Question};
use crate::ids::AccountId;
use crate::scope::Scopes;

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
    /// The built-in stand-in.
    Sandbox,
    /// The only one there is.
    Default,
}

impl Bridge {
    /// Allows what waits with this matching code. While a new key is checked the question keeps waiting.
    ///
    /// # Errors
    /// [`AnswerError`]; then the question still waits, if it did.
    pub async fn approve(&self, code: &str, approval: Approval) -> Result<(), AnswerError> {
        let question = self.question(code)?;
        let scopes = approval.scopes.unwrap_or(Scopes::ALL).intersection(question.asker.scopes);
        if scopes.is_empty() {
            return Err(AnswerError::NothingAllowed);
        }
        let account = self.chosen_account(approval.account, approval.save_unchecked).await?;
        self.tell_desk(&question, Decision::Allow { account, scopes })
    }

    /// Refuses what waits with this matching code.
    ///
    /// # Errors
    /// [`AnswerError::UnknownCode`].
    pub fn deny(&self, code: &str) -> Result<(), AnswerError> {
        self.tell_desk(&*self.question(code)?, Decision::Deny)
    }

    fn question(&self, code: &str) -> Result<Arc<Question>, AnswerError> {
        self.desk.question_by_code(code).ok_or(AnswerError::UnknownCode)
    }

    fn tell_desk(&self, question: &Question, decision: Decision) -> Result<(), AnswerError> {
        self.desk.answer(&question.id, decision).map_err(|error| match error {
            consent::AnswerError::Unknown => AnswerError::UnknownCode,
            consent::AnswerError::NotAsked => AnswerError::NothingAllowed,
        })
    }

    async fn chosen_account(
        &self,
        chosen: ApprovalAccount,
        save_unchecked: bool,
    ) -> Result<AccountId, AnswerError> {
        let now = self.clock.now();
        match chosen {
            ApprovalAccount::Existing(id) => {
                let known = self.accounts.get(&id).await?;
                known.map(|account| account.id).ok_or(AnswerError::UnknownAccount)
            }
            ApprovalAccount::NewKey(key) => {
                Ok(self.accounts.add_key(key, save_unchecked, now).await?.account.id)
            }
            ApprovalAccount::Sandbox => Ok(self.accounts.add_sandbox(now).await?.account.id),
            ApprovalAccount::Default => match self.accounts.all().await?.as_slice() {
                [] => Err(AnswerError::NoAccount),
                [only] => Ok(only.id.clone()),
                several => Err(AnswerError::ChooseAccount(several.len())),
            },
        }
    }
}
