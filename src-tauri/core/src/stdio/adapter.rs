//! What the client talks to: rmcp's handler for every revision. The protocol is answered here; `tools/list` and
//! `tools/call` go to the bridge.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, CustomRequest, CustomResult,
    ErrorData, GetPromptRequestParams, GetPromptResponse, Implementation, ListPromptsResult,
    ListResourceTemplatesResult, ListResourcesResult, ListToolsResult, PaginatedRequestParams,
    ProgressNotificationParam, ProtocolVersion, ReadResourceRequestParams, ReadResourceResponse,
    ServerCapabilities, ServerConfig, SubscriptionFilter, Tool,
};
use rmcp::service::{NotificationContext, RequestContext, SubscriptionContext};
use rmcp::{RoleServer, ServerHandler};
use serde_json::{Map, Value};
use tokio::sync::watch as channel;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::answer::Answer;
use super::exchange::Question;
use super::link::Link;
use super::offer::{Changes, Offer, State};
use super::watch::watch;
use super::{App, Options, name, words};
use crate::control::ClientError;
use crate::control::adapter_wire::Refused;
use crate::mcp::{PRODUCT, TITLE, built_in_tools, nothing};

/// A list is answered within a second whatever the bridge or Jean Memory do (protocol.md 8.7).
const LIST_TIME: Duration = Duration::from_millis(600);
/// The same list, when it comes later and only the next one to ask gets it.
const LATE_LIST_TIME: Duration = Duration::from_secs(120);
/// How long the first look for a bridge may take before a list is made without it.
const FIRST_LOOK: Duration = Duration::from_millis(300);
/// Longer than the bridge waits for a person, a keychain and Jean Memory one after the other: only a bridge that hangs
/// is given up.
const CALL_TIME: Duration = Duration::from_secs(300);
/// How long the app may take to start before a call is answered without it.
const START_TIME: Duration = Duration::from_secs(10);
/// How often it is looked for meanwhile.
const KNOCK: Duration = Duration::from_millis(50);

/// One client's adapter.
pub(super) struct Adapter {
    shared: Arc<Shared>,
    /// The name that was given at the start.
    client: Option<String>,
    /// The first name that was heard, for what is no request; it starts the watch.
    watched: OnceLock<String>,
    app: Option<App>,
    ended: CancellationToken,
}

/// What also runs on its own.
struct Shared {
    link: Link,
    state: channel::Sender<State>,
    /// The last list that the bridge gave.
    last: Mutex<Option<Vec<Tool>>>,
}

impl Adapter {
    pub(super) fn new(options: Options, ended: CancellationToken) -> Self {
        let shared = Shared {
            link: Link::new(options.paths),
            state: channel::Sender::default(),
            last: Mutex::default(),
        };
        Self {
            shared: Arc::new(shared),
            client: options.client.as_deref().map(name::for_people),
            watched: OnceLock::new(),
            app: options.app,
            ended,
        }
    }

    /// Who asks; from the first time on the bridge is watched for it.
    fn client(&self, info: Option<Implementation>) -> String {
        let claimed = || info.map(|info| name::for_people(&info.name));
        let known = self.client.clone().or_else(claimed);
        let known = known.or_else(|| self.watched.get().cloned());
        let name = known.unwrap_or_else(|| name::for_people(""));
        if self.watched.set(name.clone()).is_ok() {
            let (shared, ended, name) = (Arc::clone(&self.shared), self.ended.clone(), name.clone());
            tokio::spawn(async move {
                let watching = watch(&shared.link, &name, &shared.state);
                ended.run_until_cancelled(watching).await;
            });
        }
        name
    }

    async fn tools(&self, client: &str) -> Vec<Tool> {
        // So that a list and the first event, which come from the same bridge, are not taken for news of each other.
        let mut state = self.shared.state.subscribe();
        let _ = timeout(FIRST_LOOK, state.wait_for(|state| state.offer != Offer::Unknown)).await;
        State::show(&self.shared.state);

        let (shared, name) = (Arc::clone(&self.shared), client.to_owned());
        let mut asked = tokio::spawn(async move { shared.list(&name).await });
        if let Ok(Ok(tools)) = timeout(LIST_TIME, &mut asked).await {
            return tools.unwrap_or_else(built_in_tools);
        }
        let (shared, ended) = (Arc::clone(&self.shared), self.ended.clone());
        let before = shared.held();
        let tools = before.clone().unwrap_or_else(built_in_tools);
        tokio::spawn(ended.run_until_cancelled_owned(async move {
            let _ = timeout(LATE_LIST_TIME, asked).await;
            if shared.held() != before {
                State::improve(&shared.state);
            }
        }));
        tools
    }

    async fn call(
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
            Err(ClientError::NotRunning) if self.is_starting() => Ok(failed(words::STARTING.to_owned())),
            Err(error) => Ok(failed(words::unanswered(&error, &request.name))),
        }
    }

    /// Calls a tool, after the app was started if that is needed and allowed.
    async fn ask(
        &self,
        client: &str,
        request: &CallToolRequestParams,
        context: &RequestContext<RoleServer>,
    ) -> Result<Answer<CallToolResult>, ClientError> {
        let answer = self.ask_once(client, request, context).await;
        if !matches!(answer, Err(ClientError::NotRunning)) || !self.start_app() {
            return answer;
        }
        while self.is_starting() {
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
        let mut params = Map::new();
        params.insert("name".to_owned(), Value::from(&*request.name));
        params.insert("arguments".to_owned(), Value::Object(request.arguments.clone().unwrap_or_default()));
        let question = Question {
            client,
            method: "tools/call",
            name: Some(&request.name),
            params,
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
        let mut starts = false;
        self.shared.state.send_if_modified(|state| {
            if state.started.is_none() && !state.was_quit {
                state.started = Some(Instant::now());
                starts = true;
            }
            false
        });
        if starts && app.start().is_err() {
            // It will not come; the person is told to open it.
            self.shared.state.send_if_modified(|state| {
                state.started = Instant::now().checked_sub(START_TIME).or(state.started);
                false
            });
        }
        self.is_starting()
    }

    fn is_starting(&self) -> bool {
        self.shared.state.borrow().started.is_some_and(|since| since.elapsed() < START_TIME)
    }
}

impl Shared {
    /// The tools as the bridge lists them; the last ones when it does not answer, none when there never were any.
    async fn list(&self, client: &str) -> Option<Vec<Tool>> {
        let question =
            Question { client, method: "tools/list", name: None, params: Map::new(), progress: None };
        let answer = question.ask::<ListToolsResult, _>(&self.link, |_| std::future::ready(())).await;
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        match answer {
            Ok(Answer::Result(list)) => *last = Some(list.tools),
            // What was listed for somebody who was allowed is not for somebody who is not.
            Ok(Answer::Refused {
                why: Some(Refused::NotAllowed | Refused::Denied | Refused::Asking),
                ..
            }) => {
                *last = None;
            }
            Ok(Answer::Refused { why: Some(Refused::Busy) | None, .. } | Answer::Error(_)) | Err(_) => {}
        }
        last.clone()
    }

    fn held(&self) -> Option<Vec<Tool>> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl ServerHandler for Adapter {
    fn get_info(&self) -> ServerConfig {
        // D16: nothing that is not answered. Unlike over HTTP, the list changes while the client looks on.
        let capabilities = ServerCapabilities::builder()
            .enable_tools()
            .enable_tool_list_changed()
            .enable_prompts()
            .enable_resources()
            .build();
        ServerConfig::new(capabilities)
            .with_server_info(Implementation::new(PRODUCT, env!("CARGO_PKG_VERSION")).with_title(TITLE))
    }

    /// From here on the client may be told of changes (2025-11-25, lifecycle).
    async fn on_initialized(&self, context: NotificationContext<RoleServer>) {
        self.client(context.peer.peer_info().map(|info| info.client_info.clone()));
        let mut changes = Changes::of(self.shared.state.subscribe());
        let telling = async move {
            loop {
                changes.next().await;
                // Whoever does not read has gone; the pipe notices.
                let _ = context.peer.notify_tool_list_changed().await;
            }
        };
        tokio::spawn(self.ended.clone().run_until_cancelled_owned(telling));
    }

    /// The same for 2026-07-28, where a client says what it wants to hear of.
    fn accepted_subscription_filter(&self, requested: &SubscriptionFilter) -> Option<SubscriptionFilter> {
        Some(requested.intersection(&SubscriptionFilter::builder().tools_list_changed().build()))
    }

    async fn listen(&self, context: SubscriptionContext) -> Result<(), ErrorData> {
        self.client(context.request_context().client_info());
        let mut changes = Changes::of(self.shared.state.subscribe());
        loop {
            tokio::select! {
                () = context.cancelled() => return Ok(()),
                () = changes.next() => {
                    // What was not asked for is not sent.
                    let _ = context.sink().notify_tool_list_changed().await;
                }
            }
        }
    }

    async fn list_tools(
        &self,
        request: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        nothing::refuse_cursor(request)?;
        let client = self.client(context.client_info());
        Ok(ListToolsResult::with_all_items(self.tools(&client).await))
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        tokio::select! {
            biased;
            // Nobody waits for the answer; leaving drops the connection, which ends the call to Jean Memory.
            () = context.ct.cancelled() => Err(ErrorData::internal_error("The request was cancelled", None)),
            answer = self.call(request, &context) => answer.map(CallToolResponse::Complete),
        }
    }

    async fn list_prompts(
        &self,
        request: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListPromptsResult, ErrorData> {
        nothing::prompts(request)
    }

    async fn get_prompt(
        &self,
        _request: GetPromptRequestParams,
        _context: RequestContext<RoleServer>,
    ) -> Result<GetPromptResponse, ErrorData> {
        nothing::prompt()
    }

    async fn list_resources(
        &self,
        request: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        nothing::resources(request)
    }

    async fn list_resource_templates(
        &self,
        request: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        nothing::templates(request)
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        _context: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        nothing::resource(&request.uri)
    }

    async fn on_custom_request(
        &self,
        request: CustomRequest,
        _context: RequestContext<RoleServer>,
    ) -> Result<CustomResult, ErrorData> {
        nothing::method(&request)
    }
}

fn failed(text: String) -> CallToolResult {
    CallToolResult::error(vec![ContentBlock::text(text)])
}
