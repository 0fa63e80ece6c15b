//! One `tools/call`: allowed or not, checked, carried out, given up, noted.

use std::io;
use std::time::{Duration, Instant};

use rmcp::RoleServer;
use rmcp::model::{CallToolRequestParams, CallToolResult, ContentBlock, ErrorData};
use rmcp::service::RequestContext;
use serde::Serialize;
use tokio::time::timeout;

use super::catalogue::Listed;
use super::failure::words;
use super::progress::progress;
use super::server::MemoryServer;
use super::service::{CallRecord, MemoryError, Outcome, ToolReply};
use super::tool_name::is_tool_name;
use crate::oauth::Access;
use crate::oauth::access::Lane;
use crate::scope::Scope;

/// Calls of one grant that wait or run. Until 2026-07-28 they go on when their client has hung up (protocol.md 7.19), so that
/// the limit on open requests does not hold for them.
const MAX_WORK: usize = 64;
/// How long a call waits for those that its own client began before; as long as one of them may take.
const TURN_TIME: Duration = Duration::from_secs(120);

impl MemoryServer {
    pub(super) async fn call(
        &self,
        request: CallToolRequestParams,
        context: &RequestContext<RoleServer>,
    ) -> Result<CallToolResult, ErrorData> {
        let access = self.access(context);
        let catalogue =
            match self.until_stopped(context, access, self.memories.catalogue(&access.grant.account)).await {
                Ok(Ok(catalogue)) => catalogue,
                // Which tools there are cannot be found out, so this one cannot be called.
                Ok(Err(error)) => return Ok(failed(words(&error))),
                Err(stop) => return Err(stop.into_error()),
            };
        let policy = self.memories.service.tool_policy(&access.grant);
        // protocol.md 7.26: decided here, because Jean Memory also runs what it does not list.
        let Some(listed) =
            catalogue.find(&request.name).filter(|listed| listed.is_offered(access.scopes, &policy))
        else {
            return Err(unknown_tool(&request.name));
        };

        let arguments = request.arguments.unwrap_or_default();
        let record = self.begin(access, listed, written(&arguments));
        let arguments = match listed.arguments.check(arguments) {
            Ok(arguments) => arguments,
            Err(error) => {
                record.end(Outcome::Refused, 0);
                return Ok(failed(format!("Wrong arguments: {error}.")));
            }
        };
        let Some(_place) = access.grant.enter(Lane::Work, MAX_WORK) else {
            record.end(Outcome::Refused, 0);
            return Ok(failed(words(&MemoryError::Busy { retry_after: None })));
        };
        let upstream = async {
            // In its turn, so that no client keeps the others waiting; the turn lasts as long as the call.
            let Ok(_turn) = timeout(TURN_TIME, access.grant.turn()).await else {
                return Err(MemoryError::Busy { retry_after: None });
            };
            self.memories.service.call_tool(&access.grant.account, &listed.tool.name, arguments).await
        };
        // protocol.md 7.20: rmcp never drops a handler, so each end is watched for here; leaving
        // drops the call to Jean Memory.
        let reply = tokio::select! {
            reply = self.until_stopped(context, access, upstream) => reply,
            never = progress(context, self.memories.pace) => match never {},
        };
        match reply {
            Ok(reply) => Ok(record.answer(reply)),
            Err(stop) => {
                record.end(stop.outcome(), 0);
                Err(stop.into_error())
            }
        }
    }

    fn begin<'a>(&'a self, access: &'a Access, listed: &'a Listed, asked: usize) -> Running<'a> {
        let (started, since) = (self.memories.clock.now(), Instant::now());
        Running { server: self, access, listed, asked, started, since }
    }
}

/// A call that is on its way.
struct Running<'a> {
    server: &'a MemoryServer,
    access: &'a Access,
    listed: &'a Listed,
    asked: usize,
    started: std::time::SystemTime,
    since: Instant,
}

impl Running<'_> {
    fn answer(self, reply: Result<ToolReply, MemoryError>) -> CallToolResult {
        match reply.and_then(result) {
            Ok(result) => {
                let outcome = if result.is_error == Some(true) { Outcome::ToolError } else { Outcome::Done };
                let size = result.content.iter().map(size).sum();
                self.end(outcome, size);
                result
            }
            Err(error) => {
                let mut text = words(&error);
                if error == MemoryError::Unexpected && self.listed.scope == Scope::Write {
                    text.push_str(" Whether it was carried out is unknown; look before repeating it.");
                }
                let outcome = if error == MemoryError::Paused { Outcome::Refused } else { Outcome::Failed };
                self.end(outcome, 0);
                failed(text)
            }
        }
    }

    fn end(self, outcome: Outcome, size: usize) {
        let duration = self.since.elapsed();
        let grant = &self.access.grant;
        let tool = &*self.listed.tool.name;
        tracing::debug!(
            tool,
            grant = %grant.id,
            milliseconds = duration.as_millis(),
            outcome = outcome.as_str(),
            "tools/call"
        );
        self.server.memories.service.record(CallRecord {
            grant: grant.clone(),
            tool: tool.to_owned(),
            started: self.started,
            duration,
            asked: self.asked,
            size,
            outcome,
        });
    }
}

/// protocol.md 7.14: built with rmcp's constructors, which set `resultType`.
fn result(reply: ToolReply) -> Result<CallToolResult, MemoryError> {
    let content = reply
        .content
        .into_iter()
        .map(serde_json::from_value)
        .collect::<Result<Vec<ContentBlock>, _>>()
        .map_err(|_| MemoryError::Unexpected)?;
    let mut result =
        if reply.is_error { CallToolResult::error(content) } else { CallToolResult::success(content) };
    result.structured_content = reply.structured_content;
    Ok(result)
}

fn failed(text: String) -> CallToolResult {
    CallToolResult::error(vec![ContentBlock::text(text)])
}

fn unknown_tool(name: &str) -> ErrorData {
    if is_tool_name(name) {
        ErrorData::invalid_params(format!("Unknown tool: {name}"), None)
    } else {
        ErrorData::invalid_params("Unknown tool", None)
    }
}

/// How long something is as JSON, which is not kept.
fn written(value: &impl Serialize) -> usize {
    struct Counter(usize);
    impl io::Write for Counter {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 += bytes.len();
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut counter = Counter(0);
    // Neither JSON nor the counter can fail.
    let _ = serde_json::to_writer(&mut counter, value);
    counter.0
}

fn size(content: &ContentBlock) -> usize {
    match content {
        ContentBlock::Text(text) => text.text.len(),
        ContentBlock::Image(image) => image.data.len(),
        ContentBlock::Audio(audio) => audio.data.len(),
        ContentBlock::Resource(_) | ContentBlock::ResourceLink(_) | _ => {
            serde_json::to_vec(content).map_or(0, |json| json.len())
        }
    }
}
