//! Files that a person gets from the app: in their folder for downloads, and never over something that is there.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

/// Of one name; who has more should tidy up.
const MOST: u32 = 100;

/// Where downloads go, if there is such a place.
pub(crate) fn folder() -> Option<PathBuf> {
    let user = directories::UserDirs::new()?;
    user.download_dir().filter(|folder| folder.is_dir()).map(Path::to_owned)
}

/// Keeps it under the name, or with a number in it if the name is taken by something else.
pub(crate) fn keep(folder: &Path, stem: &str, suffix: &str, bytes: &[u8]) -> io::Result<PathBuf> {
    for number in 1..=MOST {
        let name =
            if number == 1 { format!("{stem}.{suffix}") } else { format!("{stem} ({number}).{suffix}") };
        let path = folder.join(name);
        match File::create_new(&path) {
            Ok(mut file) => {
                let written = file.write_all(bytes).and_then(|()| file.sync_all());
                // Half of it is nothing that anybody should open.
                return written.map(|()| path.clone()).inspect_err(|_| drop(fs::remove_file(&path)));
            }
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                if is_the_same(&path, bytes) {
                    return Ok(path);
                }
            }
            Err(error) => return Err(error),
        }
    }
    Err(ErrorKind::AlreadyExists.into())
}

fn is_the_same(path: &Path, bytes: &[u8]) -> bool {
    let is_as_long = path.metadata().is_ok_and(|found| found.is_file() && found.len() == bytes.len() as u64);
    is_as_long && fs::read(path).is_ok_and(|found| found == bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_stays_and_the_same_is_not_kept_twice() {
        let folder = std::env::temp_dir().join(format!("jean-downloads-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("jean-memory.mcpb"), "mine").unwrap();
        let second = keep(&folder, "jean-memory", "mcpb", b"one").unwrap();
        assert_eq!(second, folder.join("jean-memory (2).mcpb"));
        assert_eq!(keep(&folder, "jean-memory", "mcpb", b"one").unwrap(), second);
        assert_eq!(
            keep(&folder, "jean-memory", "mcpb", b"two").unwrap(),
            folder.join("jean-memory (3).mcpb")
        );
        assert_eq!(fs::read(folder.join("jean-memory.mcpb")).unwrap(), b"mine");
        assert!(keep(&folder.join("nowhere"), "jean-memory", "mcpb", b"one").is_err());
        fs::remove_dir_all(&folder).unwrap();
    }
}
