//! Watches the bridge come and go, and what it offers this client (the events of [`crate::control::adapter_wire`]).

use std::time::Duration;

use bytes::Bytes;
use http::header::HOST;
use http::{Method, Request};
use http_body_util::{BodyExt, Full};
use tokio::sync::{Notify, watch};
use tokio::time::timeout;

use super::link::Link;
use super::offer::{Offer, State};
use crate::control;
use crate::control::adapter_wire::{self, AdapterEvent};

/// How soon a bridge that was lost is looked for again, at first and at last. Nobody notices the last, because a call
/// does not wait for it, and looking costs no more than a system call.
const FIRST: Duration = Duration::from_millis(50);
const LAST: Duration = Duration::from_secs(2);
/// A bridge that listens tells its first event in milliseconds.
const QUICK: Duration = Duration::from_secs(10);
/// No event is half as long.
const MAX_EVENT: usize = 64 * 1024;

/// Watches for ever; `look` has it look at once for a bridge that is away.
pub(super) async fn watch(link: &Link, client: &str, state: &watch::Sender<State>, look: &Notify) {
    let mut pause = FIRST;
    loop {
        if follow(link, client, state).await {
            pause = FIRST;
        }
        State::see(state, Offer::Away);
        tokio::select! {
            () = tokio::time::sleep(pause) => pause = (pause * 2).min(LAST),
            () = look.notified() => {}
        }
    }
}

/// Follows one bridge to its end; whether there was one.
async fn follow(link: &Link, client: &str, state: &watch::Sender<State>) -> bool {
    let request = Request::builder()
        .method(Method::GET)
        .uri(adapter_wire::target(adapter_wire::EVENTS, client))
        .header(HOST, control::HOST)
        .body(Full::<Bytes>::default());
    let Ok(request) = request else { return false };
    let Ok(Ok((response, _connection))) = timeout(QUICK, link.send(request)).await else { return false };
    if !response.status().is_success() {
        return false;
    }
    let mut body = response.into_body();
    let (mut text, mut is_here) = (Vec::new(), false);
    while let Some(Ok(frame)) = body.frame().await {
        text.extend_from_slice(&frame.into_data().unwrap_or_default());
        while let Some(end) = text.iter().position(|byte| *byte == b'\n') {
            let event: Vec<u8> = text.drain(..=end).collect();
            is_here |= heed(&event, state);
        }
        if text.len() > MAX_EVENT {
            break;
        }
    }
    is_here
}

/// Takes over what an event tells; whether that is an offer.
fn heed(event: &[u8], state: &watch::Sender<State>) -> bool {
    match serde_json::from_slice(event) {
        Ok(AdapterEvent::Tools { digest }) => {
            State::see(state, Offer::Here(digest));
            true
        }
        Ok(AdapterEvent::Ending) => {
            state.send_if_modified(|state| {
                state.was_quit = true;
                false
            });
            false
        }
        // An event of a later version.
        Err(_) => false,
    }
}
