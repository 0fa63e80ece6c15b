//! Clients that refresh as fast as they can: whatever moment the bridge ends at, it is in the middle of something.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::harness::http::Http;
use crate::harness::oauth::Client;

const SLOW_DOWN: Duration = Duration::from_millis(50);

/// A client, and every refresh token it was answered with.
#[derive(Clone)]
pub(crate) struct Rotating {
    pub(crate) client: Client,
    answered: Arc<Mutex<Vec<String>>>,
}

impl Rotating {
    /// Begins with this token.
    pub(crate) fn new(client: Client, first: &str) -> Self {
        Self { client, answered: Arc::new(Mutex::new(vec![first.to_owned()])) }
    }

    /// How many tokens it was answered with.
    pub(crate) fn count(&self) -> usize {
        self.answered.lock().expect("no panic").len()
    }

    /// One of them, the oldest first.
    pub(crate) fn token(&self, at: usize) -> String {
        self.answered.lock().expect("no panic")[at].clone()
    }

    /// The same client at a bridge that was started again.
    pub(crate) fn at(&self, url: &str) -> Self {
        Self { client: Client { http: Http::new(url), ..self.client.clone() }, ..self.clone() }
    }

    /// Refreshes until the bridge is gone; gives the last access token, if there was one.
    pub(crate) async fn rotate(self) -> Option<String> {
        let mut access = None;
        while let Some(answer) = self.refresh(&self.token(self.count() - 1)).await {
            if answer.status == 429 {
                // Too fast for the bridge; the token is not spent.
                tokio::time::sleep(SLOW_DOWN).await;
                continue;
            }
            assert_eq!(answer.status, 200, "{} lost its sign-in: {}", self.client.id, answer.next);
            self.answered.lock().expect("no panic").push(answer.next);
            access = Some(answer.access);
        }
        access
    }

    /// One refresh; none if the bridge is gone.
    pub(crate) async fn refresh(&self, token: &str) -> Option<Refreshed> {
        let client = &self.client;
        let pairs = [("grant_type", "refresh_token"), ("client_id", &client.id), ("refresh_token", token)];
        let answer = client.http.post("/oauth/token").form(&pairs).try_send().await?;
        let text = |name: &str| answer.json()[name].as_str().unwrap_or_default().to_owned();
        let status = answer.status.as_u16();
        Some(Refreshed { status, next: text("refresh_token"), access: text("access_token") })
    }
}

/// What a refresh was answered.
pub(crate) struct Refreshed {
    pub(crate) status: u16,
    pub(crate) next: String,
    pub(crate) access: String,
}
