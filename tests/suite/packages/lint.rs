//! What the distributions' own checks say of the packages.

use std::path::Path;
use std::process::Command;

use crate::packages::{Unpacked, deb, output, rpm};

#[test]
fn lintian_finds_neither_errors_nor_warnings() {
    let mut lintian = Command::new("lintian");
    output(lintian.args(["--allow-root", "--fail-on", "error,warning"]).arg(deb()));
}

#[test]
fn rpmlint_finds_neither_errors_nor_warnings() {
    let filters = Path::new(env!("CARGO_MANIFEST_DIR")).join("../packaging/linux/rpmlint.toml");
    let mut rpmlint = Command::new("rpmlint");
    let found = output(rpmlint.arg("--config").arg(filters).arg(rpm()));
    assert!(found.contains("0 errors, 0 warnings"), "{found}");
}

#[test]
fn the_desktop_entry_is_valid() {
    let package = Unpacked::new();
    let entry = package.path("usr/share/applications/com.jeanmemory.bridge.desktop");
    assert_eq!(output(Command::new("desktop-file-validate").arg(entry)), "");
}

/// With the files that the description speaks of, such as the desktop entry.
#[test]
fn the_description_for_software_centres_is_valid() {
    let package = Unpacked::new();
    let mut appstream = Command::new("appstreamcli");
    output(appstream.args(["validate-tree", "--no-net", "--pedantic"]).arg(package.root()));
}
