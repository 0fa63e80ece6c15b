//! How it all is, for whoever looks for a fault.

use std::fmt::Write as _;

use bridge_core::clock::rfc3339;
use bridge_core::control::Failed;
use bridge_core::logging::{last_lines, log_file, redact};
use bridge_core::paths::Paths;
use bridge_core::view::Problem;
use serde::Serialize;
use tauri::State;

use super::Answer;
use crate::shell::Shell;

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
    problems: Vec<Problem>,
    log: Vec<String>,
}

/// For the window: with the paths of this computer.
#[tauri::command]
pub(crate) async fn diagnostics(shell: State<'_, Shell>) -> Answer<Diagnostics> {
    taken(&shell).await
}

/// For somebody else to read: the same without private paths.
#[tauri::command]
pub(crate) async fn diagnostics_report(shell: State<'_, Shell>) -> Answer<String> {
    let private = private_paths(&shell.paths);
    Ok(without(&report(&taken(&shell).await?), &private))
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
        Err(_) => return Err(unreadable()),
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
        problems: shell.bridge.problems(),
        log,
    })
}

fn unreadable() -> Failed {
    Failed { code: "unexpected".into(), message: "The log could not be read.".into() }
}

fn operating_system() -> String {
    let machine = format!("{} {}", std::env::consts::OS, std::env::consts::ARCH);
    #[cfg(target_os = "linux")]
    if let Some(name) = gtk::glib::os_info("PRETTY_NAME") {
        return format!("{name} ({machine})");
    }
    machine
}

fn report(facts: &Diagnostics) -> String {
    let Diagnostics { version, url, pid, started_at, os, webview, problems, log, .. } = facts;
    let mut report = format!(
        "Jean Memory Bridge {version}\n{os}, web view {webview}\n{url}, process {pid}, started {started_at}\n\n"
    );
    if problems.is_empty() {
        report.push_str("No problems.\n");
    }
    for problem in problems {
        // Writing to a string cannot fail.
        let _ = writeln!(report, "Problem: {}", problem.sentence());
    }
    report.push('\n');
    for line in log {
        report.push_str(line);
        report.push('\n');
    }
    report
}

/// Longest first, so that a home in a home is taken out whole.
fn private_paths(paths: &Paths) -> Vec<String> {
    let all = [&paths.data_dir, &paths.log_dir, &paths.sandbox_dir, &paths.run_dir, &paths.config_file];
    let mut private: Vec<String> = all
        .into_iter()
        .filter_map(|directory| directory.parent())
        .map(|directory| directory.display().to_string())
        .collect();
    private.extend(directories::BaseDirs::new().map(|user| user.home_dir().display().to_string()));
    private.retain(|path| path.len() > 1);
    private.sort_by_key(|path| std::cmp::Reverse(path.len()));
    private
}

/// The log has no secrets; the redaction is the net below it here as well.
fn without(report: &str, private: &[String]) -> String {
    let report = private.iter().fold(report.to_owned(), |report, path| report.replace(path.as_str(), "~"));
    redact(&report).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_of_ours_is_private() {
        let mut paths = Paths::under("/home/jean/bridge".as_ref());
        paths.config_file = "/media/jean/settings/config.toml".into();
        let report = "key `port` in /media/jean/settings/config.toml, /home/jean/bridge/logs/x";
        assert_eq!(without(report, &private_paths(&paths)), "key `port` in ~/config.toml, ~/logs/x");
    }

    #[test]
    fn a_report_holds_neither_private_paths_nor_keys() {
        let private = ["/home/jean/.local/share".to_owned(), "/home/jean".to_owned()];
        let report = "file /home/jean/.local/share/jean-bridge/x, key jean_sk_0123456789abcdef0123456789 in /home/jean/y";
        let shown = without(report, &private);
        assert!(shown.starts_with("file ~/jean-bridge/x, key "), "{shown}");
        assert!(shown.ends_with(" in ~/y"), "{shown}");
        assert!(!shown.contains("0123456789abcdef"), "{shown}");
    }
}
