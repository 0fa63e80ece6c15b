//! Where things live on this computer, and making those directories private.

use std::io;
use std::path::{Path, PathBuf};

use directories::ProjectDirs;

use crate::secret::Digest;

/// Puts everything under one directory: tests, portable use.
pub const HOME_VARIABLE: &str = "JEAN_BRIDGE_HOME";

const QUALIFIER: &str = "com";
const ORGANIZATION: &str = "jeanmemory";
const APPLICATION: &str = "jean-bridge";

/// Bytes of a socket's path, without the closing zero: 108 on Linux, 104 on macOS and the BSDs.
#[cfg(target_os = "linux")]
const MAX_SOCKET_PATH: usize = 107;
#[cfg(not(target_os = "linux"))]
const MAX_SOCKET_PATH: usize = 103;
const KEYCHAIN_SERVICE: &str = "com.jeanmemory.bridge";
const SOCKET_NAME: &str = "bridge.sock";
const LOCK_NAME: &str = "bridge.lock";

/// The directories and files of one bridge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paths {
    /// The directory that everything is under, if the environment names one.
    pub home: Option<PathBuf>,
    /// `config.toml`; need not exist.
    pub config_file: PathBuf,
    /// The database and its backups.
    pub data_dir: PathBuf,
    /// The log and its older parts.
    pub log_dir: PathBuf,
    /// What the sandbox keeps.
    pub sandbox_dir: PathBuf,
    /// Holds the socket and the lock, and nothing else.
    pub run_dir: PathBuf,
    /// Under which name this bridge keeps its items in the keychain: its own, so that two bridges of one
    /// person do not overwrite each other's.
    pub keychain_service: String,
}

/// Why there is no place for anything.
#[derive(Debug, thiserror::Error)]
pub enum PathsError {
    /// No home directory is known.
    #[error("there is no home directory; set {HOME_VARIABLE} to a directory of your own")]
    NoHome,
    /// The directory's name is not Unicode.
    #[error("{HOME_VARIABLE} is not valid Unicode; choose a directory whose name is")]
    NotUnicode,
    /// The current directory is gone, so a relative path means nothing.
    #[error("{HOME_VARIABLE} is a relative path, but the current directory cannot be read")]
    NoCurrentDirectory(#[source] io::Error),
}

impl Paths {
    /// The usual places of this system, or all under `JEAN_BRIDGE_HOME`.
    ///
    /// Nothing here depends on `XDG_RUNTIME_DIR` or `TMPDIR`: AI clients start the stdio adapter with a
    /// cleaned environment, and it must find the same socket as the bridge.
    ///
    /// # Errors
    /// [`PathsError`] when no directory can be named.
    pub fn discover(env: &dyn Fn(&str) -> Option<String>) -> Result<Self, PathsError> {
        match env(HOME_VARIABLE).filter(|home| !home.is_empty()) {
            // What the environment held was not Unicode, and something else would be created.
            Some(home) if home.contains(char::REPLACEMENT_CHARACTER) => Err(PathsError::NotUnicode),
            Some(home) => std::path::absolute(home)
                .map(|home| Self::under(&home))
                .map_err(PathsError::NoCurrentDirectory),
            None => ProjectDirs::from(QUALIFIER, ORGANIZATION, APPLICATION)
                .map(|dirs| Self::of_system(&dirs))
                .ok_or(PathsError::NoHome),
        }
    }

    /// Everything under `home`.
    #[must_use]
    pub fn under(home: &Path) -> Self {
        let data_dir = home.join("data");
        Self {
            home: Some(home.to_owned()),
            config_file: home.join("config.toml"),
            log_dir: home.join("logs"),
            sandbox_dir: home.join("sandbox"),
            run_dir: run_dir(home.join("run")),
            keychain_service: format!("{KEYCHAIN_SERVICE} {}", short_digest(home)),
            data_dir,
        }
    }

    fn of_system(dirs: &ProjectDirs) -> Self {
        let data_dir = dirs.data_local_dir().to_owned();
        Self {
            home: None,
            config_file: dirs.config_dir().join("config.toml"),
            log_dir: dirs.state_dir().unwrap_or(&data_dir).join("logs"),
            sandbox_dir: data_dir.join("sandbox"),
            run_dir: run_dir(data_dir.join("run")),
            keychain_service: KEYCHAIN_SERVICE.to_owned(),
            data_dir,
        }
    }

    /// Folders that may be above these and are nobody else's: named after the product.
    pub(crate) fn is_of_product(folder: &Path) -> bool {
        let bundle = format!("{QUALIFIER}.{ORGANIZATION}.{APPLICATION}");
        let names = [ORGANIZATION, APPLICATION, &bundle];
        folder.file_name().and_then(|name| name.to_str()).is_some_and(|name| names.contains(&name))
    }

    /// The local socket.
    #[must_use]
    pub fn socket(&self) -> PathBuf {
        self.run_dir.join(SOCKET_NAME)
    }

    /// The file whose kernel lock says that a bridge runs.
    #[must_use]
    pub fn lock(&self) -> PathBuf {
        self.run_dir.join(LOCK_NAME)
    }

    /// Windows: the name of the pipe, the same for every program that knows these directories.
    #[must_use]
    pub fn pipe_name(&self) -> String {
        format!("jean-bridge-{}", short_digest(&self.run_dir))
    }

    /// Makes every directory, readable by nobody else.
    ///
    /// # Errors
    /// The first directory that cannot be made or made private.
    pub fn create(&self) -> Result<(), DirectoryError> {
        [&self.data_dir, &self.log_dir, &self.sandbox_dir, &self.run_dir]
            .into_iter()
            .try_for_each(|directory| private_dir(directory))
    }
}

/// `wanted`, or a short stand-in when a socket there would have too long a path.
///
/// The stand-in is named after the place it stands in for, so that every program finds the same one
/// without asking the environment.
fn run_dir(wanted: PathBuf) -> PathBuf {
    if !cfg!(unix) || wanted.join(SOCKET_NAME).as_os_str().len() <= MAX_SOCKET_PATH {
        return wanted;
    }
    PathBuf::from("/tmp").join(format!("jean-bridge-{}", short_digest(&wanted)))
}

/// 64 bits of a path's digest: a name, not a secret.
fn short_digest(path: &Path) -> String {
    let digest = Digest::of(&path.to_string_lossy());
    digest.as_bytes()[..8].iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}

/// Why a directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DirectoryError {
    /// It cannot be made, read or made private.
    #[error("{} cannot be used: {reason}", path.display())]
    Failed {
        /// The directory.
        path: PathBuf,
        /// What the system said.
        #[source]
        reason: io::Error,
    },
    /// A file or a link has its name.
    #[error("{} is not a directory", path.display())]
    NotADirectory {
        /// The name.
        path: PathBuf,
    },
    /// Somebody else made it.
    #[error("{} belongs to another user", path.display())]
    Foreign {
        /// The directory.
        path: PathBuf,
    },
}

/// Makes `path` and its parents; `path` is then this user's alone (0700).
///
/// # Errors
/// [`DirectoryError`]; a directory of another user is never used, even where its mode would allow it.
pub fn private_dir(path: &Path) -> Result<(), DirectoryError> {
    let failed = |reason| DirectoryError::Failed { path: path.to_owned(), reason };
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    match builder.create(path) {
        Err(reason) if reason.kind() == io::ErrorKind::AlreadyExists => {
            return Err(DirectoryError::NotADirectory { path: path.to_owned() });
        }
        made => made.map_err(failed)?,
    }
    #[cfg(unix)]
    keep_others_out(path)?;
    Ok(())
}

#[cfg(unix)]
fn keep_others_out(path: &Path) -> Result<(), DirectoryError> {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    let failed = |reason| DirectoryError::Failed { path: path.to_owned(), reason };
    // Under /tmp another user may have left a link to a directory of ours.
    let found = if path.starts_with("/tmp") { path.symlink_metadata() } else { path.metadata() };
    let found = found.map_err(failed)?;
    if !found.is_dir() {
        return Err(DirectoryError::NotADirectory { path: path.to_owned() });
    }
    if found.uid() != own_uid() {
        return Err(DirectoryError::Foreign { path: path.to_owned() });
    }
    if found.mode() & 0o077 != 0 {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o700)).map_err(failed)?;
    }
    Ok(())
}

/// The user this process acts as.
#[cfg(unix)]
#[must_use]
pub fn own_uid() -> u32 {
    rustix::process::geteuid().as_raw()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn discover(home: Option<&str>) -> Result<Paths, PathsError> {
        Paths::discover(&|name| (name == HOME_VARIABLE).then_some(home).flatten().map(str::to_owned))
    }

    #[test]
    fn one_variable_moves_everything() {
        let home = Path::new("/home/jean/portable");
        let paths = discover(home.to_str()).unwrap();
        let all = [&paths.config_file, &paths.data_dir, &paths.log_dir, &paths.sandbox_dir, &paths.run_dir];
        assert!(all.iter().all(|path| path.starts_with(home)), "{paths:?}");
        assert_eq!(paths.socket(), home.join("run/bridge.sock"));
    }

    #[test]
    fn a_relative_home_becomes_absolute_and_an_empty_one_is_none() {
        assert!(discover(Some("portable")).unwrap().data_dir.is_absolute());
        assert!(discover(Some("")).is_ok_and(|paths| paths.data_dir.is_absolute()));
        assert!(matches!(discover(Some("a\u{fffd}b")), Err(PathsError::NotUnicode)));
    }

    #[cfg(unix)]
    #[test]
    fn a_path_too_long_for_a_socket_gets_a_short_stand_in() {
        let deep = Paths::under(Path::new(&format!("/home/jean/{}", "deep/".repeat(40))));
        assert!(deep.socket().as_os_str().len() <= MAX_SOCKET_PATH);
        assert!(deep.socket().starts_with("/tmp"));
        let other = Paths::under(Path::new(&format!("/home/jean/{}", "deep/".repeat(41))));
        assert_ne!(deep.socket(), other.socket());
        let longest = "x".repeat(MAX_SOCKET_PATH - "/run/bridge.sock".len() - 1);
        assert!(!Paths::under(Path::new(&format!("/{longest}"))).socket().starts_with("/tmp"));
        assert!(Paths::under(Path::new(&format!("/x{longest}"))).socket().starts_with("/tmp"));
    }

    #[cfg(unix)]
    #[test]
    fn directories_are_made_private_even_if_they_were_not() {
        use std::os::unix::fs::PermissionsExt;
        let home = tempfile::tempdir().unwrap();
        let paths = Paths::under(home.path());
        std::fs::create_dir(&paths.data_dir).unwrap();
        std::fs::set_permissions(&paths.data_dir, std::fs::Permissions::from_mode(0o755)).unwrap();
        paths.create().unwrap();
        for directory in [&paths.data_dir, &paths.log_dir, &paths.sandbox_dir, &paths.run_dir] {
            let mode = directory.metadata().unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o700, "{}", directory.display());
        }
    }

    #[test]
    fn a_file_in_the_way_is_named() {
        let home = tempfile::tempdir().unwrap();
        let paths = Paths::under(home.path());
        std::fs::write(&paths.data_dir, "").unwrap();
        let error = paths.create().unwrap_err();
        assert!(matches!(&error, DirectoryError::NotADirectory { path } if *path == paths.data_dir));
    }
}
