//! What the bridge knows of newer versions. The doctor asks nobody: it may be run often, and the question is put once a
//! day.

use crate::view::{Check, Subject, UpdateFinding, UpdateMode, UpdateView};

const OWN: &str = env!("CARGO_PKG_VERSION");
/// Of a time in RFC 3339, what says the day.
const DAY: usize = "2026-11-21".len();

pub(crate) fn check(known: UpdateView) -> Vec<Check> {
    vec![Check::new(Subject::Updates, finding(known))]
}

fn finding(known: UpdateView) -> UpdateFinding {
    match known.mode {
        UpdateMode::NoSource => UpdateFinding::UpdateNoSource,
        UpdateMode::Forbidden => UpdateFinding::UpdateForbidden,
        UpdateMode::Off => UpdateFinding::UpdateOff,
        UpdateMode::On => match (known.newer, known.page, known.trouble, known.checked_at) {
            (Some(version), Some(page), _, _) => UpdateFinding::UpdateOut { version, own: OWN.into(), page },
            (_, _, Some(trouble), _) => UpdateFinding::UpdateUnchecked { reason: trouble.to_string() },
            (_, _, None, Some(at)) => UpdateFinding::UpdateNone {
                version: OWN.into(),
                day: at.get(..DAY).unwrap_or_default().to_owned(),
            },
            (_, _, None, None) => UpdateFinding::UpdateNotYet,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::{CheckState, UpdateTrouble};

    fn known() -> UpdateView {
        UpdateView {
            mode: UpdateMode::On,
            page: Some("https://example.com/releases".into()),
            checked_at: Some("2026-11-21T10:00:00Z".into()),
            newer: None,
            trouble: None,
        }
    }

    #[track_caller]
    fn assert_told(known: UpdateView, state: CheckState, words: &str) {
        let all = check(known);
        assert_eq!(all[0].state, state);
        let told = format!("{} {}", all[0].cause, all[0].cure.as_deref().unwrap_or_default());
        assert!(told.contains(words), "{told}");
    }

    #[test]
    fn what_is_known_is_told_with_what_to_do() {
        assert_told(known(), CheckState::Ok, "was out on 2026-11-21.");
        let newer = Some("9.0.0".to_owned());
        assert_told(
            UpdateView { newer: newer.clone(), ..known() },
            CheckState::Note,
            "Get it from https://example.com/releases",
        );
        let trouble = Some(UpdateTrouble::Unreachable);
        assert_told(UpdateView { trouble, ..known() }, CheckState::Unknown, "cannot be reached");
        assert_told(
            UpdateView { trouble, newer: newer.clone(), ..known() },
            CheckState::Note,
            "9.0.0 is out",
        );
        assert_told(
            UpdateView { checked_at: None, ..known() },
            CheckState::Note,
            "No check for a newer version",
        );
        for (mode, words) in [
            (UpdateMode::Off, "Switch it on"),
            (UpdateMode::Forbidden, "update_check"),
            (UpdateMode::NoSource, "releases_url"),
        ] {
            assert_told(UpdateView { mode, newer: newer.clone(), ..known() }, CheckState::Note, words);
        }
    }
}
