//! `kill -9` at any moment: what was answered is kept, what is kept is whole (protocol.md 4.13; design.md J10).
//!
//! Several clients rotate their refresh tokens as fast as they can while new ones register; the bridge is
//! killed in the middle of it, or while it starts, and started again in the same home, hundreds of times.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};
use serde_json::json;
use tokio::task::JoinSet;

use super::dice::Dice;
use crate::harness::bridge::BridgeOptions;
use crate::harness::http::{Answer, Http};
use crate::harness::oauth::{Client, REDIRECT_URI};

const KILLS: usize = 250;
const CLIENTS: usize = 6;
/// Below the limit of registrations, which counts anew at each start.
const REGISTRATIONS: usize = 3;
/// Answers of one life before its end; few, so that many lives end within a write.
const ANSWERS: u64 = 24;
/// How long after such an answer the end comes, in microseconds: about one commit.
const MOMENT: u64 = 4000;
/// One life in so many is already over before it listens, within so many microseconds.
const STILLBORN: u64 = 6;
const START: u64 = 60_000;
/// Every so many lives the files that were left behind are looked into.
const LOOKS: usize = 25;

/// A client, and the refresh tokens it was answered with, oldest first.
struct Rotating {
    client: Client,
    answered: Vec<String>,
}

impl Rotating {
    fn newest(&self) -> &str {
        self.answered.last().expect("the first came with the code")
    }

    /// Rotates until the bridge is gone. A token that was answered is never refused (protocol.md 4.13).
    async fn rotate(mut self, http: Http, count: Arc<AtomicU64>) -> Self {
        self.client.http = http;
        while let Some(answer) = refresh(&self.client, self.newest()).await {
            self.answered.push(refreshed(&answer, &self.client.id));
            count.fetch_add(1, Ordering::Relaxed);
        }
        self
    }
}

async fn refresh(client: &Client, token: &str) -> Option<Answer> {
    let pairs = [("grant_type", "refresh_token"), ("client_id", &client.id), ("refresh_token", token)];
    client.http.post("/oauth/token").form(&pairs).try_send().await
}

#[track_caller]
fn refreshed(answer: &Answer, client: &str) -> String {
    assert_eq!(answer.status, 200, "{client} lost its refresh token: {}", answer.text());
    answer.json()["refresh_token"].as_str().expect("each comes with a successor").to_owned()
}

/// Registers until the bridge is gone; the ids that were answered.
async fn register(http: Http) -> Vec<String> {
    let metadata = json!({ "client_name": "Newcomer", "redirect_uris": [REDIRECT_URI], "token_endpoint_auth_method": "none" });
    let mut ids = Vec::new();
    while ids.len() < REGISTRATIONS {
        let Some(answer) = http.post("/oauth/register").json(&metadata).try_send().await else { break };
        let reply = answer.assert_status(201).json();
        ids.push(reply["client_id"].as_str().expect("an id").to_owned());
    }
    ids
}

/// The token endpoint tells a client that it knows from one that it does not (protocol.md 2.13).
async fn assert_known(http: &Http, id: &str) {
    let pairs = [("grant_type", "refresh_token"), ("client_id", id), ("refresh_token", "none")];
    let answer = http.post("/oauth/token").form(&pairs).send().await;
    assert_ne!(answer.json()["error"], "invalid_client", "the registration of {id} was lost");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_was_answered_is_lost_by_kill_9() {
    let mut dice = Dice::new();
    let home = tempfile::tempdir().unwrap();
    let options = BridgeOptions::default().home(home.path());

    let mut bridge = options.clone().start().await;
    let mut rotating = Vec::new();
    for number in 0..CLIENTS {
        let client = Client::register(&bridge, &format!("Rotating {number}")).await;
        let tokens = client.sign_in(&bridge).await;
        rotating.push(Rotating { client, answered: vec![tokens.refresh().to_owned()] });
    }
    let mut registered = Vec::new();
    let mut cut_short = 0;
    for kill in 0..KILLS {
        let answers = Arc::new(AtomicU64::new(0));
        let mut clients = JoinSet::new();
        for one in rotating.drain(..) {
            clients.spawn(one.rotate(bridge.http(), answers.clone()));
        }
        let newcomers = tokio::spawn(register(bridge.http()));
        let enough = dice.below(ANSWERS);
        while answers.load(Ordering::Relaxed) < enough && !clients.is_empty() {
            // A client that ends before the bridge does has failed: then its panic is shown below.
            assert!(clients.try_join_next().is_none(), "a client ended before the bridge");
            tokio::time::sleep(Duration::from_micros(100)).await;
        }
        tokio::time::sleep(Duration::from_micros(dice.below(MOMENT))).await;
        bridge.kill().await;
        rotating = clients.join_all().await;
        let newcomers = newcomers.await.expect("every registration that is answered is a 201");
        if newcomers.len() < REGISTRATIONS {
            cut_short += 1;
        }

        if kill % LOOKS == 0 {
            assert_whole(&copy(home.path()));
        }
        if dice.below(STILLBORN) == 0 {
            let starting = options.clone().spawn();
            tokio::time::sleep(Duration::from_micros(dice.below(START))).await;
            starting.kill().await;
        }
        bridge = options.clone().start().await;
        for id in &newcomers {
            assert_known(&bridge.http(), id).await;
        }
        registered.extend(newcomers);
    }

    // The test has tested something.
    let rotations: usize = rotating.iter().map(|one| one.answered.len()).sum();
    assert!(rotations > 2 * KILLS, "{rotations} rotations");
    assert!(cut_short > 0 && registered.len() > KILLS / 2, "{cut_short}, {}", registered.len());

    let status = bridge.cli_json(&["status"]).await;
    assert_eq!(status["clients"], CLIENTS);
    assert_eq!(status["notices"], json!([]), "nothing was set aside");
    for mut one in rotating {
        one.client.http = bridge.http();
        let successor =
            refreshed(&refresh(&one.client, one.newest()).await.expect("it runs"), &one.client.id);
        refreshed(&refresh(&one.client, &successor).await.expect("it runs"), &one.client.id);
        // Not one of the older ones works a second time, whatever a crash left of it.
        let at = usize::try_from(dice.below(one.answered.len() as u64)).expect("an index");
        let again = refresh(&one.client, &one.answered[at]).await.expect("it runs");
        again.assert_error(400, "invalid_grant");
    }
    assert!(bridge.terminate().await.success());
    let database = home.path().join("data/bridge.db");
    assert_whole(&database);
    let stored = clients_in(&database);
    assert!(registered.iter().all(|id| stored.contains(id)), "a registration is not in the database");
}

/// What a crash left behind, where nobody else looks at it.
fn copy(home: &Path) -> std::path::PathBuf {
    let copy = home.join("copy");
    let _ = std::fs::remove_dir_all(&copy);
    std::fs::create_dir(&copy).expect("a directory");
    for entry in std::fs::read_dir(home.join("data")).expect("it is there") {
        let entry = entry.expect("an entry");
        std::fs::copy(entry.path(), copy.join(entry.file_name())).expect("a copy");
    }
    copy.join("bridge.db")
}

#[track_caller]
fn assert_whole(database: &Path) {
    let database = Connection::open(database).expect("a database");
    let verdict: String =
        database.pragma_query_value(None, "integrity_check", |row| row.get(0)).expect("a verdict");
    assert_eq!(verdict, "ok");
    let orphans: i64 = database
        .query_row("SELECT count(*) FROM pragma_foreign_key_check", [], |row| row.get(0))
        .expect("a count");
    assert_eq!(orphans, 0, "a token without its grant");
}

fn clients_in(database: &Path) -> std::collections::HashSet<String> {
    let database =
        Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_ONLY).expect("a database");
    let mut all = database.prepare("SELECT id FROM clients").expect("a table");
    let ids = all.query_map([], |row| row.get(0)).expect("rows");
    ids.map(|id| id.expect("an id")).collect()
}
