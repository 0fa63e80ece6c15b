//! How it all is, for whoever looks for a fault.

use std::io;
use std::path::PathBuf;
use std::sync::PoisonError;

use bridge_core::clock::{Clock as _, SystemClock, rfc3339};
use bridge_core::connect::command_line_beside;
use bridge_core::control::failed;
use bridge_core::doctor::{Doctor, Export, Known, save};
use bridge_core::logging::{last_lines, log_file};
use bridge_core::view::{Check, Problem, Subject};
use serde::Serialize;
use tauri::State;

use super::Answer;
use crate::failure::Failure;
use crate::shell::Shell;
use crate::{connecting, downloads, start_at_login};

/// Lines of the log that are shown.
const LOG_LINES: usize = 200;

/// Facts and the end of the log.
#[derive(Debug, Serialize)]
pub(crate) struct Diagnostics {
    version: &'static str,
    url: String,
    instance: String,
    pid: u32,
    /// RFC 3339.
    started_at: String,
    data_dir: String,
    log_dir: String,
    config_file: String,
    os: String,
    webview: String,
    /// What the doctor is to be asked about, one by one.
    subjects: [Subject; 13],
    log: Vec<String>,
}

/// For the window: with the paths of this computer.
#[tauri::command]
pub(crate) async fn diagnostics(shell: State<'_, Shell>) -> Answer<Diagnostics> {
    taken(&shell).await
}

/// Examines one subject.
#[tauri::command]
pub(crate) async fn doctor_examine(shell: State<'_, Shell>, subject: Subject) -> Answer<Vec<Check>> {
    let (bridge, paths) = (shell.bridge.clone(), shell.paths.clone());
    let known = Known {
        // The one that the cards know, or both would judge the same entry differently.
        adapter: connecting::adapter(&shell).await,
        starts_at_login: start_at_login::is_on(),
        command_line: command_line(&shell),
        app: None,
    };
    let checks = Doctor::beside(bridge, paths, known).examine(subject).await;
    shell.examined.lock().unwrap_or_else(PoisonError::into_inner).insert(subject, checks.clone());
    Ok(checks)
}

/// For somebody else to read: facts, what the doctor found last, and the log, without anything private.
#[tauri::command]
pub(crate) async fn diagnostics_report(shell: State<'_, Shell>) -> Answer<String> {
    exported(&shell).await
}

/// The same in a file; gives its name.
#[tauri::command]
pub(crate) async fn diagnostics_save_report(shell: State<'_, Shell>) -> Answer<String> {
    let report = exported(&shell).await?;
    let folder = downloads::folder().unwrap_or_else(|| shell.paths.log_dir.clone());
    let write = move || save(&folder, &report, SystemClock.now());
    let written = tauri::async_runtime::spawn_blocking(write).await.map_err(io::Error::other).flatten();
    let file = written.map_err(|error| {
        tracing::warn!(%error, "a report could not be saved");
        Failure::ReportNotSaved
    })?;
    Ok(file.display().to_string())
}

/// Beside this program, where both are installed together.
fn command_line(shell: &Shell) -> Option<PathBuf> {
    Some(command_line_beside(shell.program.path())).filter(|program| program.is_file())
}

async fn exported(shell: &Shell) -> Answer<String> {
    let accounts = shell.bridge.accounts().await.map_err(failed)?;
    let examined: Vec<_> =
        shell.examined.lock().unwrap_or_else(PoisonError::into_inner).values().flatten().cloned().collect();
    let report = report(&taken(shell).await?, &shell.bridge.problems(), &examined);
    Ok(Export::new(&shell.paths, &accounts).clean(&report))
}

async fn taken(shell: &Shell) -> Answer<Diagnostics> {
    let status = shell.bridge.status().await;
    let paths = &shell.paths;
    let file = log_file(&paths.log_dir);
    let log = tauri::async_runtime::spawn_blocking(move || last_lines(&file, LOG_LINES)).await;
    // A log that cannot be read is a finding, not a reason to show nothing.
    let log = match log {
        Ok(Ok(lines)) => lines,
        Ok(Err(error)) => vec![format!("the log cannot be read: {error}")],
        Err(_) => return Err(Failure::LogUnreadable.into()),
    };
    Ok(Diagnostics {
        version: env!("CARGO_PKG_VERSION"),
        url: status.url,
        instance: status.instance,
        pid: status.pid,
        started_at: rfc3339(shell.started_at),
        data_dir: paths.data_dir.display().to_string(),
        log_dir: paths.log_dir.display().to_string(),
        config_file: paths.config_file.display().to_string(),
        os: operating_system(),
        webview: tauri::webview_version().unwrap_or_default(),
        subjects: Subject::EXAMINED,
        log,
    })
}

fn operating_system() -> String {
    let machine = format!("{} {}", std::env::consts::OS, std::env::consts::ARCH);
    #[cfg(target_os = "linux")]
    if let Some(name) = gtk::glib::os_info("PRETTY_NAME") {
        return format!("{name} ({machine})");
    }
    machine
}

fn report(facts: &Diagnostics, problems: &[Problem], examined: &[Check]) -> String {
    let Diagnostics { version, url, pid, started_at, os, webview, log, .. } = facts;
    let head = [
        format!("Jean Memory Bridge {version}"),
        format!("{os}, web view {webview}"),
        format!("{url}, process {pid}, started {started_at}"),
        String::new(),
    ];
    let problems = problems.iter().map(|problem| format!("Problem: {}", problem.sentence()));
    let checks = examined.iter().map(|check| {
        let cure = check.cure.as_ref().map(|cure| format!(" {cure}")).unwrap_or_default();
        format!("{:?}: {}: {}{cure}", check.state, check.check.name(), check.cause)
    });
    let lines =
        head.into_iter().chain(problems).chain(checks).chain([String::new()]).chain(log.iter().cloned());
    lines.fold(String::new(), |report, line| report + &line + "\n")
}
