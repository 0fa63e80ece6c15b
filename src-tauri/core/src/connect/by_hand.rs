//! What a person does where the bridge cannot: for an app that was not found, or a file that only its owner should edit.

use std::path::{Path, PathBuf};

use super::Connector;
use super::apps::{App, Transport};
use super::official::Call;
use super::plan::place;
use crate::view::ByHand;

impl Connector {
    /// `files` are those that were found.
    pub(super) fn by_hand(&self, app: &App, files: &[PathBuf]) -> ByHand {
        let Some((transport, entry)) = self.wanted(app) else { return ByHand::default() };
        let official = app.official.filter(|official| {
            transport == Transport::Http && official.on.contains(&self.surroundings.system)
        });
        let command =
            official.map(|official| Call::new(official.program.into(), official.add, &self.url).typed());
        let file = files.first().cloned().or_else(|| self.surroundings.usual_file(app));
        // As it would stand in a file of its own.
        let entry = app.format.put("", place(app), &entry).ok().map(|splice| splice.inserted);
        ByHand { command, file: file.map(|file| self.below_home(&file)), entry }
    }

    /// A path as people write it.
    fn below_home(&self, file: &Path) -> String {
        let home = &self.surroundings.home;
        let short = file.strip_prefix(home).map(|rest| Path::new("~").join(rest));
        short.unwrap_or_else(|_| file.to_owned()).display().to_string()
    }
}
