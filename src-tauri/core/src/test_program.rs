//! Programs that tests write and run.
#![cfg(unix)]

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

/// Writes a script that can be run at once.
///
/// Another process does it: whatever tests beside this one start holds for a moment what this process has open, and a
/// program that somebody has open for writing cannot be run ("Text file busy").
pub(crate) fn write(program: &Path, script: &str) {
    let mut writer = Command::new("sh")
        .args(["-c", r#"cat > "$0" && chmod 700 "$0""#])
        .arg(program)
        .stdin(Stdio::piped())
        .spawn()
        .expect("a shell");
    let mut input = writer.stdin.take().expect("it is piped");
    input.write_all(format!("#!/bin/sh\n{script}\n").as_bytes()).expect("it reads");
    drop(input);
    assert!(writer.wait().expect("it ends").success(), "{}", program.display());
}
