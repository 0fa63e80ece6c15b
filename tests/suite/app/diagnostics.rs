//! J9 in the window: the doctor's list, the buttons that cure, and the report to hand on.

use serde_json::{Value, json};

use super::world::World;
use crate::double::{ALICE, Fault, REVOKED_KEY, key, path};
use crate::harness::webdriver::Page;

async fn open(world: &World) -> Page<'_> {
    let page = world.open(&world.icon()).await;
    page.find_called("Diagnostics").await.click().await;
    until_examined(&page).await;
    page
}

async fn until_examined(page: &Page<'_>) {
    page.until("document.querySelector('.findings') && !document.querySelector('.panels [aria-busy=true]')")
        .await;
}

async fn check_again(page: &Page<'_>) {
    page.find_called("Check again").await.click().await;
    until_examined(page).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fault_is_told_with_its_cure_and_a_new_look_sees_that_it_is_gone() {
    let world = World::with_account().await;
    let page = open(&world).await;
    page.until_shown("Nothing is wrong.").await;
    for words in [
        "A test entry was written, read again and removed.",
        "The database is whole.",
        "Jean Memory accepts the key",
    ] {
        page.until_shown(words).await;
    }

    let settings = world.desktop.bridge_home().join("config.toml");
    std::fs::write(&settings, "colour = \"red\"\n").unwrap();
    world.double.go_away().await;
    check_again(&page).await;
    page.until_shown("2 faults.").await;
    page.until_shown("has a key that does not exist: colour").await;
    page.until_shown("the next start would refuse the file").await;
    page.until_shown("refuses the connection").await;

    std::fs::remove_file(settings).unwrap();
    world.double.come_back();
    check_again(&page).await;
    page.until_shown("Nothing is wrong.").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cure_that_is_in_this_window_has_a_button() {
    let world = World::with_account().await;
    world.double.fault(Fault::RevokeNow.on(key(ALICE.key)));
    let page = open(&world).await;
    page.until_shown("One fault.").await;
    page.until_shown("Jean Memory does not accept the key of").await;
    page.find_called("Open Accounts").await.click().await;
    page.until("document.querySelector('[role=tab][aria-selected=true]').innerText.includes('Accounts')")
        .await;
    assert_eq!(world.accounts().await[0]["state"], "rejected");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_hangs_holds_up_its_own_line_only() {
    let world = World::with_account().await;
    world.double.fault(Fault::Hang.on(path("/health")));
    let page = world.open(&world.icon()).await;
    page.find_called("Diagnostics").await.click().await;
    page.until_shown("Jean Memory: still looking").await;
    page.until_shown("The database is whole.").await;
    page.until_shown("Looking …").await;
    world.double.clear();
    world.double.release();
    until_examined(&page).await;
    page.until_shown("Nothing is wrong.").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_is_saved_with_what_was_found_and_nothing_private() {
    let world = World::with_account().await;
    let (_, tokens) = world.sign_in("Ferris the harmless").await;
    let refused = world.app.cli_with_stdin(&["accounts", "add", "--key-stdin"], REVOKED_KEY).await;
    assert!(!refused.status.success());
    world.double.fault(Fault::RevokeNow.on(key(ALICE.key)));
    let page = open(&world).await;
    page.until_shown("One fault.").await;
    page.find_called("Save a report").await.click().await;
    page.until_shown("The report is saved as").await;
    let logs = world.desktop.bridge_home().join("logs");
    let files = std::fs::read_dir(logs).unwrap().map(|entry| entry.unwrap().path());
    let reports: Vec<_> = files.filter(|file| file.extension().is_some_and(|end| end == "txt")).collect();
    let [report] = reports.as_slice() else { panic!("{reports:?}") };
    let text = std::fs::read_to_string(report).unwrap();
    assert!(text.contains("Failed: keys: Jean Memory does not accept the key of"), "{text}");
    assert!(text.contains("the bridge listens"), "the log is in it: {text}");
    let home = world.desktop.keychain().home().display().to_string();
    let account = world.accounts().await[0].clone();
    let label = account["label"].as_str().unwrap();
    for secret in [ALICE.key, ALICE.id, REVOKED_KEY, &tokens.access, tokens.refresh(), &home, label] {
        assert!(!text.contains(secret), "{secret} is in {text}");
    }
    assert_eq!(page.invoke("diagnostics_report", json!({})).await.map(|report| report.is_string()), Ok(true));
    let unknown = page.invoke("doctor_examine", json!({ "subject": "everything" })).await;
    assert!(unknown.is_err() && unknown != Err(Value::Null), "{unknown:?}");
}
