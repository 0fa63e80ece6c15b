//! `doctor`: what is wrong, why, and what helps; one line each, with or without a bridge that runs.

use std::collections::VecDeque;
use std::io::{Write as _, stderr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bridge_core::connect::app_beside;
use bridge_core::doctor::{Doctor, Known};
use bridge_core::paths::Paths;
use bridge_core::view::{Check, CheckState, DoctorView, Subject};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};

use crate::args::Format;
use crate::failure::Failure;
use crate::output::{print, print_json};
use crate::safe::safe;

/// What takes longer is named, so that nobody wonders.
const NOTICEABLE: Duration = Duration::from_secs(1);
/// Of the longest state and of the longest name, with the gap after them.
const STATE_WIDTH: usize = 9;
const NAME_WIDTH: usize = 16;

type Examination = JoinHandle<Vec<Check>>;

pub(crate) async fn run(paths: &Paths, adapter: PathBuf, format: Format) -> Result<(), Failure> {
    let app = Some(app_beside(&adapter)).filter(|app| app.is_file());
    let known = Known { adapter: Some(adapter), app, ..Known::default() };
    let doctor = Arc::new(Doctor::new(paths.clone(), known));
    let started = Instant::now();
    let examined = Subject::EXAMINED.map(|subject| {
        let doctor = doctor.clone();
        (subject, tokio::spawn(async move { doctor.examine(subject).await }))
    });
    let mut waiting = VecDeque::from(examined);
    let mut all = Vec::new();
    let mut is_told = false;
    while let Some((subject, mut examination)) = waiting.pop_front() {
        let in_time = timeout_at(started + NOTICEABLE, &mut examination).await;
        let checks = if let Ok(checks) = in_time {
            checks
        } else {
            if !is_told {
                is_told = true;
                tell_what_is_slow(subject, &waiting);
            }
            examination.await
        };
        let checks =
            checks.map_err(|_| Failure::Failed(format!("The doctor failed at: {}.", subject.name())))?;
        if !format.json {
            print(&checks.iter().map(line).collect::<String>())?;
        }
        all.extend(checks);
    }
    let view = DoctorView::new(all);
    if format.json {
        print_json(&view)?;
    } else {
        print(&summary(&view))?;
    }
    if view.state == CheckState::Failed { Err(Failure::Told) } else { Ok(()) }
}

fn tell_what_is_slow(first: Subject, waiting: &VecDeque<(Subject, Examination)>) {
    let others = waiting.iter().filter(|(_, examination)| !examination.is_finished());
    let names: Vec<_> =
        std::iter::once(first).chain(others.map(|(subject, _)| *subject)).map(Subject::name).collect();
    // Nobody may be reading.
    let _ = writeln!(stderr(), "Still looking at: {} …", names.join(", "));
}

fn line(check: &Check) -> String {
    let cure = check.cure.as_ref().map(|cure| format!(" {cure}")).unwrap_or_default();
    let (state, name) = (word(check.state), check.check.name());
    format!("{state:<STATE_WIDTH$}{name:<NAME_WIDTH$}{}\n", safe(&format!("{}{cure}", check.cause)))
}

fn word(state: CheckState) -> &'static str {
    match state {
        CheckState::Ok => "ok",
        CheckState::Note => "note",
        CheckState::Unknown => "unknown",
        CheckState::Warning => "warning",
        CheckState::Failed => "FAILED",
    }
}

fn summary(view: &DoctorView) -> String {
    let of = |state| view.checks.iter().filter(|check| check.state == state).count();
    match (of(CheckState::Failed), of(CheckState::Warning)) {
        (0, 0) => "\nNothing is wrong.\n".into(),
        (0, warnings) => format!("\nNothing fails; warnings: {warnings}.\n"),
        (failed, 0) => format!("\nFailed: {failed}.\n"),
        (failed, warnings) => format!("\nFailed: {failed}; warnings: {warnings}.\n"),
    }
}

#[cfg(test)]
mod tests {
    use bridge_core::view::{BridgeFinding, ComputerFinding};

    use super::*;

    #[test]
    fn a_check_is_one_line_that_cannot_steer_the_terminal() {
        let finding = BridgeFinding::PortTaken { port: 5326, program: "ev\u{1b}il".into(), pid: 4711 };
        assert_eq!(
            line(&Check::new(Subject::Port, finding)),
            "FAILED   port            Another program uses port 5326 (ev\u{fffd}il, 4711). Quit it, or choose another \
             port in the settings and connect your apps again.\n"
        );
        assert_eq!(
            line(&Check::new(Subject::Clock, ComputerFinding::ClockFine)),
            "ok       clock           The clock agrees with Jean Memory's.\n"
        );
    }

    #[test]
    fn every_state_and_every_name_leaves_a_gap() {
        for state in
            [CheckState::Ok, CheckState::Note, CheckState::Unknown, CheckState::Warning, CheckState::Failed]
        {
            assert!(word(state).len() < STATE_WIDTH);
        }
        for subject in Subject::EXAMINED {
            assert!(subject.name().len() < NAME_WIDTH);
        }
    }
}
