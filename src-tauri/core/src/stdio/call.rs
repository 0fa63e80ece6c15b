//! One tool call: asked of the bridge, after the app was started if that is needed, and answered in any case.

use std::time::Duration;

use rmcp::RoleServer;
use rmcp::model::{
    CallToolRequestParams, CallToolResult, ContentBlock, ErrorCode, ErrorData, ProgressNotificationParam,
    ProtocolVersion,
};
use rmcp::service::RequestContext;
use serde_json::{Map, Value};
use tokio::time::{Instant, sleep, timeout};

use super::adapter::Adapter;
use super::answer::Answer;
use super::exchange::Question;
use super::offer::Start;
use super::words;
use crate::control::ClientError;

/// Longer than the bridge waits for a person, a keychain and Jean Memory one after the other: only a bridge that hangs
/// is given up.
const CALL_TIME: Duration = Duration::from_secs(300);
/// How long the app may take to start before a call is answered without it.
const START_TIME: Duration = Duration::from_secs(10);
/// How long a start that takes longer is still believed in.
const SLOW_START: Duration = Duration::from_secs(60);
/// How often it is looked for meanwhile.
const KNOCK: Duration = Duration::from_millis(50);

impl Adapter {
    pub(super) async fn call(
        &self,
        request: CallToolRequestParams,
        context: &RequestContext<RoleServer>,
    ) -> Result<CallToolResult, ErrorData> {
        let client = self.client(context.client_info());
        let asked = timeout(CALL_TIME, self.ask(&client, &request, context));
        match asked.await.unwrap_or(Err(ClientError::TimedOut)) {
            Ok(Answer::Result(result)) => Ok(result),
            Ok(Answer::Error(error)) => Err(error),
            Ok(Answer::Refused { message, .. }) => Ok(failed(message)),
            Err(ClientError::NotRunning) if self.was_started_within(SLOW_START) => {
                Ok(failed(words::STARTING.to_owned()))
            }
            Err(error) => Ok(failed(words::unanswered(&error, &request.name))),
        }
    }

    /// Calls a tool; once more if the bridge missed headers, which only a list of its tools can tell.
    async fn ask(
        &self,
        client: &str,
        request: &CallToolRequestParams,
        context: &RequestContext<RoleServer>,
    ) -> Result<Answer<CallToolResult>, ClientError> {
        let answer = self.ask_or_start(client, request, context).await;
        // Refused before anything was carried out (protocol.md 8.14).
        if !matches!(&answer, Ok(Answer::Error(error)) if error.code == ErrorCode::HEADER_MISMATCH) {
            return answer;
        }
        self.shared.list(client).await;
        self.ask_once(client, request, context).await
    }

    /// Calls a tool, after the app was started if that is needed and allowed.
    async fn ask_or_start(
        &self,
        client: &str,
        request: &CallToolRequestParams,
        context: &RequestContext<RoleServer>,
    ) -> Result<Answer<CallToolResult>, ClientError> {
        let answer = self.ask_once(client, request, context).await;
        if !matches!(answer, Err(ClientError::NotRunning)) || !self.start_app() {
            return answer;
        }
        while self.was_started_within(START_TIME) {
            if self.shared.link.knock().await.is_ok() {
                break;
            }
            sleep(KNOCK).await;
        }
        self.ask_once(client, request, context).await
    }

    async fn ask_once(
        &self,
        client: &str,
        request: &CallToolRequestParams,
        context: &RequestContext<RoleServer>,
    ) -> Result<Answer<CallToolResult>, ClientError> {
        let arguments = request.arguments.clone().unwrap_or_default();
        let headers = self.shared.headers(&request.name, &arguments);
        let mut params = Map::new();
        params.insert("name".to_owned(), Value::from(&*request.name));
        params.insert("arguments".to_owned(), Value::Object(arguments));
        let question = Question {
            client,
            method: "tools/call",
            name: Some(&request.name),
            params,
            headers,
            progress: context.meta.get_progress_token(),
        };
        let with_words =
            context.protocol_version().is_none_or(|version| version > ProtocolVersion::V_2024_11_05);
        let pass_on = |mut heard: ProgressNotificationParam| {
            // 2024-11-05 knows no `message` here.
            heard.message = heard.message.filter(|_| with_words);
            heard.meta = None;
            let peer = context.peer.clone();
            // Whoever does not read has gone; the pipe notices.
            async move { drop(peer.notify_progress(heard).await) }
        };
        question.ask(&self.shared.link, pass_on).await
    }

    /// Starts the app unless a person ended it or it was started already; whether it is worth waiting for.
    fn start_app(&self) -> bool {
        let Some(app) = &self.app else { return false };
        self.shared.state.send_if_modified(|state| {
            if state.started.is_none() && !state.was_quit {
                let is_started = app.start().is_ok();
                state.started = Some(if is_started { Start::At(Instant::now()) } else { Start::Failed });
            }
            false
        });
        self.was_started_within(START_TIME)
    }

    fn was_started_within(&self, time: Duration) -> bool {
        match self.shared.state.borrow().started {
            Some(Start::At(since)) => since.elapsed() < time,
            Some(Start::Failed) | None => false,
        }
    }
}

fn failed(text: String) -> CallToolResult {
    CallToolResult::error(vec![ContentBlock::text(text)])
}
