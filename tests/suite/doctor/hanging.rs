//! What never answers: the doctor names it, and what does answer is told all the same.

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn a_keychain_and_a_network_that_hang_are_findings_and_hold_nothing_up() {
    use super::{Diagnosis, options};
    use crate::double::{Double, Fault, path};
    use crate::harness::keychain::{Keychain, SECRETS};

    let home = tempfile::tempdir().unwrap();
    let (keychain, double) = (Keychain::with_bus(), Double::start().await);
    let _silence = keychain.silence(SECRETS);
    double.fault(Fault::Hang.on(path("/health")));
    let options = options(home.path()).keychain(&keychain).api(&double.base_url());
    let _bridge = options.clone().start().await;
    // With and without a bridge, side by side: each takes as long as its deadline.
    let other = tempfile::tempdir().unwrap();
    let alone = options.clone().home(other.path());
    let text = ["doctor"];
    let (with, without, told) = tokio::join!(
        options.cli(&["doctor", "--json"]),
        alone.cli(&["doctor", "--json"]),
        options.cli(&text)
    );
    for diagnosis in [Diagnosis::of(&with), Diagnosis::of(&without)] {
        diagnosis.assert_names("keychain", "keychain_slow", ["does not answer", "prompt"]);
        diagnosis.assert_names("upstream", "upstream_slow", ["does not answer in time", "again"]);
        diagnosis.assert_ok("config", "settings_absent");
    }
    let slow = told.stderr.strip_prefix("Still looking at: ").unwrap_or_else(|| panic!("{told:?}"));
    assert!(slow.contains("keychain") && slow.contains("Jean Memory"), "{told:?}");
    assert_eq!(slow.lines().count(), 1, "{told:?}");
    double.release();
}
