//! `requests`, `approve`, `deny`: the apps that ask for access.

use bridge_core::clock::{Clock, SystemClock};
use bridge_core::control::{Account, Approve, Client, WireKey};
use bridge_core::ids::AccountId;
use bridge_core::view::RequestView;

use crate::args::{self, Format};
use crate::failure::Failure;
use crate::output::{print, print_json, safe, table};
use crate::{key, words};

pub(crate) async fn list(client: &Client, format: Format) -> Result<(), Failure> {
    let requests = client.requests().await?;
    if format.json {
        return print_json(&requests);
    }
    if requests.is_empty() {
        return print("No app asks for access.\n");
    }
    let now = SystemClock.now();
    let row = |request: &RequestView| {
        [
            safe(&request.code),
            safe(&request.client_name),
            words::scopes(request.scopes).to_owned(),
            words::goes_to(request),
            words::ago(&request.asked_at, now),
            words::until(&request.expires_at, now),
        ]
    };
    let rows: Vec<_> = requests.iter().map(row).collect();
    let example = rows.first().map_or("CODE", |row| &row[0]);
    print(&format!(
        "{}\nAnswer with `jean-bridge approve {example}` or `jean-bridge deny {example}`.\n",
        table(["CODE", "APP", "WANTS TO", "ANSWER GOES TO", "ASKED", "ENDS"], &rows)
    ))
}

pub(crate) async fn approve(client: &Client, options: args::Approve) -> Result<(), Failure> {
    // Known before the key is asked for, so that nobody pastes one for nothing.
    let name = name_of(&client.requests().await?, &options.code);
    let scopes = options.scopes();
    let account = match (options.account, options.sandbox, options.key_stdin) {
        (Some(id), _, _) => Account::Existing { id: AccountId::new(id) },
        (None, true, _) => Account::Sandbox {},
        (None, false, true) => Account::Key { key: WireKey(key::from_stdin().await?) },
        (None, false, false) => Account::Default,
    };
    let code = options.code;
    let approve = Approve { code, account, scopes, save_unchecked: options.save_unchecked };
    client.approve(&approve).await?;
    print(&format!("Allowed {name}. `jean-bridge revoke` takes it back.\n"))
}

pub(crate) async fn deny(client: &Client, code: &str) -> Result<(), Failure> {
    let name = name_of(&client.requests().await?, code);
    client.deny(code).await?;
    print(&format!("Refused {name}.\n"))
}

/// Whom a code means, however it is typed; only for saying so, the bridge decides.
fn name_of(requests: &[RequestView], code: &str) -> String {
    let typed = |text: &str| -> String {
        text.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_uppercase()).collect()
    };
    requests
        .iter()
        .find(|request| typed(&request.code) == typed(code))
        .map_or_else(|| "the app".to_owned(), |request| safe(&request.client_name))
}
