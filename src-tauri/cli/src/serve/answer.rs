//! What a typed line means, and how a question reads.

use bridge_core::scope::{Scope, Scopes};
use bridge_core::view::{AccountKind, AccountView, RequestView};

use crate::output::safe;
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

/// Who asks, for what, and where the answer goes.
pub(super) fn question(request: &RequestView) -> String {
    let uri = request.redirect_uri.as_deref().map(|uri| format!(" ({})", safe(uri))).unwrap_or_default();
    let permissions: Vec<_> = request.scopes.iter().map(words::permission).collect();
    format!(
        "\n{} wants to use your memories.\n  \
         Name            {}\n  \
         Code            {}\n  \
         Answer goes to  {}{uri}\n  \
         It may          {}\n{}",
        safe(&request.client_name),
        words::name_comes_from(request),
        safe(&request.code),
        words::goes_to(request),
        permissions.join("\n                  "),
        request
            .warning
            .map(|warning| format!("  Note            {}\n", words::warning(warning)))
            .unwrap_or_default(),
    )
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
    use bridge_core::ids::{AccountId, ClientId, QuestionId};
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

    #[test]
    fn a_question_says_who_what_and_where() {
        let request = RequestView {
            id: QuestionId::new("q"),
            code: "K7-42".into(),
            client_id: ClientId::new("c"),
            client_name: "Evil\u{1b}[2J".into(),
            confirmed_by: None,
            allowed_before: None,
            warning: Some(bridge_core::view::Warning::ForeignWebsite),
            redirect_uri: Some("https://example.com/cb".into()),
            goes_to: None,
            registered: bridge_core::view::Registered::ByItself,
            registered_at: None,
            program: None,
            scopes: Scopes::ALL,
            asked_at: String::new(),
            expires_at: String::new(),
        };
        assert_eq!(
            question(&request),
            "\nEvil\u{fffd}[2J wants to use your memories.\n  \
             Name            as the app gave it; nobody has confirmed it\n  \
             Code            K7-42\n  \
             Answer goes to  example.com (https://example.com/cb)\n  \
             It may          read: search and list memories\n                  write: add memories and documents\n  \
             Note            the answer goes to a website, not to an app of this computer\n"
        );
    }
}
