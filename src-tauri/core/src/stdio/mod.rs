//! The adapter for AI apps that start a program and speak MCP with it on stdin and stdout (design.md 5, clients.md 5).
//!
//! An app shows a server as broken until its own restart if it exits at the start or answers late. So [`run`] answers
//! the protocol itself, at once and in every revision, whether or not a bridge runs, and only tools go through the local
//! socket. It keeps nothing: no file, no lock, no port; any number may run and be killed at any time.

mod adapter;
mod answer;
mod app;
mod batch;
mod call;
mod exchange;
#[cfg(any(fuzzing, test))]
pub(crate) mod fuzzing;
mod headers;
mod lines;
mod link;
mod message;
mod name;
mod offer;
mod pipe;
mod shared;
#[cfg(test)]
mod tests;
mod tools;
mod watch;
mod words;

use std::sync::Arc;

use rmcp::ServiceExt;
use rmcp::service::ServerInitializeError;
use rmcp::transport::stdio_pipes;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_util::sync::CancellationToken;

pub use app::App;

use crate::paths::Paths;
use adapter::Adapter;
use pipe::Pipe;

/// How an adapter is to behave.
#[derive(Debug)]
pub struct Options {
    /// Where the bridge is.
    pub paths: Paths,
    /// What the client is called, if not as it says itself.
    pub client: Option<String>,
    /// What is started when a tool is called and no bridge runs; nothing where that is not safe.
    pub app: Option<App>,
}

/// Serves one client on stdin and stdout until it closes one of them. Needs a tokio runtime.
pub async fn run(options: Options) {
    let (input, output) = stdio_pipes();
    serve(options, input, output).await;
}

async fn serve<R, W>(options: Options, input: R, output: W)
where
    R: AsyncRead + Send + Unpin + 'static,
    W: AsyncWrite + Send + Unpin + 'static,
{
    let ended = CancellationToken::new();
    let pipe = Pipe::open(input, output, ended.clone());
    let adapter = Arc::new(Adapter::new(options, ended.clone()));
    loop {
        match Arc::clone(&adapter).serve_with_ct(pipe.clone(), ended.clone()).await {
            Ok(running) => {
                // The error would be a panic in rmcp, and there is nothing left to serve with.
                let _ = running.waiting().await;
                return;
            }
            // A notification or an answer before the first request: rmcp gives up, a person's app should not have to.
            Err(
                ServerInitializeError::ExpectedInitializeRequest(_)
                | ServerInitializeError::UnexpectedInitializeResponse(_)
                | ServerInitializeError::InitializeFailed(_),
            ) => {}
            Err(
                ServerInitializeError::ConnectionClosed(_)
                | ServerInitializeError::TransportError { .. }
                | ServerInitializeError::Cancelled
                | _,
            ) => return,
        }
    }
}
