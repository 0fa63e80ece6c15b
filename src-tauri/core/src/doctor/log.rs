//! Whether what happens is written down.

use std::fs::OpenOptions;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::blocking;
use crate::logging::log_file;
use crate::view::{Check, ComputerFinding, Subject};

pub(super) async fn look(folder: PathBuf) -> Vec<Check> {
    let found = blocking(move || examine(&folder)).await;
    found.into_iter().map(|finding| Check::new(Subject::Log, finding)).collect()
}

fn examine(folder: &Path) -> ComputerFinding {
    let file = log_file(folder);
    match OpenOptions::new().append(true).open(&file) {
        Ok(_) => ComputerFinding::LogFine { folder: folder.to_owned() },
        Err(error) if error.kind() == ErrorKind::NotFound => ComputerFinding::LogAbsent,
        Err(error) => ComputerFinding::LogUnwritable { file, reason: error.to_string() },
    }
}
