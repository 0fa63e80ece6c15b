//! The processes that the app starts for itself.

use rustix::process::{Pid, Signal, kill_process};

use super::app::App;

/// `kill -9` for those behind the pages of the app's windows, as by a lack of memory.
pub(crate) fn kill_pages(app: &App) {
    for process in of_pages(app) {
        kill_process(process, Signal::KILL).unwrap();
    }
}

/// Those behind the pages of its windows.
pub(crate) fn of_pages(app: &App) -> Vec<Pid> {
    const NAME: &str = "WebKitWebProcess";
    let found = children(app.pid(), NAME);
    assert!(!found.is_empty(), "no {NAME}");
    found
}

/// The processes of that name that this one started.
fn children(parent: u32, name: &str) -> Vec<Pid> {
    let processes =
        std::fs::read_dir("/proc").unwrap().filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let is_one = |pid: &String| {
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        let field = |field: &str| status.lines().find_map(|line| line.strip_prefix(field)).map(str::trim);
        // The system cuts names at 15 letters.
        field("PPid:") == Some(parent.to_string().as_str())
            && field("Name:").is_some_and(|it| name.starts_with(it))
    };
    processes
        .filter(|name| name.chars().all(|letter| letter.is_ascii_digit()))
        .filter(is_one)
        .filter_map(|pid| Pid::from_raw(pid.parse().ok()?))
        .collect()
}
