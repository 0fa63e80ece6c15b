//! J10: power is lost while clients work. What a disk then holds is everything that was synced, and any part of what was
//! not: a copy of the data, taken while the bridge stands still, with its log cut off anywhere behind what was synced
//! earlier. A bridge on such a copy knows everything that was answered before.

use std::path::{Path, PathBuf};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;
use tokio::task::JoinSet;

use super::rotating::Rotating;
use super::survival::until_stopped;
use crate::harness::bridge::{Bridge, BridgeOptions};
use crate::harness::oauth::Client;
use crate::system::dice::Dice;
use crate::system::until;

const CLIENTS: usize = 4;
const LOSSES: usize = 12;
/// Of each loss: different parts of what was not synced.
const CUTS: usize = 2;
/// Answers between two moments, at most.
const ANSWERS: u64 = 30;

/// What is on the disk at a moment, and what every client had been answered by then.
struct Moment {
    log: Vec<u8>,
    answered: Vec<usize>,
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_answered_survives_a_power_loss_at_any_moment() {
    let mut dice = Dice::new();
    let home = tempfile::tempdir().unwrap();
    let bridge = BridgeOptions::default().home(home.path()).start().await;
    let mut all = Vec::new();
    for number in 0..CLIENTS {
        let client = Client::register(&bridge, &format!("Rotating {number}")).await;
        let tokens = client.sign_in(&bridge).await;
        all.push(Rotating::new(client, tokens.refresh()));
    }
    let mut clients: JoinSet<Option<String>> = all.iter().cloned().map(Rotating::rotate).collect();
    let (mut torn, mut lost) = (0, 0);
    for _ in 0..LOSSES {
        let before = stand_still(&bridge, || moment(home.path(), &all)).await;
        work(&all, dice.below(ANSWERS), &mut clients).await;
        let copies = stand_still(&bridge, || {
            let now = moment(home.path(), &all);
            let cuts = (0..CUTS).map(|cut| cut_log(&before, &now, cut == 0, &mut dice));
            cuts.map(|(log, at_least)| (copy(home.path(), &log), log.len() < now.log.len(), at_least))
                .collect::<Vec<_>>()
        })
        .await;
        work(&all, 1, &mut clients).await;
        for (copy, is_torn, at_least) in copies {
            torn += usize::from(is_torn);
            lost += assert_knows(copy.path(), &all, &at_least).await;
        }
    }
    bridge.kill().await;
    clients.join_all().await;
    let rotations: usize = all.iter().map(Rotating::count).sum();
    assert!(rotations > LOSSES * CLIENTS && torn > 0, "{rotations} rotations, {torn} torn");
    println!(
        "{rotations} rotations, {torn} logs torn, {lost} answers that a disk without sync would have lost"
    );
}

/// Lets the clients work until they have been answered so often.
async fn work(all: &[Rotating], answers: u64, clients: &mut JoinSet<Option<String>>) {
    let count = || all.iter().map(|one| one.count() as u64).sum::<u64>();
    let enough = count() + answers;
    until("the clients are answered", || {
        // One that has failed shows why.
        assert!(clients.try_join_next().is_none(), "a client ended before the bridge");
        let is_enough = count() >= enough;
        async move { is_enough }
    })
    .await;
}

/// Does something while nothing of the bridge runs.
async fn stand_still<T>(bridge: &Bridge, mut look: impl FnMut() -> T) -> T {
    let pid = Pid::from_raw(bridge.pid().cast_signed()).expect("a process id");
    kill_process(pid, Signal::STOP).expect("it runs");
    until_stopped(bridge.pid()).await;
    let seen = look();
    kill_process(pid, Signal::CONT).expect("it stands still");
    seen
}

fn moment(home: &Path, all: &[Rotating]) -> Moment {
    let log = valid(std::fs::read(home.join("data/bridge.db-wal")).unwrap_or_default());
    Moment { log, answered: all.iter().map(Rotating::count).collect() }
}

/// The log without what an earlier round has left behind its end: SQLite begins anew at the front of the file, and knows
/// its own by the salts in the header.
fn valid(mut log: Vec<u8>) -> Vec<u8> {
    const HEADER: usize = 32;
    const FRAME_HEADER: usize = 24;
    if log.len() < HEADER {
        return log;
    }
    let page = u32::from_be_bytes(log[8..12].try_into().expect("four bytes")) as usize;
    let salts = log[16..24].to_vec();
    let frames = log[HEADER..].chunks_exact(FRAME_HEADER + page);
    let count = frames.take_while(|frame| frame[8..16] == *salts).count();
    log.truncate(HEADER + count * (FRAME_HEADER + page));
    log
}

/// The log as a power loss may leave it, and how many answers are behind it at least.
///
/// An answer leaves after its commit was synced, so what was answered by now is there, unless the disk lies; cut behind
/// what was there earlier, only that is sure. A log that began anew meanwhile is left whole.
fn cut_log(before: &Moment, now: &Moment, is_whole: bool, dice: &mut Dice) -> (Vec<u8>, Vec<usize>) {
    let goes_on = !before.log.is_empty() && now.log.starts_with(&before.log);
    if is_whole || !goes_on {
        return (now.log.clone(), now.answered.clone());
    }
    let added = (now.log.len() - before.log.len()) as u64;
    let kept = before.log.len() + usize::try_from(dice.below(added + 1)).expect("a length");
    (now.log[..kept].to_vec(), before.answered.clone())
}

fn copy(home: &Path, log: &[u8]) -> tempfile::TempDir {
    let copy = tempfile::tempdir().expect("a directory");
    let data: PathBuf = copy.path().join("data");
    std::fs::create_dir(&data).expect("a directory");
    std::fs::copy(home.join("data/bridge.db"), data.join("bridge.db")).expect("a copy");
    // The index of the log lives in memory and is lost with the power.
    std::fs::write(data.join("bridge.db-wal"), log).expect("a copy");
    copy
}

/// The bridge on this copy is well, and every client goes on where it was, or before that where the log was cut. Says how
/// many answers are not known there.
async fn assert_knows(home: &Path, all: &[Rotating], at_least: &[usize]) -> usize {
    let bridge = BridgeOptions::default().home(home).start().await;
    let status = bridge.cli_json(&["status"]).await;
    assert_eq!(
        (&status["clients"], &status["notices"]),
        (&json!(CLIENTS), &json!([])),
        "nothing was set aside"
    );
    let mut lost = 0;
    for (one, at_least) in all.iter().zip(at_least) {
        let there = one.at(bridge.url());
        let newest = one.count() - 1;
        let mut known = None;
        // Unknown tokens end nothing, so the newest that is known is the first that is answered with another.
        for at in (at_least - 1..=newest).rev() {
            let answer = there.refresh(&one.token(at)).await.expect("it runs");
            if answer.status == 200 {
                known = Some((at, answer.next));
                break;
            }
        }
        let (at, next) = known.unwrap_or_else(|| panic!("{} lost its sign-in", one.client.id));
        lost += newest - at;
        assert_eq!(there.refresh(&next).await.expect("it runs").status, 200);
    }
    bridge.kill().await;
    lost
}
