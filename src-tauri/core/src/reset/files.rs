//! Which files are the bridge's. Only what it knows by name is removed: `JEAN_BRIDGE_HOME` may be a folder that holds
//! other things too. No link is followed.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use crate::control::Lock;
use crate::paths::Paths;
use crate::view::{Holds, ResetFile, ResetStay, StaysBecause};

/// What there is, and what of it stays.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) files: Vec<ResetFile>,
    pub(super) stays: Vec<ResetStay>,
}

/// Looks into the folders of a bridge.
pub(super) fn look(paths: &Paths) -> Found {
    let mut found = Found::default();
    let folders = folders(paths);
    for (folder, known) in folders {
        found.look_into(folder, known, &|path| folders.iter().any(|(folder, _)| *folder == path));
    }
    if paths.config_file.symlink_metadata().is_ok() {
        found.files.push(ResetFile { path: paths.config_file.clone(), holds: Holds::Configuration });
    }
    let lock = paths.lock();
    found.files.sort_by_cached_key(|file| (file.holds, file.path == lock, file.path.clone()));
    found
}

/// Removes what [`look`] finds. The lock is the last file to go, so that no bridge begins in between.
pub(super) fn remove(paths: &Paths, lock: Lock, keeps_windows: bool) -> Found {
    let Found { files, mut stays } = look(paths);
    let mut gone = Vec::new();
    let mut lock = Some(lock);
    let goes = |file: &ResetFile| !keeps_windows || file.holds != Holds::Windows;
    for file in files.into_iter().filter(goes) {
        if cfg!(windows) && file.path == paths.lock() {
            // Windows keeps the name of a file that somebody has open.
            drop(lock.take());
        }
        match remove_one(&file.path) {
            Ok(()) => gone.push(file),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => stays.push(failed(file.path, &error)),
        }
    }
    // Folders within folders: whichever is empty goes, and what is above it may then be.
    let mut empty: Vec<_> = folders(paths).into_iter().map(|(folder, _)| folder.to_owned()).collect();
    empty.sort_by_key(|folder| std::cmp::Reverse(folder.components().count()));
    empty.extend(paths.config_file.parent().map(Path::to_owned));
    for folder in &empty {
        remove_empty(folder, paths);
    }
    Found { files: gone, stays }
}

/// Whether a name in a folder is one of the bridge's, and what it holds.
type Known = fn(&str) -> Option<Holds>;

fn folders(paths: &Paths) -> [(&Path, Known); 4] {
    [
        (&paths.data_dir, in_data),
        (&paths.sandbox_dir, in_sandbox),
        (&paths.log_dir, in_log),
        (&paths.run_dir, in_run),
    ]
}

fn in_data(name: &str) -> Option<Holds> {
    match name {
        "connect" => Some(Holds::Backups),
        "webview" | "tray-icon" => Some(Holds::Windows),
        "probe" => Some(Holds::Data),
        _ => name.starts_with("bridge.").then_some(Holds::Data),
    }
}

fn in_sandbox(name: &str) -> Option<Holds> {
    name.starts_with("sandbox.db").then_some(Holds::Sandbox)
}

fn in_log(name: &str) -> Option<Holds> {
    name.starts_with("jean-bridge.log").then_some(Holds::Log)
}

fn in_run(name: &str) -> Option<Holds> {
    matches!(name, "bridge.sock" | "bridge.lock").then_some(Holds::Socket)
}

impl Found {
    fn look_into(&mut self, folder: &Path, known: Known, is_own_folder: &dyn Fn(&Path) -> bool) {
        let entries = match folder.symlink_metadata() {
            Ok(found) if found.is_symlink() => {
                self.stays.push(ResetStay { path: folder.to_owned(), because: StaysBecause::Link });
                return;
            }
            Ok(_) => fs::read_dir(folder),
            Err(error) => Err(error),
        };
        let entries = match entries {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return,
            Err(error) => return self.stays.push(failed(folder.to_owned(), &error)),
        };
        for entry in entries {
            let path = match entry {
                Ok(entry) => entry.path(),
                Err(error) => return self.stays.push(failed(folder.to_owned(), &error)),
            };
            match path.file_name().and_then(|name| name.to_str()).and_then(known) {
                Some(holds) => self.files.push(ResetFile { path, holds }),
                None if is_own_folder(&path) => {}
                None => self.stays.push(ResetStay { path, because: StaysBecause::NotOurs }),
            }
        }
    }
}

/// A link goes itself, and what it leads to stays.
fn remove_one(path: &Path) -> io::Result<()> {
    if path.symlink_metadata()?.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) }
}

/// Goes up as long as folders are named after the product, and are empty.
fn remove_empty(folder: &Path, paths: &Paths) {
    let is_own = folder != paths.config_file.parent().unwrap_or(folder);
    let mut next = Some(folder).filter(|folder| is_own || Paths::is_of_product(folder));
    while let Some(folder) = next {
        // Not empty, or a link.
        if fs::remove_dir(folder).is_err() && folder.symlink_metadata().is_ok() {
            return;
        }
        next = folder.parent().filter(|folder| Paths::is_of_product(folder));
    }
}

fn failed(path: PathBuf, error: &io::Error) -> ResetStay {
    ResetStay { path, because: StaysBecause::Failed { reason: error.to_string() } }
}
