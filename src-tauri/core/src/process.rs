//! Processes of this computer: which program a connection really belongs to, and whether one still runs.
//!
//! A number alone is no name for a process: it is given to another one later. With the time of its start it is.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use sysinfo::{
    Pid, Process as Found, ProcessRefreshKind, ProcessStatus, ProcessesToUpdate, System, UpdateKind,
};

/// How far up a family is followed.
const MOST_ANCESTORS: usize = 16;
/// Processes that are remembered before those that ended are forgotten.
const MOST_REMEMBERED: usize = 64;
/// What only stands between a program and what it starts.
const SHELLS: &[&str] = &[
    "ash",
    "bash",
    "busybox",
    "cmd",
    "csh",
    "dash",
    "fish",
    "ksh",
    "nu",
    "powershell",
    "pwsh",
    "sh",
    "tcsh",
    "zsh",
];

/// One process, told from a later one with the same number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ProcessId {
    /// Its number.
    pub pid: u32,
    /// When it started, in the seconds of whoever looked.
    started: u64,
}

/// A process that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Process {
    /// Which one.
    pub id: ProcessId,
    /// Its executable, if it may be known.
    pub path: Option<PathBuf>,
}

/// Looks processes up. Only ids of the same value compare: when the computer's clock is set, another one may
/// read other times.
pub struct Processes(Mutex<System>);

/// What decides who somebody's client is.
struct Seen {
    process: Process,
    name: String,
    parent: Option<u32>,
}

impl ProcessId {
    /// Of a process that is known already.
    #[must_use]
    pub fn new(pid: u32, started: u64) -> Self {
        Self { pid, started }
    }
}

impl fmt::Display for ProcessId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.pid)
    }
}

impl Default for Processes {
    fn default() -> Self {
        // Otherwise it keeps a file open for each process that is remembered, those that ended included, to read it
        // again sooner.
        sysinfo::set_open_files_limit(0);
        Self(Mutex::new(System::new()))
    }
}

impl Processes {
    /// The program that started process `pid`, past the shells between them; the process itself if nothing is known
    /// of who started it. None if the process is not there.
    #[must_use]
    pub fn parent_program(&self, pid: u32) -> Option<Process> {
        let mut system = self.lock();
        parent_program(pid, |pid| see(&mut system, pid))
    }

    /// Whether that very process runs.
    #[must_use]
    pub fn runs(&self, id: ProcessId) -> bool {
        see(&mut self.lock(), id.pid).is_some_and(|seen| seen.process.id == id)
    }

    /// Whether some process has this number now.
    #[must_use]
    pub fn is_there(&self, pid: u32) -> bool {
        see(&mut self.lock(), pid).is_some()
    }

    fn lock(&self) -> MutexGuard<'_, System> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a process of this name runs.
#[must_use]
pub fn runs(name: &str) -> bool {
    let mut system = System::new();
    // Names only, and not those of threads.
    let wanted = ProcessRefreshKind::nothing().without_tasks();
    system.refresh_processes_specifics(ProcessesToUpdate::All, true, wanted);
    system.processes().values().any(|process| process.name() == name)
}

/// The environment of whoever started this process, as far as the system shows it.
#[must_use]
pub fn environment_of_parent() -> BTreeMap<String, String> {
    let mut system = System::new();
    let mut look = |pid, wanted: ProcessRefreshKind| {
        system.refresh_processes_specifics(ProcessesToUpdate::Some(&[pid]), true, wanted.without_tasks());
        system.process(pid).map(|found| (found.parent(), found.environ().to_vec()))
    };
    let own = Pid::from_u32(std::process::id());
    let parent = look(own, ProcessRefreshKind::nothing()).and_then(|(parent, _)| parent);
    let wanted = ProcessRefreshKind::nothing().with_environ(UpdateKind::Always);
    let (_, variables) = parent.and_then(|parent| look(parent, wanted)).unwrap_or_default();
    let variables = variables.iter().filter_map(|variable| variable.to_str()?.split_once('='));
    variables.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// Ends at once what this process has started itself and whose name begins so.
pub fn end_children(beginning: &str) {
    let Ok(own) = sysinfo::get_current_pid() else { return };
    let mut system = System::new();
    let wanted = ProcessRefreshKind::nothing().without_tasks();
    system.refresh_processes_specifics(ProcessesToUpdate::All, true, wanted);
    let is_child =
        |found: &&Found| found.parent() == Some(own) && found.name().to_string_lossy().starts_with(beginning);
    for child in system.processes().values().filter(is_child) {
        child.kill();
    }
}

fn parent_program(pid: u32, mut see: impl FnMut(u32) -> Option<Seen>) -> Option<Process> {
    let own = see(pid)?;
    let mut nearest = None;
    let mut child = (own.process.id, own.parent);
    for _ in 0..MOST_ANCESTORS {
        let Some(parent) = child.1.and_then(&mut see) else { break };
        // Whoever is younger than its child has its number from a parent that ended.
        if parent.process.id.started > child.0.started {
            break;
        }
        child = (parent.process.id, parent.parent);
        let is_shell = is_shell(&parent.name);
        nearest = Some(parent.process);
        if !is_shell {
            break;
        }
    }
    Some(nearest.unwrap_or(own.process))
}

fn is_shell(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    // A login shell calls itself `-bash`.
    let name = name.strip_suffix(".exe").unwrap_or(&name).trim_start_matches('-');
    SHELLS.contains(&name)
}

fn see(system: &mut System, pid: u32) -> Option<Seen> {
    let pid = Pid::from_u32(pid);
    let wanted = ProcessRefreshKind::nothing().with_exe(UpdateKind::OnlyIfNotSet).without_tasks();
    system.refresh_processes_specifics(ProcessesToUpdate::Some(&[pid]), true, wanted);
    if system.processes().len() > MOST_REMEMBERED {
        let remembered: Vec<_> = system.processes().keys().copied().collect();
        system.refresh_processes_specifics(ProcessesToUpdate::Some(&remembered), true, wanted);
    }
    system.process(pid).filter(|found| !has_ended(found)).map(|found| Seen {
        process: Process {
            id: ProcessId { pid: pid.as_u32(), started: found.start_time() },
            path: found.exe().map(PathBuf::from),
        },
        name: found.name().to_string_lossy().into_owned(),
        parent: found.parent().map(Pid::as_u32),
    })
}

/// One that ended is there until its parent has taken notice.
fn has_ended(found: &Found) -> bool {
    let status = found.status();
    status == ProcessStatus::Zombie || status == ProcessStatus::Dead
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Processes as `pid, parent, start, name`.
    fn family<'a>(all: &'a [(u32, u32, u64, &'a str)]) -> impl FnMut(u32) -> Option<Seen> + 'a {
        |wanted| {
            let (pid, parent, started, name) = *all.iter().find(|(pid, ..)| *pid == wanted)?;
            let process = Process { id: ProcessId { pid, started }, path: None };
            Some(Seen { process, name: name.to_owned(), parent: Some(parent) })
        }
    }

    fn found(pid: u32, all: &[(u32, u32, u64, &str)]) -> Option<u32> {
        parent_program(pid, family(all)).map(|process| process.id.pid)
    }

    #[test]
    fn the_environment_of_the_parent_is_seen() {
        // Whatever runs tests has found its programs somehow.
        assert!(environment_of_parent().contains_key("PATH"));
    }

    #[test]
    fn the_program_is_the_parent_past_every_shell() {
        let all =
            [(1, 0, 0, "init"), (7, 1, 5, "claude"), (8, 7, 6, "bash"), (9, 8, 6, "sh"), (10, 9, 7, "x")];
        assert_eq!(found(10, &all), Some(7));
        assert_eq!(found(8, &all), Some(7));
        let windows = [(7, 1, 5, "Claude.exe"), (8, 7, 6, "CMD.EXE"), (10, 8, 7, "jean-bridge.exe")];
        assert_eq!(found(10, &windows), Some(7));
    }

    #[test]
    fn where_nobody_is_found_the_last_that_was_stands_for_it() {
        assert_eq!(found(10, &[]), None);
        assert_eq!(found(10, &[(10, 9, 7, "jean-bridge")]), Some(10));
        assert_eq!(found(10, &[(9, 4, 7, "zsh"), (10, 9, 7, "jean-bridge")]), Some(9));
        // Each other's parents, which no system has.
        assert_eq!(found(10, &[(9, 10, 7, "sh"), (10, 9, 7, "sh")]), Some(10));
    }

    #[test]
    fn a_number_that_was_given_away_again_is_nobodys_parent() {
        let all = [(1, 0, 0, "init"), (9, 1, 8, "stranger"), (10, 9, 7, "jean-bridge")];
        assert_eq!(found(10, &all), Some(10));
    }

    #[test]
    fn a_process_is_known_until_it_ends_and_its_successor_is_another() {
        let processes = Processes::default();
        let me = see(&mut processes.lock(), std::process::id()).expect("this process").process;
        assert!(processes.runs(me.id));
        assert!(!processes.runs(ProcessId { started: me.id.started + 1, ..me.id }));
        assert_eq!(me.path.as_deref(), std::env::current_exe().ok().as_deref());
        assert!(processes.parent_program(std::process::id()).is_some_and(|parent| parent.id != me.id));
    }

    #[cfg(unix)]
    #[test]
    fn one_that_ended_and_was_not_taken_notice_of_runs_no_more() {
        let processes = Processes::default();
        let mut child = std::process::Command::new("sleep").arg("600").spawn().expect("a process");
        let id = see(&mut processes.lock(), child.id()).expect("it runs").process.id;
        assert!(processes.runs(id));
        child.kill().expect("it can be ended");
        while processes.runs(id) {
            std::thread::yield_now();
        }
        child.wait().expect("it ended");
        assert!(!processes.runs(id));
    }
}
