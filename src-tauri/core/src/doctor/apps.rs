//! Whether the apps that were connected still lead here.

use super::{Doctor, blocking};
use crate::connect::{APPS, Connector, Surroundings};
use crate::origin::Origin;
use crate::view::{AppFinding, Check, ConnectState, ConnectView, EntryChange, Finding, Subject, Unexamined};

impl Doctor {
    pub(super) async fn apps(&self) -> Vec<Check> {
        let told = |finding: Finding| vec![Check::new(Subject::Apps, finding)];
        let url = match self.status().await {
            Some(status) => status.url,
            None => match self.configured().await {
                Ok(config) if config.port == 0 => return told(Unexamined::BridgeNeeded.into()),
                Ok(config) => Origin::canonical(config.port).to_string(),
                Err(_) => return told(Unexamined::SettingsFirst.into()),
            },
        };
        let (data_dir, adapter) = (self.paths.data_dir.clone(), self.known.adapter.clone());
        let found = blocking(move || {
            let surroundings = Surroundings::of_process()?;
            Some(findings(&Connector::new(surroundings, &data_dir, &url, adapter)))
        });
        match found.await.flatten() {
            None => told(AppFinding::AppsNotLookedFor.into()),
            Some(found) if found.is_empty() => told(AppFinding::NoAppConnected.into()),
            Some(found) => found.into_iter().map(|finding| Check::new(Subject::Apps, finding)).collect(),
        }
    }
}

fn findings(connector: &Connector) -> Vec<AppFinding> {
    APPS.iter().filter_map(|app| finding(&connector.app(app), connector.was_connected(app))).collect()
}

fn finding(app: &ConnectView, was_connected: bool) -> Option<AppFinding> {
    let (id, name) = (app.id.clone(), app.name.clone());
    Some(match app.state {
        ConnectState::NotFound | ConnectState::Found => return None,
        ConnectState::Connected => AppFinding::AppConnected { app: id, name },
        ConnectState::Wiped => AppFinding::AppWiped { app: id, name },
        ConnectState::Changed => match app.change {
            Some(EntryChange::Outdated) => AppFinding::AppOutdated { app: id, name },
            Some(EntryChange::Edited) => AppFinding::AppEdited { app: id, name },
            Some(EntryChange::Foreign) | None => AppFinding::AppForeign { app: id, name },
        },
        // What an app that was never connected makes of its settings is its own business.
        ConnectState::Unreadable if !was_connected => return None,
        ConnectState::Unreadable => {
            AppFinding::AppUnreadable { app: id, name, reason: app.reason.clone().unwrap_or_default() }
        }
    })
}
