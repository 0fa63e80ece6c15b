//! What a bridge still knows after it ended, and what it forgets (protocol.md 4.13, 4.14, 2.11; design.md J10).

use super::is_accepted;
use crate::harness::bridge::{Bridge, BridgeOptions};
use crate::harness::oauth::{Client, Tokens};

struct Home {
    dir: tempfile::TempDir,
    bridge: Bridge,
}

impl Home {
    async fn new() -> Self {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let bridge = BridgeOptions::default().home(dir.path()).start().await;
        Self { dir, bridge }
    }

    /// Power is lost, and comes back.
    async fn power_loss(self) -> Self {
        self.again(BridgeOptions::default()).await
    }

    async fn again(self, options: BridgeOptions) -> Self {
        let port = self.bridge.port();
        self.bridge.kill().await;
        let bridge = options.home(self.dir.path()).port(port).start().await;
        Self { dir: self.dir, bridge }
    }
}

#[tokio::test]
async fn nobody_has_to_sign_in_again_after_a_power_loss() {
    // protocol.md 4.13, 4.14, 2.11
    let home = Home::new().await;
    let client = Client::register(&home.bridge, "App").await;
    let first = client.sign_in(&home.bridge).await;
    let home = home.power_loss().await;
    assert!(is_accepted(&home.bridge, &first.access).await);
    let second = client.refresh(first.refresh()).await.assert_status(200);
    let second = Tokens::of(&client.id, &second);
    // Killed right after the answer: the successor is on the disk.
    let home = home.power_loss().await;
    assert!(is_accepted(&home.bridge, &second.access).await);
    let third = client.refresh(second.refresh()).await.assert_status(200);
    let third = Tokens::of(&client.id, &third);
    // And so is what was spent.
    let home = home.power_loss().await;
    client.refresh(first.refresh()).await.assert_error(400, "invalid_grant");
    assert!(!is_accepted(&home.bridge, &third.access).await);
}

#[tokio::test]
async fn what_was_revoked_stays_revoked() {
    // protocol.md 5.4
    let home = Home::new().await;
    let client = Client::register(&home.bridge, "App").await;
    let ended = client.sign_in(&home.bridge).await;
    let single = client.sign_in(&home.bridge).await;
    client.revoke(ended.refresh()).await.assert_status(200);
    client.revoke(&single.access).await.assert_status(200);
    let home = home.power_loss().await;
    assert!(!is_accepted(&home.bridge, &ended.access).await);
    client.refresh(ended.refresh()).await.assert_error(400, "invalid_grant");
    assert!(!is_accepted(&home.bridge, &single.access).await);
    client.refresh(single.refresh()).await.assert_status(200);
}

#[tokio::test]
async fn questions_and_codes_are_forgotten_and_the_client_asks_again() {
    // protocol.md 3.18: codes live in memory only
    let home = Home::new().await;
    let client = Client::register(&home.bridge, "App").await;
    let waiting = client.ask(&[]).await;
    let answered = client.ask(&[("state", "another")]).await;
    let code = answered.allowed(&home.bridge).await;
    let home = home.power_loss().await;
    waiting.hand_in().await.assert_status(400);
    answered.redeem(&code).await.assert_error(400, "invalid_grant");
    assert!(is_accepted(&home.bridge, &client.sign_in(&home.bridge).await.access).await);
}

#[tokio::test]
async fn another_signing_key_ends_access_tokens_and_refreshing_mends_it() {
    // protocol.md 4.19, 4.20
    let home = Home::new().await;
    let client = Client::register(&home.bridge, "App").await;
    let tokens = client.sign_in(&home.bridge).await;
    let another = "another-secret-of-the-test-suite-with-more-than-32-bytes";
    let home = home.again(BridgeOptions::default().env("JWT_SECRET_KEY", another)).await;
    assert!(!is_accepted(&home.bridge, &tokens.access).await);
    let answer = client.refresh(tokens.refresh()).await.assert_status(200);
    assert!(is_accepted(&home.bridge, &Tokens::of(&client.id, &answer).access).await);
}
