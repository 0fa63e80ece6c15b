//! Where the programs under test are.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

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

/// Copies a program, so that the copy can be run at once; as [`install`] does.
#[track_caller]
pub(crate) fn copy(program: &Path, to: &Path) {
    let copied = Command::new("cp").arg(program).arg(to).status().expect("a program");
    assert!(copied.success(), "{}", to.display());
}

/// Writes a program that can be run at once: a text that names its interpreter.
///
/// Another process does it: whatever tests beside this one start holds for a moment what this process has open, and a
/// program that somebody has open for writing cannot be run ("Text file busy").
#[track_caller]
pub(crate) fn install(program: &Path, content: &[u8]) {
    let mut writer = Command::new("sh")
        .args(["-c", r#"cat > "$0" && chmod 755 "$0""#])
        .arg(program)
        .stdin(Stdio::piped())
        .spawn()
        .expect("a shell");
    let mut input = writer.stdin.take().expect("it is piped");
    input.write_all(content).expect("it reads");
    drop(input);
    assert!(writer.wait().expect("it ends").success(), "{}", program.display());
}
