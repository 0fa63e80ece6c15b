//! The client against small servers that answer well or misbehave, over real sockets.

mod calls;
mod faults;
mod in_process;
mod keys;
mod tls;

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::*;
use crate::test_server::Server;

const KEY: &str = "jean_sk_EXAMPLE_abcDEF-0123456789";

fn key() -> ApiKey {
    ApiKey::parse(KEY).unwrap()
}

fn credential() -> Credential {
    Credential { key: key(), identity: None }
}

/// Deadlines that are never meant to be reached; a test of one sets it.
fn limits() -> UpstreamLimits {
    UpstreamLimits { retry_delay: Duration::from_millis(1), ..UpstreamLimits::default() }
}

fn client(server: &Server, limits: UpstreamLimits) -> Upstream {
    Upstream::remote(BaseUrl::parse(&server.url()).unwrap(), limits)
}

fn arguments(value: Value) -> Map<String, Value> {
    serde_json::from_value(value).unwrap()
}

async fn ask(upstream: &Upstream) -> Result<ToolReply, UpstreamError> {
    upstream.call_tool(&credential(), "ask_memory", arguments(json!({ "question": "?" })), &|| true).await
}
