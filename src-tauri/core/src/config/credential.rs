//! Secrets that a service manager hands over in files of its own (systemd.exec(5), "Credentials"): unlike a variable, they
//! are in no list of processes, no crash report and no child. What containers mount as secrets is read the same way.

use std::path::{Path, PathBuf};

use super::{ConfigError, read_text};

/// Names the folder; systemd sets it for its services.
pub const CREDENTIALS_VARIABLE: &str = "CREDENTIALS_DIRECTORY";
/// The file with a Jean Memory key.
pub(super) const API_KEY: &str = "jean-bridge-api-key";
/// The file with the key that signs tokens.
pub(super) const JWT_SECRET: &str = "jean-bridge-jwt-secret-key";

/// The text of a credential and where it is, if it was handed over.
pub(super) fn read(
    name: &str,
    env: &dyn Fn(&str) -> Option<String>,
) -> Result<Option<(PathBuf, String)>, ConfigError> {
    let Some(folder) = env(CREDENTIALS_VARIABLE).filter(|folder| !folder.is_empty()) else { return Ok(None) };
    let file = Path::new(&folder).join(name);
    if matches!(file.try_exists(), Ok(false)) {
        return Ok(None);
    }
    let text = read_text(&file)?;
    // Editors and `echo` end a file with a line break.
    let text = text.trim_end_matches(['\r', '\n']).to_owned();
    Ok(Some((file, text)))
}
