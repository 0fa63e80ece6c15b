//! `accounts`: whose memories there are.

use bridge_core::control::Client;
use bridge_core::ids::AccountId;
use bridge_core::view::{AccountView, KeyState};

use crate::args::{AccountsAction, Format};
use crate::failure::Failure;
use crate::output::{print, print_json, table};
use crate::safe::safe;
use crate::{key, words};

pub(crate) async fn list(client: &Client, format: Format) -> Result<(), Failure> {
    let accounts = client.accounts().await?;
    if format.json {
        return print_json(&accounts);
    }
    if accounts.is_empty() {
        return print("There is no account yet. Add one with: jean-bridge accounts add --key-stdin\n");
    }
    let row = |account: &AccountView| {
        [
            safe(&account.label),
            safe(&account.key_hint),
            words::key_state(account.state).to_owned(),
            words::kind(account.kind).to_owned(),
            safe(account.id.as_str()),
        ]
    };
    let rows: Vec<_> = accounts.iter().map(row).collect();
    print(&table(["ACCOUNT", "KEY", "KEY IS", "AT", "ID"], &rows))
}

pub(crate) async fn change(client: &Client, action: AccountsAction) -> Result<(), Failure> {
    match action {
        AccountsAction::Add { key_stdin: _, save_unchecked, format } => {
            // Known before the key is asked for, so that nobody pastes one for nothing.
            client.status().await?;
            let account = client.add_account(key::from_stdin().await?, save_unchecked).await?;
            if format.json { print_json(&account) } else { print(&added(&account)) }
        }
        AccountsAction::Remove { id } => {
            client.remove_account(AccountId::new(id)).await?;
            print("Removed the account and its key. Apps that used it must ask again.\n")
        }
    }
}

fn added(account: &AccountView) -> String {
    let (name, hint) = (safe(&account.label), safe(&account.key_hint));
    match account.state {
        KeyState::Ok => format!("Added {name}, key {hint}. Jean Memory accepts it.\n"),
        KeyState::Rejected | KeyState::Unchecked => {
            format!("Saved {name}, key {hint}. It is checked when Jean Memory can be reached.\n")
        }
    }
}
