//! `requests`, `approve`, `deny`: the apps that ask for access.

use std::io::{IsTerminal, stdin, stdout};

use bridge_core::clock::{Clock, SystemClock};
use bridge_core::control::{Account, Approve, Client, WireKey};
use bridge_core::ids::AccountId;
use bridge_core::scope::Scopes;
use bridge_core::view::RequestView;
use secrecy::ExposeSecret;

use crate::args::{self, Format};
use crate::failure::Failure;
use crate::output::{print, print_json, table};
use crate::question::question;
use crate::safe::safe;
use crate::terminal::Terminal;
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
            request.program.as_deref().map_or_else(|| words::goes_to(&request.goes_to), words::program),
            words::ago(&request.asked_at, now),
            words::until(&request.expires_at, now),
        ]
    };
    let rows: Vec<_> = requests.iter().map(row).collect();
    let example = rows.first().map_or("CODE", |row| &row[0]);
    let alike = requests.iter().filter(|request| request.name_looks_alike);
    let notes: Vec<_> =
        alike.map(|request| format!("{}: {}.\n", safe(&request.code), words::LOOKS_ALIKE)).collect();
    let notes = notes.concat();
    print(&format!(
        "{}\n{notes}Answer with `jean-bridge approve {example}` or `jean-bridge deny {example}`.\n",
        table(["CODE", "APP", "WANTS TO", "ANSWER GOES TO", "ASKED", "ENDS"], &rows)
    ))
}

pub(crate) async fn approve(client: &Client, options: args::Approve) -> Result<(), Failure> {
    // Known before the key is asked for, so that nobody pastes one for nothing.
    let requests = client.requests().await?;
    let request = of_code(&requests, &options.code);
    let name = name_of(request);
    let scopes = options.scopes();
    // What was read and nothing else, should the code belong to another app by now.
    let read = request.map(|request| request.id.clone());
    let is_asked = stdin().is_terminal() && stdout().is_terminal();
    if let Some(request) = request.filter(|_| is_asked) {
        confirm(request, scopes).await?;
    }
    let account = match (options.account, options.sandbox, options.key_stdin) {
        (Some(id), _, _) => Account::Existing { id: AccountId::new(id) },
        (None, true, _) => Account::Sandbox {},
        (None, false, true) => Account::Key { key: WireKey(key::from_stdin().await?) },
        (None, false, false) => Account::Default,
    };
    let code = options.code;
    let approve = Approve { code, question: read, account, scopes, save_unchecked: options.save_unchecked };
    client.approve(&approve).await?;
    // Where nobody was asked, what was allowed stands in what is written all the same.
    let shown = request.filter(|_| !is_asked).map(|request| question(&narrowed(request, scopes)));
    let shown = shown.unwrap_or_default();
    print(&format!("{shown}Allowed {name}. `jean-bridge revoke NAME` takes it back.\n"))
}

pub(crate) async fn deny(client: &Client, code: &str) -> Result<(), Failure> {
    let requests = client.requests().await?;
    let name = name_of(of_code(&requests, code));
    client.deny(code).await?;
    print(&format!("Refused {name}.\n"))
}

/// Shows who asks for what, and waits for a yes.
async fn confirm(request: &RequestView, scopes: Option<Scopes>) -> Result<(), Failure> {
    let mut terminal = Terminal::open();
    let prompt =
        format!("{}Allow {}? [y/N] ", question(&narrowed(request, scopes)), safe(&request.client_name));
    let line = terminal.line(&prompt).await;
    let is_yes =
        line.is_some_and(|line| matches!(line.expose_secret().trim().to_lowercase().as_str(), "y" | "yes"));
    if is_yes {
        return Ok(());
    }
    let (name, code) = (safe(&request.client_name), safe(&request.code));
    Err(Failure::Failed(format!(
        "Nothing was allowed, and {name} waits on. `jean-bridge deny {code}` refuses it."
    )))
}

/// With what it would be allowed.
fn narrowed(request: &RequestView, scopes: Option<Scopes>) -> RequestView {
    let scopes = scopes.unwrap_or(Scopes::ALL).intersection(request.scopes);
    RequestView { scopes, ..request.clone() }
}

fn name_of(request: Option<&RequestView>) -> String {
    request.map_or_else(|| "the app".to_owned(), |request| safe(&request.client_name))
}

/// Which one a code means, however it is typed; the bridge decides whether it does.
fn of_code<'a>(requests: &'a [RequestView], code: &str) -> Option<&'a RequestView> {
    let typed = |text: &str| -> String {
        text.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_uppercase()).collect()
    };
    requests.iter().find(|request| typed(&request.code) == typed(code))
}
