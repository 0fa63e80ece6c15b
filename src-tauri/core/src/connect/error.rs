//! Why an app was not connected or disconnected. In every case its files are as they were, or as they should be.

use std::path::PathBuf;

use super::document::Unreadable;
use super::file::FileError;
use super::official::CallError;
use crate::view::EntryChange;

/// Why an app was not connected or disconnected.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// There is no sign of the app.
    #[error("{0} is not installed here, as far as can be seen")]
    NotInstalled(&'static str),
    /// The app starts programs only.
    #[error(
        "{0} cannot be connected: it starts local programs only, and the one for that, jean-bridge, is not installed \
         where it would stay; a disk image, for one, is no such place"
    )]
    NeedsAdapter(&'static str),
    /// An entry of our name is there that says something else.
    #[error("{} has a \"jean-memory\" of its own already{}", file.display(), whose(*.change))]
    Taken {
        /// Where.
        file: PathBuf,
        /// Who made it what it is.
        change: EntryChange,
    },
    /// The same, in a file that only the app's own program may write.
    #[error("there is a \"jean-memory\" already; remove it first with: {command}")]
    RemoveFirst {
        /// What to type.
        command: String,
    },
    /// The entry leads elsewhere and was not made here.
    #[error("the \"jean-memory\" in {} leads elsewhere and was not made by the bridge, so it stays", .0.display())]
    NotOurs(PathBuf),
    /// The app would write over its file.
    #[error("{0} is running and would write over its settings; quit it first")]
    QuitFirst(&'static str),
    /// What is in the file cannot be edited.
    #[error("{} is left as it is: {reason}", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// Why.
        reason: Unreadable,
    },
    /// The file cannot be read or replaced.
    #[error("{} is left as it is: {reason}", file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// Why.
        reason: FileError,
    },
    /// Backups or records cannot be kept, so nothing was changed.
    #[error("the bridge cannot keep a backup: {0}")]
    Memory(#[source] FileError),
    /// Another bridge edits files now.
    #[error("another Jean Memory Bridge is changing the settings of apps just now; try again in a moment")]
    Busy,
    /// The app's own program failed.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The app's own program succeeded, and nothing can be seen of it.
    #[error("`{command}` said that it is done, but {} does not show it", file.display())]
    NotSeen {
        /// What was run.
        command: String,
        /// Where it should be.
        file: PathBuf,
    },
}

fn whose(change: EntryChange) -> &'static str {
    match change {
        EntryChange::Edited => ", which was changed since the bridge wrote it",
        EntryChange::Foreign => ", which the bridge did not write",
        EntryChange::Outdated => "",
    }
}
