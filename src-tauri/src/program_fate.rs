//! What has become of the app's own file. A new one in its place is told, and takes over when the person wants it; when the
//! app was uninstalled, it ends, and leaves everything else as it is.

use bridge_core::program_file::ProgramState;
use tauri::{AppHandle, Manager as _};

use crate::ending;
use crate::notify::{self, Notice};
use crate::shell::Shell;

/// Looks, at their usual time, that find no program: an update that removes before it installs is in between at most one.
const LOOKS_UNTIL_GONE: u32 = 2;

/// What was found so far.
#[derive(Debug, Default)]
pub(crate) struct Fate {
    is_replaced: bool,
    looks_without: u32,
}

/// What is to be done about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Nothing,
    /// The tray and the window say something else from now on.
    Tell,
    End,
}

/// Looks once; `is_time`: not only because somebody wanted it sooner.
pub(crate) fn look(app: &AppHandle, fate: &mut Fate, is_time: bool) {
    let shell = app.state::<Shell>();
    match fate.meets(shell.program.state(), is_time) {
        Step::Nothing => {}
        Step::Tell => {
            tracing::info!(is_replaced = fate.is_replaced, "the program's file has changed");
            shell.note_change();
        }
        Step::End => {
            tracing::warn!(program = %shell.program.path().display(), "the program was removed, so it ends");
            notify::show(app, &Notice::Removed);
            ending::quit(app);
        }
    }
}

impl Fate {
    fn meets(&mut self, state: ProgramState, is_time: bool) -> Step {
        if state == ProgramState::Gone {
            self.looks_without += u32::from(is_time);
            return if self.looks_without == LOOKS_UNTIL_GONE { Step::End } else { Step::Nothing };
        }
        self.looks_without = 0;
        let was_replaced = std::mem::replace(&mut self.is_replaced, state == ProgramState::Replaced);
        if was_replaced == self.is_replaced { Step::Nothing } else { Step::Tell }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replaced_program_is_told_once() {
        let mut fate = Fate::default();
        assert_eq!(fate.meets(ProgramState::AsStarted, true), Step::Nothing);
        assert_eq!(fate.meets(ProgramState::Replaced, false), Step::Tell);
        assert_eq!(fate.meets(ProgramState::Replaced, true), Step::Nothing);
        assert_eq!(fate.meets(ProgramState::AsStarted, true), Step::Tell);
    }

    #[test]
    fn only_a_program_that_stays_away_is_gone() {
        let mut fate = Fate::default();
        assert_eq!(fate.meets(ProgramState::Gone, true), Step::Nothing);
        for _ in 0..9 {
            assert_eq!(
                fate.meets(ProgramState::Gone, false),
                Step::Nothing,
                "somebody looks again and again"
            );
        }
        assert_eq!(fate.meets(ProgramState::Replaced, true), Step::Tell, "it was an update");
        assert_eq!(fate.meets(ProgramState::Gone, true), Step::Nothing);
        assert_eq!(fate.meets(ProgramState::Gone, true), Step::End);
        assert_eq!(fate.meets(ProgramState::Gone, true), Step::Nothing, "it ends already");
    }
}
