//! What there is to do to one file of an app, worked out before anything is done: what is previewed is what is done.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::apps::App;
use super::document::{Place, Splice, Unreadable};
use super::entry::{ENTRY_NAME, Entry, fingerprint};
use super::error::ConnectError;
use super::file::Snapshot;
use super::memory::{Memory, Record};
use super::official::Call;
use crate::logging::redact;
use crate::view::ConnectStep;

/// What there is to do to one file.
#[derive(Debug)]
pub(super) enum Plan {
    /// The app's own program does it.
    Run { file: PathBuf, calls: Vec<Call> },
    /// It becomes `text`, which differs in what is shown; afterwards the record is remembered, or nothing any more.
    Edit { file: PathBuf, snapshot: Snapshot, text: String, shown: Splice, record: Option<Record> },
    /// We made it and nobody has added to it.
    Remove { file: PathBuf, snapshot: Snapshot },
    /// The app has thrown our entry away, and nothing more is wanted.
    Forget { file: PathBuf },
}

/// Where the app's entry is.
pub(super) fn place(app: &App) -> Place<'static> {
    Place { container: app.container, name: ENTRY_NAME }
}

/// Reads a file of the app.
pub(super) fn read(file: &Path) -> Result<Snapshot, ConnectError> {
    Snapshot::read(file).map_err(|reason| ConnectError::File { file: file.to_owned(), reason })
}

/// The edit that puts the entry in. What the bridge wrote there earlier is taken out first, so that undoing this leads
/// back to the time before the bridge.
pub(super) fn put(app: &App, file: &Path, entry: &Entry, old: Option<Record>) -> Result<Plan, ConnectError> {
    let (place, format) = (place(app), app.format);
    let refused = |reason| ConnectError::Unreadable { file: file.to_owned(), reason };
    let snapshot = read(file)?;
    let present = format.entry(&snapshot.text, place).map_err(refused)?;
    let undo = old.as_ref().map(|old| undo(app, &snapshot.text, old)).transpose().map_err(refused)?.flatten();
    let base = undo.as_ref().map(|undo| undo.applied_to(&snapshot.text));
    let base = base.as_ref().unwrap_or(&snapshot.text);
    let made = format.put(base, place, entry).map_err(refused)?;
    let text = made.applied_to(base);
    let shown = match undo {
        Some(undo) => Splice { inserted: made.inserted.clone(), ..undo },
        None => made.clone(),
    };
    let (previous, made_file) = match old {
        Some(old) => (old.previous, old.made_file),
        None => (present, !snapshot.exists()),
    };
    let wrote = fingerprint(&entry.value());
    let record =
        Record { wrote, splice: Some(made), previous, made_file, is_loss_told: false, is_move_told: false };
    Ok(Plan::Edit { file: file.to_owned(), snapshot, text, shown, record: Some(record) })
}

/// What takes the entry out, and brings back what was there before it.
pub(super) fn take(app: &App, file: &Path, old: Option<&Record>) -> Result<Plan, ConnectError> {
    let refused = |reason| ConnectError::Unreadable { file: file.to_owned(), reason };
    let snapshot = read(file)?;
    let splice = match old {
        Some(old) => undo(app, &snapshot.text, old),
        None => app.format.take(&snapshot.text, place(app)),
    };
    let file = file.to_owned();
    let Some(shown) = splice.map_err(refused)? else { return Ok(Plan::Forget { file }) };
    let text = shown.applied_to(&snapshot.text);
    if text.is_empty() && old.is_some_and(|old| old.made_file) {
        return Ok(Plan::Remove { file, snapshot });
    }
    Ok(Plan::Edit { file, snapshot, text, shown, record: None })
}

/// What takes our entry out and brings the previous one back; none when our entry is gone.
fn undo(app: &App, text: &str, old: &Record) -> Result<Option<Splice>, Unreadable> {
    let (place, format) = (place(app), app.format);
    if format.entry(text, place)?.is_none() {
        return Ok(None);
    }
    if let Some(made) = &old.splice
        && let Some(undo) = format.undo(text, place, made, old.previous.as_ref())?
    {
        return Ok(Some(undo));
    }
    match old.previous.as_ref().and_then(Entry::of) {
        Some(previous) => format.put(text, place, &previous).map(Some),
        None => format.take(text, place),
    }
}

impl Plan {
    pub(super) fn file(&self) -> &Path {
        match self {
            Self::Run { file, .. }
            | Self::Edit { file, .. }
            | Self::Remove { file, .. }
            | Self::Forget { file } => file,
        }
    }

    /// For a person to look at.
    pub(super) fn steps(&self) -> Vec<ConnectStep> {
        match self {
            Self::Run { calls, .. } => {
                calls.iter().map(|call| ConnectStep::Run { command: call.typed() }).collect()
            }
            Self::Edit { file, snapshot, shown, .. } => vec![edit_step(file, snapshot, shown, None)],
            Self::Remove { file, .. } => vec![ConnectStep::Remove { file: file.clone() }],
            Self::Forget { .. } => Vec::new(),
        }
    }

    /// Does it, but for what a program does.
    pub(super) fn apply(&self, memory: &Memory, now: SystemTime) -> Result<Vec<ConnectStep>, ConnectError> {
        let file = self.file();
        let failed = |reason| ConnectError::File { file: file.to_owned(), reason };
        let mut steps = self.steps();
        match self {
            Self::Edit { snapshot, text, shown, record, .. } => {
                let backup = snapshot.exists().then(|| memory.back_up(file, &snapshot.text, now));
                let backup = backup.transpose().map_err(ConnectError::Memory)?;
                let before = memory.record(file);
                // First what was wanted, or a crash in between would make our own entry a stranger's.
                if let Some(record) = record {
                    memory.remember(file, record).map_err(ConnectError::Memory)?;
                }
                if let Err(reason) = snapshot.replace(text) {
                    // What was not written has not been thrown away by the app either.
                    let is_written = Snapshot::read(file).is_ok_and(|now| now.text == *text);
                    if !is_written {
                        let kept =
                            before.map_or_else(|| memory.forget(file), |old| memory.remember(file, &old));
                        kept.map_err(ConnectError::Memory)?;
                    }
                    return Err(failed(reason));
                }
                steps = vec![edit_step(file, snapshot, shown, backup)];
            }
            Self::Remove { snapshot, .. } => snapshot.remove().map_err(failed)?,
            Self::Run { .. } | Self::Forget { .. } => {}
        }
        let is_kept = matches!(self, Self::Edit { record: Some(_), .. } | Self::Run { .. });
        if !is_kept {
            memory.forget(file).map_err(ConnectError::Memory)?;
        }
        Ok(steps)
    }
}

/// Only what goes and what comes: the lines around it may hold other people's secrets.
fn edit_step(file: &Path, snapshot: &Snapshot, splice: &Splice, backup: Option<PathBuf>) -> ConnectStep {
    let lines = |text: &str| -> Vec<String> {
        // A piece may begin or end in the middle of a line.
        let lines = text.trim_start_matches(['\r', '\n']).trim_end().lines();
        lines.map(|line| redact(line).into_owned()).collect()
    };
    ConnectStep::Edit {
        file: file.to_owned(),
        line: splice.first_line(&snapshot.text),
        removed: lines(&splice.removed),
        added: lines(&splice.inserted),
        backup,
    }
}
