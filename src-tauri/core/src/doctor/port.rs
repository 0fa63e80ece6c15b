//! Who has the port: the bridge that runs, nobody, or somebody else.

use std::time::Duration;

use super::Doctor;
use crate::bridge::{StartError, can_listen};
use crate::port_holder::{self, Holder};
use crate::view::{BridgeFinding, Check, Finding, StatusView, Subject, Unexamined};

/// A bridge that just answered on its socket answers here in milliseconds, on a computer that is not busy.
const PATIENCE: Duration = Duration::from_secs(5);

impl Doctor {
    pub(super) async fn port(&self) -> Vec<Check> {
        let configured = self.configured().await.as_ref().ok().map(|config| config.port);
        let finding: Finding = match (self.status().await, configured) {
            (Some(status), configured) => running(&status, configured).await.into(),
            (None, None) => Unexamined::SettingsFirst.into(),
            (None, Some(0)) => BridgeFinding::PortAny.into(),
            (None, Some(port)) => wanted(port).await.into(),
        };
        vec![Check::new(Subject::Port, finding)]
    }
}

async fn running(status: &StatusView, configured: Option<u16>) -> BridgeFinding {
    let port = status.url.rsplit_once(':').and_then(|(_, port)| port.parse().ok()).unwrap_or_default();
    match port_holder::instance(port, PATIENCE).await {
        Some(instance) if instance == status.instance => match configured {
            Some(configured) if configured != port && configured != 0 => {
                BridgeFinding::PortElsewhere { port, configured }
            }
            Some(_) | None => BridgeFinding::PortOurs { port },
        },
        Some(_) | None => BridgeFinding::PortStranger { port },
    }
}

/// Whether the next start would get the port.
async fn wanted(port: u16) -> BridgeFinding {
    match can_listen(port) {
        Ok(()) => BridgeFinding::PortFree { port },
        Err(StartError::PortInUse { port }) => match port_holder::find(port).await {
            Holder::Bridge { version } => BridgeFinding::PortOfAnotherBridge { port, version },
            Holder::Program(program) => {
                BridgeFinding::PortTaken { port, program: program.name, pid: program.pid }
            }
            Holder::Unknown => BridgeFinding::PortTakenBySomebody { port },
        },
        Err(StartError::Listen { port, reason }) => {
            BridgeFinding::PortRefused { port, reason: reason.to_string() }
        }
        Err(error) => BridgeFinding::PortRefused { port, reason: error.to_string() },
    }
}
