//! What one MCP client talks to: rmcp's handler for every revision, 2024-11-05 to 2026-07-28.

use std::sync::Arc;

use http::request::Parts;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CustomRequest, CustomResult, ErrorData, GetPromptRequestParams,
    GetPromptResponse, Implementation, ListPromptsResult, ListResourceTemplatesResult, ListResourcesResult,
    ListToolsResult, PaginatedRequestParams, ReadResourceRequestParams, ReadResourceResponse,
    ServerCapabilities, ServerConfig, Tool,
};
use rmcp::service::RequestContext;
use rmcp::{RoleServer, ServerHandler};

use super::failure::words;
use super::product::{PRODUCT, TITLE};
use super::stop::Stop;
use super::{Memories, nothing};
use crate::oauth::Access;

/// One client's MCP server; cheap to make, one per connection or request.
#[derive(Clone)]
pub struct MemoryServer {
    pub(super) memories: Arc<Memories>,
    access: Access,
}

impl MemoryServer {
    /// For a client that has proved who it is.
    #[must_use]
    pub fn new(memories: Arc<Memories>, access: Access) -> Self {
        Self { memories, access }
    }

    /// Who asks. Over HTTP every request proves itself anew and carries its own answer
    /// (protocol.md 7.2); a session only remembers who opened it. On stdio that is all there is.
    pub(super) fn access<'a>(&'a self, context: &'a RequestContext<RoleServer>) -> &'a Access {
        context.extensions.get::<Parts>().and_then(|parts| parts.extensions.get()).unwrap_or(&self.access)
    }

    /// Waits for `work`, unless client, person or process end it first.
    pub(super) async fn until_stopped<T>(
        &self,
        context: &RequestContext<RoleServer>,
        access: &Access,
        work: impl Future<Output = T>,
    ) -> Result<T, Stop> {
        tokio::select! {
            biased;
            () = access.grant.cancelled.cancelled() => Err(
                if self.memories.shutdown.is_cancelled() { Stop::ShuttingDown } else { Stop::Revoked }
            ),
            () = self.memories.shutdown.cancelled() => Err(Stop::ShuttingDown),
            () = context.ct.cancelled() => Err(Stop::Cancelled),
            done = work => Ok(done),
        }
    }
}

impl ServerHandler for MemoryServer {
    fn get_info(&self) -> ServerConfig {
        // D16: nothing that is not answered; no `listChanged`, no `subscribe`.
        let capabilities =
            ServerCapabilities::builder().enable_tools().enable_prompts().enable_resources().build();
        ServerConfig::new(capabilities)
            .with_server_info(Implementation::new(PRODUCT, env!("CARGO_PKG_VERSION")).with_title(TITLE))
    }

    async fn list_tools(
        &self,
        request: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        nothing::refuse_cursor(request)?;
        let access = self.access(&context);
        let catalogue = self
            .until_stopped(&context, access, self.memories.catalogue(&access.grant.account))
            .await
            .map_err(Stop::into_error)?
            // protocol.md 7.28: the last good list, else an internal error.
            .map_err(|error| ErrorData::internal_error(words(&error), None))?;
        let policy = self.memories.service.tool_policy(&access.grant);
        let tools = catalogue.offered(access.scopes, &policy).map(|listed| listed.tool.clone()).collect();
        Ok(ListToolsResult::with_all_items(tools))
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        self.call(request, &context).await.map(CallToolResponse::Complete)
    }

    /// For rmcp's check of `Mcp-Param-*` headers (protocol.md 7.11).
    fn get_tool(&self, name: &str) -> Option<Tool> {
        Some(self.memories.held(&self.access.grant.account)?.find(name)?.tool.clone())
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
