//! The way to Jean Memory, and the keys of the accounts.

use crate::double::{ALICE, BOB, Double, Fault, NotJson, path};
use crate::harness::bridge::{Bridge, BridgeOptions};

use super::{doctor, options};

struct World {
    home: tempfile::TempDir,
    double: Double,
}

impl World {
    async fn start() -> Self {
        Self { home: tempfile::tempdir().unwrap(), double: Double::start().await }
    }

    fn options(&self) -> BridgeOptions {
        options(self.home.path()).api(&self.double.base_url())
    }

    async fn with_keys(&self, keys: &[&str]) -> Bridge {
        let bridge = self.options().start().await;
        for key in keys {
            let added = bridge.cli_with_stdin(&["accounts", "add", "--key-stdin"], key).await;
            assert!(added.status.success(), "{added:?}");
        }
        bridge
    }
}

#[tokio::test]
async fn each_way_to_be_out_of_reach_has_its_own_cause_and_when_it_is_back_it_is_fine() {
    let world = World::start().await;
    let _bridge = world.with_keys(&[ALICE.key]).await;
    let options = world.options();
    doctor(&options).await.assert_ok("upstream", "upstream_fine");
    let everything = || path("/health");
    for (fault, code, words) in [
        (Fault::Html(502).on(everything()), "upstream_fault", ["502", "Try again later"]),
        (Fault::WrongType(NotJson::Html).on(everything()), "upstream_somebody_else", ["web page", "proxy"]),
        (
            Fault::Refused { status: 401, challenge: false }.on(everything()),
            "upstream_somebody_else",
            ["not the Jean Memory API", "api_base_url"],
        ),
    ] {
        world.double.fault(fault);
        doctor(&options).await.assert_names("upstream", code, words);
        world.double.clear();
    }
    world.double.go_away().await;
    let told = doctor(&options).await;
    told.assert_names("upstream", "upstream_refused", ["refuses", "goes on by itself"]);
    assert_eq!(told.codes("clock"), ["clock_unchecked"]);
    assert_eq!(told.codes("keys"), ["key_unchecked"], "an outage says nothing about a key");
    world.double.come_back();
    let told = doctor(&options).await;
    told.assert_ok("upstream", "upstream_fine");
    told.assert_ok("keys", "key_accepted");
}

#[tokio::test]
async fn a_name_that_nobody_knows_is_told_apart() {
    let home = tempfile::tempdir().unwrap();
    // Resolved nowhere (RFC 6761 §6.4), and not even asked about.
    let options = options(home.path()).api("https://jean-memory.invalid");
    let _bridge = options.clone().offline().start().await;
    let words = ["jean-memory.invalid cannot be resolved", "DNS"];
    doctor(&options).await.assert_names("upstream", "upstream_dns", words);
}

#[tokio::test]
async fn what_speaks_no_tls_is_told_apart() {
    let world = World::start().await;
    // The same server, which speaks plain http only.
    let options = world.options().api(&world.double.base_url().replace("http:", "https:"));
    let words = ["secure connection", "clock"];
    doctor(&options).await.assert_names("upstream", "upstream_tls", words);
}

#[tokio::test]
async fn a_proxy_that_lets_nothing_through_is_told_apart() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let home = tempfile::tempdir().unwrap();
    let proxy = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", proxy.local_addr().unwrap());
    let refusing = tokio::spawn(async move {
        while let Ok((mut stream, _)) = proxy.accept().await {
            let _ = stream.read(&mut [0; 1024]).await;
            let _ = stream.write_all(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n").await;
        }
    });
    let options = options(home.path()).api("https://jean-memory.invalid").env("HTTPS_PROXY", address);
    doctor(&options).await.assert_names("upstream", "upstream_proxy", ["proxy", "HTTPS_PROXY"]);
    refusing.abort();
}

#[tokio::test]
async fn a_key_that_is_refused_is_named_by_its_account_and_a_new_one_is_the_cure() {
    let world = World::start().await;
    let bridge = world.with_keys(&[ALICE.key, BOB.key]).await;
    let options = world.options();
    let told = doctor(&options).await;
    assert_eq!(told.codes("keys"), ["key_accepted", "key_accepted"]);
    assert!(!told.view.to_string().contains(ALICE.key) && !told.view.to_string().contains(ALICE.id));
    world.double.fault(Fault::RevokeNow.on(crate::double::key(ALICE.key)));
    let told = doctor(&options).await;
    told.assert_names("keys", "key_rejected", ["does not accept the key of", "new key"]);
    assert_eq!(told.codes("keys"), ["key_rejected", "key_accepted"]);
    assert_eq!(bridge.cli_json(&["accounts"]).await[0]["state"], "rejected", "and it is known from now on");
    world.double.clear();
    // Or Jean Memory accepts it again.
    assert_eq!(doctor(&options).await.codes("keys"), ["key_accepted", "key_accepted"]);
    assert_eq!(bridge.cli_json(&["accounts"]).await[0]["state"], "ok");
}

#[tokio::test]
async fn without_an_account_nothing_is_wrong_and_what_comes_next_is_said() {
    let world = World::start().await;
    let _bridge = world.with_keys(&[]).await;
    let told = doctor(&world.options()).await;
    assert_eq!(told.assert_finds("keys", "no_account")["state"], "note");
    assert_eq!(told.status, Some(0));
}
