//! What handlers work with.

use std::sync::Arc;

use tokio::sync::watch;

use crate::clock::Clock;
use crate::consent::Front;
use crate::oauth::AuthorizationServer;
use crate::view::Settings;

/// The rules behind the routes, and what the wire needs besides.
#[derive(Clone)]
pub struct App {
    /// The authorization server.
    pub oauth: Arc<AuthorizationServer>,
    /// The wall clock.
    pub clock: Arc<dyn Clock>,
    /// Random per start.
    pub instance: Arc<str>,
    /// Where the person is asked.
    pub front: Front,
    /// What the person has set, such as the language of pages.
    pub settings: watch::Receiver<Settings>,
}
