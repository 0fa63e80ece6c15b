//! J9: something is wrong, and `jean-bridge doctor` names cause and cure; once it is cured, it says so. Every fault here
//! is a real one (design.md 5 "Doctor").

mod apps;
mod bridge;
mod computer;
mod hanging;
mod keeping;
mod memories;

use std::path::Path;

use serde_json::{Value, json};

use crate::harness::bridge::{BridgeOptions, Ended};

/// What the doctor found.
struct Diagnosis {
    view: Value,
    status: Option<i32>,
}

impl Diagnosis {
    fn of(ended: &Ended) -> Self {
        let view = serde_json::from_str(&ended.stdout).unwrap_or_else(|_| panic!("not JSON: {ended:?}"));
        let diagnosis = Self { view, status: ended.status.code() };
        let is_failed = diagnosis.view["state"] == "failed";
        assert_eq!(diagnosis.status, Some(i32::from(is_failed)), "{}", diagnosis.view);
        diagnosis
    }

    /// What was found of a subject.
    #[track_caller]
    fn codes(&self, subject: &str) -> Vec<&str> {
        let checks = self.view["checks"].as_array().expect("a list").iter();
        let codes: Vec<_> = checks
            .filter(|check| check["check"] == subject)
            .map(|check| check["finding"]["code"].as_str().expect("a code"))
            .collect();
        assert!(!codes.is_empty(), "nothing is told of {subject}: {}", self.view);
        codes
    }

    #[track_caller]
    fn assert_finds(&self, subject: &str, code: &str) -> &Value {
        let checks = self.view["checks"].as_array().expect("a list");
        let found = checks.iter().find(|check| check["check"] == subject && check["finding"]["code"] == code);
        found.unwrap_or_else(|| panic!("{subject} is {:?}, not {code}", self.codes(subject)))
    }

    /// A fault has a cause and a cure, in words that are given.
    #[track_caller]
    fn assert_names(&self, subject: &str, code: &str, words: [&str; 2]) {
        let check = self.assert_finds(subject, code);
        assert_eq!(check["state"], "failed", "{check}");
        for (sentence, word) in ["cause", "cure"].into_iter().zip(words) {
            let text = check[sentence].as_str().unwrap_or_default();
            assert!(text.contains(word), "{word} is not in the {sentence}: {check}");
        }
    }

    /// Nothing else is to be found of it.
    #[track_caller]
    fn assert_ok(&self, subject: &str, code: &str) {
        assert_eq!(self.codes(subject), [code]);
        assert_eq!(self.assert_finds(subject, code)["state"], "ok");
    }
}

/// The sandbox, no keychain, a home that stays.
fn options(home: &Path) -> BridgeOptions {
    BridgeOptions::default().env("JEAN_BRIDGE_LOG", "off").home(home)
}

async fn doctor(options: &BridgeOptions) -> Diagnosis {
    Diagnosis::of(&options.cli(&["doctor", "--json"]).await)
}

#[tokio::test]
async fn a_bridge_with_nothing_wrong_is_told_so_in_one_line_each() {
    let home = tempfile::tempdir().unwrap();
    let options = options(home.path()).env("JEAN_BRIDGE_PORT", "0");
    let bridge = options.clone().start().await;
    let ended = options.cli(&["doctor"]).await;
    assert_eq!(ended.status.code(), Some(0), "{ended:?}");
    // A busy computer may take its time, and then it is said.
    assert!(ended.stderr.lines().all(|line| line.starts_with("Still looking at: ")), "{ended:?}");
    let lines: Vec<_> = ended.stdout.lines().collect();
    for words in
        ["ok       bridge", "ok       port", "ok       database", "ok       folders", "Nothing is wrong."]
    {
        assert!(lines.iter().any(|line| line.starts_with(words)), "{words}: {ended:?}");
    }
    let told = doctor(&options).await;
    assert_eq!(lines.len(), told.view["checks"].as_array().unwrap().len() + 2);
    // No secret was configured to be in it, and none is needed.
    told.assert_finds("keychain", "keychain_not_needed");
    assert_eq!(told.view["version"], env!("CARGO_PKG_VERSION"));
    let check = told.assert_finds("port", "port_ours");
    let members: Vec<_> = check.as_object().unwrap().keys().collect();
    assert_eq!(members, ["cause", "check", "cure", "finding", "state"]);
    assert_eq!(check["finding"], json!({ "code": "port_ours", "port": bridge.port() }));
}

#[tokio::test]
async fn whoever_never_started_a_bridge_is_told_how_and_nothing_is_made() {
    let home = tempfile::tempdir().unwrap();
    let place = home.path().join("not-there-yet");
    let told = doctor(&options(home.path()).env("JEAN_BRIDGE_HOME", &place)).await;
    told.assert_names("bridge", "not_running", ["not running", "jean-bridge serve"]);
    told.assert_ok("database", "database_absent");
    told.assert_ok("folders", "folders_absent");
    told.assert_ok("log", "log_absent");
    assert!(!place.exists(), "a look changes nothing");
}
