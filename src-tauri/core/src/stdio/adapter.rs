//! What the client talks to: rmcp's handler for every revision. The protocol is answered here; `tools/list` and
//! `tools/call` go to the bridge.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CustomRequest, CustomResult, ErrorData, GetPromptRequestParams,
    GetPromptResponse, Implementation, ListPromptsResult, ListResourceTemplatesResult, ListResourcesResult,
    ListToolsResult, PaginatedRequestParams, ReadResourceRequestParams, ReadResourceResponse,
    ServerCapabilities, ServerConfig, SubscriptionFilter,
};
use rmcp::service::{NotificationContext, RequestContext, SubscriptionContext};
use rmcp::{RoleServer, ServerHandler};
use tokio_util::sync::CancellationToken;

use super::link::Link;
use super::offer::Changes;
use super::shared::Shared;
use super::watch::watch;
use super::{App, Options, name};
use crate::mcp::{PRODUCT, TITLE, nothing};

/// One client's adapter.
pub(super) struct Adapter {
    pub(super) shared: Arc<Shared>,
    /// Whether the client has said that it is ready to be told of changes.
    is_telling: AtomicBool,
    /// The name that was given at the start.
    client: Option<String>,
    /// The first name that was heard, for what is no request; it starts the watch.
    watched: OnceLock<String>,
    pub(super) app: Option<App>,
    pub(super) ended: CancellationToken,
}

impl Adapter {
    pub(super) fn new(options: Options, ended: CancellationToken) -> Self {
        let shared = Shared::new(Link::new(options.paths));
        Self {
            shared: Arc::new(shared),
            is_telling: AtomicBool::new(false),
            client: options.client.as_deref().map(name::for_people),
            watched: OnceLock::new(),
            app: options.app,
            ended,
        }
    }

    /// Who asks; from the first time on the bridge is watched for it.
    pub(super) fn client(&self, info: Option<Implementation>) -> String {
        let claimed = || info.map(|info| name::for_people(&info.name));
        let known = self.client.clone().or_else(claimed);
        let known = known.or_else(|| self.watched.get().cloned());
        let name = known.unwrap_or_else(|| name::for_people(""));
        if self.watched.set(name.clone()).is_ok() {
            let (shared, ended, name) = (Arc::clone(&self.shared), self.ended.clone(), name.clone());
            tokio::spawn(async move {
                let watching = watch(&shared.link, &name, &shared.state, &shared.look);
                ended.run_until_cancelled(watching).await;
            });
        }
        name
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
        if self.is_telling.swap(true, Ordering::Relaxed) {
            return;
        }
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
