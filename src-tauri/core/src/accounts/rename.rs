//! A person's own name for an account.

use super::{Accounts, RenameAccountError};
use crate::ids::AccountId;
use crate::store::AccountRecord;

/// Characters of a name.
const MAX_LABEL: usize = 60;

impl Accounts {
    /// Gives an account another name.
    ///
    /// # Errors
    /// [`RenameAccountError`].
    pub async fn rename(&self, id: &AccountId, label: &str) -> Result<AccountRecord, RenameAccountError> {
        let label = label_of(label).ok_or(RenameAccountError::NotALabel)?;
        let _turn = self.0.writing.lock().await;
        let account = self.get(id).await?.ok_or(RenameAccountError::Unknown)?;
        let account = AccountRecord { label, ..account };
        self.save(account.clone()).await?;
        Ok(account)
    }
}

fn label_of(typed: &str) -> Option<String> {
    let label = typed.trim();
    let fits = !label.is_empty() && label.chars().count() <= MAX_LABEL;
    (fits && !label.chars().any(char::is_control)).then(|| label.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_is_a_short_line() {
        assert_eq!(label_of("  Work  ").as_deref(), Some("Work"));
        assert_eq!(label_of(&"é".repeat(60)).as_deref(), Some("é".repeat(60).as_str()));
        for typed in ["", "   ", "a\nb", "a\u{7}b", "a\u{9b}b", &"é".repeat(61)] {
            assert_eq!(label_of(typed), None, "{typed:?}");
        }
    }
}
