//! The body of a POST, within its limits (protocol.md 7.4, 7.8).

use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use http::HeaderMap;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, EXPECT};
use http_body_util::BodyExt;

use super::refusal::Refusal;
use crate::oauth::access::Load;

/// Largest message; rmcp's limit and the upstream's.
pub(super) const MAX_BODY: usize = 4 * 1024 * 1024;
/// Messages of one grant that are in work at once, in all. Each grows many times over when it is read: a list of small
/// numbers takes sixteen times its bytes.
const MAX_IN_WORK: usize = 4 * MAX_BODY;
/// A message of this length counts as nothing: there is always room for a cancellation.
const SMALL: usize = 64 * 1024;
/// What is read of a larger one before the connection is closed on it.
const MAX_DISCARDED: usize = 4 * MAX_BODY;
/// How long a client may take to send it.
const BODY_TIME: Duration = Duration::from_secs(30);

/// `application/json`, whatever its parameters; also what keeps a web page from sending here
/// without being asked first.
pub(super) fn check_type(headers: &HeaderMap) -> Result<(), Refusal> {
    let is_json = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).is_some_and(|value| {
        let essence = value.split_once(';').map_or(value, |(essence, _)| essence);
        essence.trim().eq_ignore_ascii_case("application/json")
    });
    if is_json {
        return Ok(());
    }
    Err(Refusal::NotJsonType)
}

/// All of the body.
///
/// A client that is still sending does not read, and finds a broken connection where its answer was. So
/// what is too much is read to its end, within reason, and thrown away.
///
/// # Errors
/// [`Refusal`]: too large, too slow or incomplete.
pub async fn read(headers: &HeaderMap, body: Body) -> Result<Bytes, Refusal> {
    read_as(headers, body, |_| Ok(())).await
}

/// All of the body, which counts for its grant: from the start if it is announced, else as it comes.
///
/// # Errors
/// [`Refusal`]; also when the grant has too much in work.
pub(super) async fn read_counted(headers: &HeaderMap, body: Body, load: &mut Load) -> Result<Bytes, Refusal> {
    let count = |length| {
        if length <= SMALL || load.grow_to(length, MAX_IN_WORK) { Ok(()) } else { Err(Refusal::Busy) }
    };
    read_as(headers, body, count).await
}

async fn read_as(
    headers: &HeaderMap,
    body: Body,
    mut count: impl FnMut(usize) -> Result<(), Refusal>,
) -> Result<Bytes, Refusal> {
    let announced = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    // RFC 9110 §10.1.1: such a client asks first.
    let most = if headers.contains_key(EXPECT) { MAX_BODY } else { MAX_DISCARDED };
    if announced.is_some_and(|length| length > most as u64) {
        return Err(Refusal::TooLarge);
    }
    if let Some(length) = announced.and_then(|length| usize::try_from(length).ok())
        && length <= MAX_BODY
    {
        count(length)?;
    }
    let body =
        tokio::time::timeout(BODY_TIME, collect(body, count)).await.unwrap_or(Err(Refusal::TooSlow))?;
    if announced.is_some_and(|length| length > MAX_BODY as u64) { Err(Refusal::TooLarge) } else { Ok(body) }
}

async fn collect(
    mut body: Body,
    mut count: impl FnMut(usize) -> Result<(), Refusal>,
) -> Result<Bytes, Refusal> {
    let (mut pieces, mut length) = (Vec::new(), 0);
    while let Some(frame) = body.frame().await {
        let Ok(piece) = frame.map_err(|_| Refusal::Incomplete)?.into_data() else { continue };
        length += piece.len();
        if length > MAX_DISCARDED {
            return Err(Refusal::TooLarge);
        }
        if length > MAX_BODY {
            pieces = Vec::new();
        } else {
            count(length)?;
            pieces.push(piece);
        }
    }
    match pieces.as_slice() {
        _ if length > MAX_BODY => Err(Refusal::TooLarge),
        [whole] => Ok(whole.clone()),
        pieces => Ok(pieces.concat().into()),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::ids::{AccountId, ClientId, GrantId, UserId};
    use crate::oauth::access::LiveGrant;
    use crate::view::Via;

    #[tokio::test]
    async fn there_is_always_room_for_a_small_message() {
        let (client, account) = (ClientId::random(), AccountId::random());
        let user = UserId::new("someone");
        let grant = LiveGrant::new(GrantId::random(), client, "test".into(), account, user, Via::Oauth);
        let grant = Arc::new(grant);
        let (mut full, mut load) = (grant.load(), grant.load());
        assert!(full.grow_to(MAX_IN_WORK, MAX_IN_WORK));
        let headers = HeaderMap::new();
        for (length, has_room) in [(SMALL, true), (SMALL + 1, false)] {
            let read = read_counted(&headers, Body::from(vec![b' '; length]), &mut load).await;
            assert_eq!(read.is_ok(), has_room, "{length}");
        }
    }
}
