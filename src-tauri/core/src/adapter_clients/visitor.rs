//! Who is connected: each connection belongs to the program that started its adapter, and speaks for clients by name.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::{AdapterClients, NotAdmitted};
use crate::ids::ClientId;
use crate::oauth::display_name;
use crate::process::{Process, ProcessId};
use crate::secret::Digest;

/// Names that one connection may use; an adapter has one.
const MOST_NAMES: usize = 4;

/// A client as its adapter calls it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdapterClient {
    /// The same for every adapter of that name, whenever it comes.
    pub id: ClientId,
    /// Its name, safe to show.
    pub name: String,
}

/// A client in one program.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The client.
    pub client: AdapterClient,
    /// The program that started its adapter, where the system tells.
    pub(super) program: Option<Process>,
}

/// A connection. While it is open, the clients it has spoken for count as connected.
pub struct Visitor {
    clients: Arc<AdapterClients>,
    program: Option<Process>,
    names: Mutex<Vec<ClientId>>,
}

/// Which programs are connected for which client, and how often.
#[derive(Default)]
pub(super) struct Present(HashMap<ClientId, HashMap<Option<ProcessId>, usize>>);

impl AdapterClient {
    /// The client that claims this name.
    #[must_use]
    pub fn named(claimed: &str) -> Self {
        let name = display_name(claimed);
        Self { id: ClientId::new(format!("stdio:{}", Digest::of(&name).short_hex())), name }
    }
}

impl Caller {
    pub(super) fn process(&self) -> Option<ProcessId> {
        self.program.as_ref().map(|program| program.id)
    }
}

impl Visitor {
    pub(super) fn new(clients: Arc<AdapterClients>, program: Option<Process>) -> Self {
        Self { clients, program, names: Mutex::default() }
    }

    /// The client of this name, which is connected from now on.
    ///
    /// # Errors
    /// [`NotAdmitted::Busy`] when this connection speaks for too many.
    pub fn caller(&self, claimed: &str) -> Result<Caller, NotAdmitted> {
        let caller = Caller { client: AdapterClient::named(claimed), program: self.program.clone() };
        let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        if !names.contains(&caller.client.id) {
            if names.len() >= MOST_NAMES {
                return Err(NotAdmitted::Busy);
            }
            names.push(caller.client.id.clone());
            self.clients.state().present.enter(&caller.client.id, caller.process());
        }
        Ok(caller)
    }
}

impl Drop for Visitor {
    fn drop(&mut self) {
        let process = self.program.as_ref().map(|program| program.id);
        let mut state = self.clients.state();
        for id in self.names.get_mut().unwrap_or_else(PoisonError::into_inner) {
            state.present.leave(id, process);
        }
    }
}

impl Present {
    fn enter(&mut self, client: &ClientId, process: Option<ProcessId>) {
        *self.0.entry(client.clone()).or_default().entry(process).or_default() += 1;
    }

    fn leave(&mut self, client: &ClientId, process: Option<ProcessId>) {
        let Some(processes) = self.0.get_mut(client) else { return };
        if let Some(count) = processes.get_mut(&process) {
            *count -= 1;
            if *count == 0 {
                processes.remove(&process);
            }
        }
        if processes.is_empty() {
            self.0.remove(client);
        }
    }

    /// The programs that are connected for a client.
    pub(super) fn programs(&self, client: &ClientId) -> Vec<Option<ProcessId>> {
        self.0.get(client).map(|processes| processes.keys().copied().collect()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_client_however_it_is_dressed_up() {
        let claude = AdapterClient::named("Claude Desktop");
        assert_eq!(AdapterClient::named(" Claude\u{200b} \n Desktop\u{202e}"), claude);
        assert_ne!(AdapterClient::named("claude desktop").id, claude.id);
        assert!(claude.id.as_str().starts_with("stdio:") && claude.id.as_str().len() < 64);
        assert_eq!(AdapterClient::named(&"x".repeat(100_000)).name.len(), 80);
    }

    #[test]
    fn a_program_is_connected_until_its_last_connection_is_gone() {
        let (id, program) = (ClientId::new("c"), Some(ProcessId::new(7, 1)));
        let mut present = Present::default();
        present.enter(&id, program);
        present.enter(&id, program);
        present.leave(&id, program);
        assert_eq!(present.programs(&id), [program]);
        present.leave(&id, None);
        present.leave(&id, program);
        assert!(present.programs(&id).is_empty() && present.0.is_empty());
    }
}
