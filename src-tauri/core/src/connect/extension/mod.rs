//! The bundle that Claude Desktop installs at a double click (`.mcpb`), for those who would rather not have its
//! settings edited.
//!
//! It holds a script, not the adapter: extracted programs lose the right to run on macOS, and the adapter must stay
//! where updates find it (clients.md 6.2). The script looks for the adapter, runs it and passes messages on. Unsigned,
//! because the official signer makes archives that Claude refuses.

use std::io::{Cursor, Write as _};
use std::path::{Path, PathBuf};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

/// What Claude Desktop opens.
pub const EXTENSION_SUFFIX: &str = "mcpb";

const MANIFEST: &str = include_str!("manifest.json");
const VERSION_IN_MANIFEST: &str = "{version}";
const SCRIPT: &[u8] = include_bytes!("index.js");
const ICON: &[u8] = include_bytes!("../../../../icons/icon.png");
const PERMISSIONS: u32 = 0o644;

/// Why there is no bundle.
#[derive(Debug, thiserror::Error)]
pub enum ExtensionError {
    /// Claude would look for it in a folder of its own.
    #[error("the adapter's path {} is not absolute", .0.display())]
    Relative(PathBuf),
    /// It could not be written down for the script.
    #[error("the adapter's path {} is not Unicode", .0.display())]
    NotUnicode(PathBuf),
    /// The archive could not be made.
    #[error("the archive cannot be made: {0}")]
    Archive(#[from] zip::result::ZipError),
    /// The archive could not be filled.
    #[error("the archive cannot be made: {0}")]
    Io(#[from] std::io::Error),
}

/// The bytes of the bundle, always the same for one version and one `adapter`: the program that is looked for before
/// those of the packages; none in a bundle for any computer.
///
/// # Errors
/// [`ExtensionError`].
pub fn extension(adapter: Option<&Path>) -> Result<Vec<u8>, ExtensionError> {
    let manifest = MANIFEST.replace(VERSION_IN_MANIFEST, env!("CARGO_PKG_VERSION"));
    let installed = adapter.map(installed).transpose()?;
    let files = [
        ("manifest.json", Some(manifest.as_bytes())),
        ("icon.png", Some(ICON)),
        ("server/index.js", Some(SCRIPT)),
        ("server/installed.json", installed.as_deref().map(str::as_bytes)),
    ];
    // Stored as they are and with one time for all: equal bytes on every computer, and small enough.
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Stored)
        .last_modified_time(DateTime::default())
        .unix_permissions(PERMISSIONS);
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in files.into_iter().filter_map(|(name, content)| Some((name, content?))) {
        archive.start_file(name, options)?;
        archive.write_all(content)?;
    }
    Ok(archive.finish()?.into_inner())
}

/// What the script reads of the computer that the bundle was made on.
fn installed(adapter: &Path) -> Result<String, ExtensionError> {
    if !adapter.is_absolute() {
        return Err(ExtensionError::Relative(adapter.to_owned()));
    }
    let path = adapter.to_str().ok_or_else(|| ExtensionError::NotUnicode(adapter.to_owned()))?;
    Ok(format!("{}\n", serde_json::json!({ "adapter": path })))
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use serde_json::{Value, json};
    use zip::ZipArchive;

    use super::*;

    fn adapter() -> PathBuf {
        std::env::temp_dir().join("Jean's \"Bridge\" ü").join("jean-bridge")
    }

    fn json_of(bytes: &[u8], name: &str) -> Option<Value> {
        let mut archive = ZipArchive::new(Cursor::new(bytes)).expect("an archive");
        let mut text = String::new();
        archive.by_name(name).ok()?.read_to_string(&mut text).expect("text");
        Some(serde_json::from_str(&text).expect("JSON"))
    }

    #[test]
    fn the_manifest_has_the_version_of_the_bridge() {
        let bytes = extension(None).expect("a bundle");
        assert_eq!(
            json_of(&bytes, "manifest.json").expect("a manifest")["version"],
            env!("CARGO_PKG_VERSION")
        );
    }

    #[test]
    fn the_path_of_the_adapter_is_there_as_it_is() {
        let bytes = extension(Some(&adapter())).expect("a bundle");
        let path = adapter().to_str().expect("Unicode").to_owned();
        assert_eq!(json_of(&bytes, "server/installed.json"), Some(json!({ "adapter": path })));
        assert_eq!(json_of(&extension(None).expect("a bundle"), "server/installed.json"), None);
    }

    #[test]
    fn the_same_bundle_has_the_same_bytes() {
        let bytes = || extension(Some(&adapter())).expect("a bundle");
        assert_eq!(bytes(), bytes());
    }

    #[test]
    fn a_path_that_leads_nowhere_else_is_refused() {
        assert!(matches!(extension(Some(Path::new("jean-bridge"))), Err(ExtensionError::Relative(_))));
    }

    #[cfg(unix)]
    #[test]
    fn a_path_that_json_cannot_hold_is_refused() {
        use std::os::unix::ffi::OsStrExt as _;
        let odd = Path::new(std::ffi::OsStr::from_bytes(b"/\xff/jean-bridge"));
        assert!(matches!(extension(Some(odd)), Err(ExtensionError::NotUnicode(_))));
    }
}
