//! What a typed line means, and what is asked for.

use bridge_core::scope::{Scope, Scopes};
use bridge_core::view::{AccountKind, AccountView, RequestView};

use crate::safe::safe;
use crate::words;

/// Yes or no.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// At most these.
    Allow(Scopes),
    Refuse,
    /// Typing errors decide nothing.
    Unclear,
}

impl Answer {
    pub(super) fn of(line: &str, asked: Scopes) -> Self {
        match line.trim().to_lowercase().as_str() {
            "y" | "yes" => Self::Allow(asked),
            "r" if asked.contains(Scope::Read) => Self::Allow(Scope::Read.into()),
            "n" | "no" | "" => Self::Refuse,
            _ => Self::Unclear,
        }
    }
}

/// Whose memories.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Choice<'a> {
    Account(&'a AccountView),
    NewKey,
    Sandbox,
    Unclear,
}

impl<'a> Choice<'a> {
    pub(super) fn of(line: &str, accounts: &'a [AccountView]) -> Self {
        let text = line.trim().to_lowercase();
        match (text.as_str(), accounts) {
            ("", [only]) => Self::Account(only),
            ("k", _) => Self::NewKey,
            ("s", _) => Self::Sandbox,
            (number, _) => number
                .parse::<usize>()
                .ok()
                .and_then(|number| accounts.get(number.checked_sub(1)?))
                .map_or(Self::Unclear, Self::Account),
        }
    }
}

/// The choice that is asked for.
pub(super) fn prompt(request: &RequestView) -> String {
    let read_only = request.scopes == Scopes::ALL;
    let choices = if read_only { "[y/N, r = read only]" } else { "[y/N]" };
    format!("Allow {}? {choices} ", safe(&request.client_name))
}

/// The accounts to choose from.
pub(super) fn account_prompt(accounts: &[AccountView]) -> String {
    let lines = accounts.iter().enumerate().map(|(index, account)| {
        format!(
            "  {}  {} {} ({})\n",
            index + 1,
            safe(&account.label),
            safe(&account.key_hint),
            words::kind(account.kind)
        )
    });
    let has_sandbox = accounts.iter().any(|account| account.kind == AccountKind::Sandbox);
    let sandbox = if has_sandbox { "" } else { "  s  the sandbox: memories stay on this computer\n" };
    let enter = if accounts.len() == 1 { " [1]" } else { "" };
    format!("With which account?\n{}  k  a new key\n{sandbox}Account{enter}: ", lines.collect::<String>())
}

#[cfg(test)]
mod tests {
    use bridge_core::ids::AccountId;
    use bridge_core::view::KeyState;

    use super::*;

    fn account(id: &str) -> AccountView {
        AccountView {
            id: AccountId::new(id),
            label: "Personal".into(),
            user_id: String::new(),
            key_hint: "…f3Qa".into(),
            kind: AccountKind::Key,
            state: KeyState::Ok,
        }
    }

    #[test]
    fn only_a_clear_yes_allows() {
        for line in ["y\n", "Y", " yes "] {
            assert_eq!(Answer::of(line, Scopes::ALL), Answer::Allow(Scopes::ALL), "{line}");
        }
        for line in ["\n", "", "n", "NO"] {
            assert_eq!(Answer::of(line, Scopes::ALL), Answer::Refuse, "{line}");
        }
        for line in ["yep", "ja", "jean_sk_EXAMPLE_0123456789", "1", "y y"] {
            assert_eq!(Answer::of(line, Scopes::ALL), Answer::Unclear, "{line}");
        }
    }

    #[test]
    fn read_only_allows_no_more_than_was_asked() {
        assert_eq!(Answer::of("r", Scopes::ALL), Answer::Allow(Scope::Read.into()));
        assert_eq!(Answer::of("r", Scope::Write.into()), Answer::Unclear);
        assert_eq!(Answer::of("y", Scope::Write.into()), Answer::Allow(Scope::Write.into()));
    }

    #[test]
    fn an_account_is_chosen_by_its_number() {
        let two = [account("a"), account("b")];
        assert_eq!(Choice::of("2\n", &two), Choice::Account(&two[1]));
        assert_eq!(Choice::of("k", &two), Choice::NewKey);
        assert_eq!(Choice::of("S", &two), Choice::Sandbox);
        for line in ["", "0", "3", "-1", "99999999999999999999", "y"] {
            assert_eq!(Choice::of(line, &two), Choice::Unclear, "{line}");
        }
        assert_eq!(Choice::of("\n", &two[..1]), Choice::Account(&two[0]), "the only one");
        assert_eq!(Choice::of("\n", &[]), Choice::Unclear);
    }
}
