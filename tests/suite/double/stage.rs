//! What every request passes: recording, faults, the work itself, and the way back.

use std::convert::Infallible;
use std::future::pending;
use std::sync::Arc;

use axum::Extension;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS,
    ACCESS_CONTROL_REQUEST_METHOD, CONTENT_LENGTH, ORIGIN,
};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use futures_util::{Stream, StreamExt as _, stream};
use serde_json::Value;
use tokio::task::yield_now;

use super::edge::{add_hostile_headers, reply_instead};
use super::faults::{CutAt, Fault};
use super::record::{Outcome, Watch};
use super::reply::{Bare, Reply, json_text, typed};
use super::wire::Line;
use super::world::World;

pub(super) async fn stage(
    State(world): State<Arc<World>>,
    Extension(line): Extension<Arc<Line>>,
    request: Request,
    next: Next,
) -> Reply {
    let _busy = line.work();
    // Before the request can be seen: who sees it may open the gate at once.
    let mut gate = world.gate.subscribe();
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, usize::MAX).await else {
        // The caller broke off inside the body; nobody reads this.
        return typed(StatusCode::BAD_REQUEST, "text/plain", "");
    };
    let seen = world.log.arrived(line.number, &parts, &body);
    let watch = Watch::new(seen.clone(), world.bell.clone());
    if line.is_stale() {
        cut::<()>(&line, &watch).await;
    }
    let headers = parts.headers.clone();
    let struck = Arc::new(world.faults.strike(&seen));
    let (fault, time) = (struck.reply.clone(), struck.time.clone());
    let instead = fault.as_ref().and_then(|fault| reply_instead(fault, &seen));
    // A task of its own, because upstream goes on working when the caller is gone (upstream-api.md 8.2).
    let bell = world.bell.clone();
    let work = tokio::spawn(async move {
        match time {
            Some(Fault::Delay(time)) => tokio::time::sleep(time).await,
            Some(Fault::Hang) => gate.changed().await.expect("the world outlives its requests"),
            _ => {}
        }
        let reply = match (instead, preflight(&parts.method, &parts.headers)) {
            (Some(reply), _) | (None, Some(reply)) => reply,
            (None, None) => {
                let mut request = Request::from_parts(parts, Body::from(body));
                request.extensions_mut().insert(struck);
                next.run(request).await
            }
        };
        bell.ring();
        reply
    });
    let mut reply = work.await.expect("the double does not panic");
    if reply.extensions().get::<Bare>().is_none() {
        add_headers(reply.headers_mut(), &headers);
    }
    deliver(fault, reply, line, watch).await
}

/// upstream-api.md 4: usage on whatever passed the app, CORS only where an origin asks.
fn add_headers(reply: &mut HeaderMap, request: &HeaderMap) {
    reply.insert("x-memory-usage-mb", HeaderValue::from_static("128.00"));
    if request.contains_key(ORIGIN) {
        reply.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        if !reply.contains_key(ACCESS_CONTROL_MAX_AGE) {
            reply.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("*"));
        }
    }
}

fn preflight(method: &Method, headers: &HeaderMap) -> Option<Reply> {
    let asks = headers.contains_key(ORIGIN) && headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD);
    if method != Method::OPTIONS || !asks {
        return None;
    }
    let mut reply = typed(StatusCode::OK, "text/plain; charset=utf-8", "OK");
    let allowed = reply.headers_mut();
    let methods = HeaderValue::from_static("GET, POST, PUT, DELETE, OPTIONS, PATCH");
    allowed.insert(ACCESS_CONTROL_ALLOW_METHODS, methods);
    allowed.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("3600"));
    if let Some(wanted) = headers.get(ACCESS_CONTROL_REQUEST_HEADERS) {
        allowed.insert(ACCESS_CONTROL_ALLOW_HEADERS, wanted.clone());
    }
    Some(reply)
}

/// Brings the reply to the caller, or as much of it as the fault lets through.
async fn deliver(fault: Option<Fault>, mut reply: Reply, line: Arc<Line>, watch: Watch) -> Reply {
    let status = reply.status().as_u16();
    match fault {
        Some(Fault::Cut(CutAt::BeforeHeaders)) => cut(&line, &watch).await,
        Some(Fault::Cut(at)) => {
            let (whole, reply) = take_body(reply).await;
            let sent = if at == CutAt::MidBody { whole.len() / 2 } else { 0 };
            let end = async move {
                // The body's first silence makes the server send what it has.
                yield_now().await;
                cut(&line, &watch).await
            };
            let pieces = stream::iter([whole.slice(..sent)]).chain(stream::once(end));
            return with_body(reply, whole.len(), pieces);
        }
        Some(Fault::Stall) => {
            let (whole, reply) = take_body(reply).await;
            let half = whole.slice(..whole.len() / 2);
            // Only the caller can end this, and is then found to have left.
            let silence = async move {
                let _undecided = watch;
                pending().await
            };
            return with_body(reply, whole.len(), stream::iter([half]).chain(stream::once(silence)));
        }
        Some(Fault::IdleClose) => {
            let (whole, head) = take_body(reply).await;
            let (first, rest) = (whole.slice(..whole.len() / 2), whole.slice(whole.len() / 2..));
            // Said when the head, which would announce it, is already written.
            let rest = async move {
                line.close();
                rest
            };
            reply = with_body(head, whole.len(), stream::iter([first]).chain(stream::once(rest)));
        }
        Some(Fault::Stale) => line.go_stale(),
        Some(Fault::Truncate) => {
            let (whole, mut head) = take_body(reply).await;
            *head.body_mut() = Body::from(whole.slice(..whole.len() / 2));
            reply = head;
        }
        Some(Fault::WrongId) => reply = change_id(reply, |id| *id = Some(Value::from("not yours"))).await,
        Some(Fault::NoId) => reply = change_id(reply, |id| *id = None).await,
        Some(Fault::HostileHeaders) => add_hostile_headers(reply.headers_mut()),
        _ => {}
    }
    watch.decide(Outcome::Answered(status));
    reply
}

async fn cut<T>(line: &Line, watch: &Watch) -> T {
    watch.decide(Outcome::Cut);
    line.reset();
    pending().await
}

async fn take_body(reply: Reply) -> (Bytes, Reply) {
    let (head, body) = reply.into_parts();
    let whole = to_bytes(body, usize::MAX).await.expect("our own bodies are whole");
    (whole, Reply::from_parts(head, Body::empty()))
}

/// Announces `length`, whatever the pieces come to.
fn with_body(mut reply: Reply, length: usize, pieces: impl Stream<Item = Bytes> + Send + 'static) -> Reply {
    reply.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(length));
    *reply.body_mut() = Body::from_stream(pieces.map(Ok::<_, Infallible>));
    reply
}

async fn change_id(reply: Reply, change: impl FnOnce(&mut Option<Value>)) -> Reply {
    let (whole, head) = take_body(reply).await;
    let mut message: serde_json::Map<_, _> =
        serde_json::from_slice(&whole).expect("the fault is placed where JSON-RPC is spoken");
    let mut id = message.remove("id");
    change(&mut id);
    message.extend(id.map(|id| ("id".to_owned(), id)));
    let mut changed = json_text(head.status(), Value::Object(message).to_string());
    changed.headers_mut().extend(head.headers().clone());
    changed
}
