//! `clients`, `revoke`: the connected apps.

use bridge_core::clock::{Clock, SystemClock};
use bridge_core::control::Client;
use bridge_core::view::{ClientView, Via};

use crate::args::Format;
use crate::failure::Failure;
use crate::output::{print, print_json, table};
use crate::safe::safe;
use crate::words;

pub(crate) async fn list(client: &Client, format: Format) -> Result<(), Failure> {
    let clients = client.clients().await?;
    if format.json {
        return print_json(&clients);
    }
    if clients.is_empty() {
        let url = client.status().await?.url;
        return print(&format!("No app has access yet. Give an app this address: {}/mcp\n", safe(&url)));
    }
    let now = SystemClock.now();
    let row = |client: &ClientView| {
        let used =
            client.last_used_at.as_deref().map_or_else(|| "never".to_owned(), |time| words::ago(time, now));
        [
            safe(&client.name),
            words::scopes(client.scopes).to_owned(),
            via(client.via).to_owned(),
            used,
            client.calls.to_string(),
            safe(client.id.as_str()),
        ]
    };
    let rows: Vec<_> = clients.iter().map(row).collect();
    print(&table(["APP", "MAY", "CONNECTED BY", "USED", "CALLS", "ID"], &rows))
}

pub(crate) async fn revoke(client: &Client, named: &str) -> Result<(), Failure> {
    let revoked = client.revoke(named).await?;
    print(&format!(
        "Revoked {}. Its next call is refused; to come back it must ask again.\n",
        safe(&revoked.name)
    ))
}

fn via(via: Via) -> &'static str {
    match via {
        Via::Oauth => "sign-in",
        Via::Stdio => "stdio",
        Via::ApiKey => "its own key",
    }
}
