//! libfaketime, which gives a program another clock than the test's.

use std::path::{Path, PathBuf};

/// To be preloaded.
pub(crate) fn library() -> PathBuf {
    let folders = std::fs::read_dir("/usr/lib").unwrap().map(|entry| entry.unwrap().path());
    let found =
        folders.map(|folder| folder.join(Path::new("faketime/libfaketime.so.1"))).find(|it| it.is_file());
    found.expect("libfaketime: run tools/setup test")
}
