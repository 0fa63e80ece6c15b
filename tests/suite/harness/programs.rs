//! Where the programs under test are.

use std::path::{Path, PathBuf};

/// The program of that name, beside this test binary in the target folder.
///
/// # Panics
/// When it has not been built: Cargo builds programs for the tests of their own package only.
#[track_caller]
pub(crate) fn program(name: &str) -> PathBuf {
    let suite = std::env::current_exe().expect("a path of its own");
    let profile = suite.parent().and_then(Path::parent).expect("target/PROFILE/deps/suite");
    let program = profile.join(name).with_extension(std::env::consts::EXE_EXTENSION);
    assert!(program.is_file(), "{} is missing: run `cargo build` first, or `make test`", program.display());
    program
}
