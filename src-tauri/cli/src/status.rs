//! `status`: how the bridge is.

use bridge_core::control::Client;
use bridge_core::origin::path;
use bridge_core::view::StatusView;

use crate::args::Format;
use crate::failure::Failure;
use crate::output::{print, print_json};
use crate::safe::safe;
use crate::words;

pub(crate) async fn show(client: &Client, format: Format) -> Result<(), Failure> {
    let status = client.status().await?;
    if format.json { print_json(&status) } else { print(&text(&status)) }
}

fn text(status: &StatusView) -> String {
    let waiting = match status.requests {
        0 => "nothing".to_owned(),
        count => format!("{}; see: jean-bridge requests", words::counted(count, "app", "apps")),
    };
    let facts = [
        ("State", words::state(status.state).to_owned()),
        ("Address", format!("{}{}", safe(&status.url), path::MCP)),
        ("Apps", format!("{} connected", status.clients)),
        ("Accounts", status.accounts.to_string()),
        ("Waiting", waiting),
        ("Version", format!("{}, process {}", safe(&status.version), status.pid)),
    ];
    let facts = facts.into_iter().map(|(name, fact)| format!("{name:<10}{fact}\n"));
    let update = status.update.as_ref().map(|update| {
        format!("{:<10}version {} is out: {}\n", "Update", safe(&update.version), safe(&update.page))
    });
    let notices = status.notices.iter().map(|notice| format!("{:<10}{}\n", "Notice", safe(notice)));
    facts.chain(update).chain(notices).collect()
}

#[cfg(test)]
mod tests {
    use bridge_core::view::{NewVersion, State};

    use super::*;

    #[test]
    fn a_glance_tells_the_state_and_what_waits() {
        let status = StatusView {
            state: State::Asking,
            url: "http://127.0.0.1:5326".into(),
            instance: "x".into(),
            version: "0.1.0".into(),
            pid: 4711,
            requests: 1,
            clients: 3,
            accounts: 1,
            notices: vec!["The keychain is locked.".into()],
            update: Some(NewVersion { version: "0.2.0".into(), page: "https://example.com/releases".into() }),
        };
        assert_eq!(
            text(&status),
            "State     an app asks for access\n\
             Address   http://127.0.0.1:5326/mcp\n\
             Apps      3 connected\n\
             Accounts  1\n\
             Waiting   1 app; see: jean-bridge requests\n\
             Version   0.1.0, process 4711\n\
             Update    version 0.2.0 is out: https://example.com/releases\n\
             Notice    The keychain is locked.\n"
        );
    }
}
