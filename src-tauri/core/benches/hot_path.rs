//! What every tool call costs this program, without sockets: the check of its bearer, and the way of the call from MCP to
//! Jean Memory and back.

#![expect(clippy::unwrap_used, reason = "a bench that cannot be set up has nothing to measure")]

use std::convert::Infallible;
use std::future::ready;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::body::Body;
use axum::{Router, extract};
use bridge_core::accounts::{Accounts, Backends};
use bridge_core::api_key::ApiKey;
use bridge_core::clock::SystemClock;
use bridge_core::consent::Desk;
use bridge_core::fetch::DocumentFetcher;
use bridge_core::http::mcp::{Bearers, Endpoint, Options, routes};
use bridge_core::ids::{AccountId, ClientId, GrantId, Jti, UserId};
use bridge_core::mcp::{Future, Memories, MemoryError, MemoryService, ToolReply};
use bridge_core::oauth::access_token::{Claims, Life, sign};
use bridge_core::oauth::metadata_document::ClientDocuments;
use bridge_core::oauth::{
    Access, AuthorizationServer, BearerError, Lifetimes, LiveGrant, Parts, SigningKeys,
};
use bridge_core::scope::Scopes;
use bridge_core::store::{AccessTokenRecord, GrantRecord, Store};
use bridge_core::upstream::{Credential, Upstream};
use bridge_core::vault::Vault;
use bridge_core::view::Via;
use bytes::Bytes;
use criterion::Criterion;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use http::{Request, Response, StatusCode};
use http_body_util::BodyExt as _;
use serde_json::{Map, Value, json};
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;
use tower::{ServiceExt as _, service_fn};

const PORT: u16 = 5326;
const HOST: &str = "127.0.0.1:5326";
const VERSION: &str = "2025-06-18";
const TOOL: &str = "ask_memory";

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    let runtime = Runtime::new().unwrap();
    bearer_check(&mut criterion, &runtime);
    upstream(&mut criterion, &runtime);
    tool_call(&mut criterion, &runtime);
    criterion.final_summary();
}

/// From the text of a token to the grant behind it; also for one that somebody has altered.
fn bearer_check(criterion: &mut Criterion, runtime: &Runtime) {
    let home = tempfile::tempdir().unwrap();
    let now = UNIX_EPOCH + Duration::from_secs(1_800_000_000);
    let (server, token) = runtime.block_on(signed_in(Store::open(home.path(), now).unwrap(), now));
    criterion.bench_function("bearer check", |bench| {
        bench.iter(|| runtime.block_on(server.authenticate(&token, now)).unwrap());
    });
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let altered = format!("{signed}.{}", signature.chars().rev().collect::<String>());
    criterion.bench_function("bearer check of an altered token", |bench| {
        bench.iter(|| runtime.block_on(server.authenticate(&altered, now)).unwrap_err());
    });
}

/// A server with one client that is signed in, and its token.
async fn signed_in(store: Store, now: SystemTime) -> (AuthorizationServer, String) {
    let backend = in_process();
    let backends = Backends {
        remote: backend.clone(),
        sandbox: backend,
        sandbox_key: Box::new(|| None),
        identity_headers: false,
    };
    let keys = SigningKeys::configured(&"0123456789abcdef0123456789abcdef".to_owned().into());
    let server = AuthorizationServer::new(Parts {
        accounts: Accounts::new(store.clone(), Vault::os("unused"), backends),
        store: store.clone(),
        desk: Desk::default(),
        keys: keys.clone(),
        documents: ClientDocuments::new(DocumentFetcher::new()),
        lifetimes: Lifetimes::default(),
        port: PORT,
        shutdown: CancellationToken::new(),
    });
    let grant = grant(now);
    let until = now + Duration::from_secs(3600);
    let token = AccessTokenRecord {
        jti: Jti::random(),
        grant_id: grant.id.clone(),
        scopes: grant.scopes,
        expires_at: until,
    };
    let client = (grant.client_id.clone(), grant.client_name.clone());
    let life = Life { from: now, until };
    let claims = Claims::new(PORT, grant.subject.clone(), client, grant.scopes, token.jti.clone(), life);
    store.create_grant(grant, Some(token), None).await.unwrap();
    (server, sign(&keys, &claims).await.unwrap())
}

fn grant(now: SystemTime) -> GrantRecord {
    GrantRecord {
        id: GrantId::random(),
        client_id: ClientId::random(),
        client_name: "Bench".to_owned(),
        account_id: AccountId::random(),
        subject: UserId::new("00000000-0000-4000-8000-000000000001"),
        scopes: Scopes::ALL,
        via: Via::Oauth,
        redirect_host: "127.0.0.1".to_owned(),
        created_at: now,
        last_used_at: None,
        calls: 0,
    }
}

/// A call as it is written for Jean Memory, and what is read of the reply.
fn upstream(criterion: &mut Criterion, runtime: &Runtime) {
    let jean = Jean::new();
    criterion.bench_function("request to Jean Memory and its reply", |bench| {
        bench.iter(|| runtime.block_on(jean.call(arguments())).unwrap());
    });
}

/// Everything between the bytes of a client's request and those of its answer, with a session.
fn tool_call(criterion: &mut Criterion, runtime: &Runtime) {
    let memories = Memories::new(Arc::new(Jean::new()), Arc::new(SystemClock), CancellationToken::new());
    let endpoint = Endpoint::new(memories, Options { hosts: vec![HOST.to_owned()], origins: Vec::new() });
    let access = Access {
        grant: Arc::new(LiveGrant::of(&grant(UNIX_EPOCH), CancellationToken::new())),
        scopes: Scopes::ALL,
    };
    let app = routes(endpoint, Arc::new(Anybody(access)), Arc::new(SystemClock));
    let session = runtime.block_on(begin(&app));
    let mut id = 1;
    criterion.bench_function("tool call, from request to answer", |bench| {
        bench.iter(|| {
            id += 1;
            let params = json!({"name": TOOL, "arguments": arguments()});
            let call = json!({"jsonrpc": "2.0", "id": id, "method": "tools/call", "params": params});
            let (_, body) = runtime.block_on(post(&app, Some(&session), &call));
            assert!(body.windows(8).any(|part| part == b"\"result\""));
        });
    });
}

/// The session's id.
async fn begin(app: &Router) -> String {
    let about = json!({"name": "bench", "version": "1"});
    let params = json!({"protocolVersion": VERSION, "capabilities": {}, "clientInfo": about});
    let initialize = json!({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": params});
    let (session, _) = post(app, None, &initialize).await;
    let session = session.unwrap();
    post(app, Some(&session), &json!({"jsonrpc": "2.0", "method": "notifications/initialized"})).await;
    session
}

async fn post(app: &Router, session: Option<&str>, message: &Value) -> (Option<String>, Bytes) {
    let mut request = Request::post("/mcp")
        .header("host", HOST)
        .header("authorization", "Bearer bench")
        .header("content-type", "application/json")
        .header("accept", "application/json, text/event-stream");
    if let Some(session) = session {
        request = request.header("mcp-session-id", session).header("mcp-protocol-version", VERSION);
    }
    let request: extract::Request = request.body(Body::from(message.to_string())).unwrap();
    let response = app.clone().oneshot(request).await.unwrap();
    assert!(response.status().is_success(), "{response:?}");
    let session = response.headers().get("mcp-session-id").map(|id| id.to_str().unwrap().to_owned());
    (session, response.into_body().collect().await.unwrap().to_bytes())
}

fn arguments() -> Map<String, Value> {
    Map::from_iter([("question".to_owned(), Value::from("x".repeat(100)))])
}

/// An API inside this process that gives every call its question back at once.
fn in_process() -> Upstream {
    Upstream::in_process(service_fn(|request: Request<Bytes>| {
        let asked: Value = serde_json::from_slice(request.body()).unwrap();
        let text = asked["params"]["arguments"]["question"].clone();
        let content = json!([{"type": "text", "text": text}]);
        let reply = json!({"jsonrpc": "2.0", "id": asked["id"], "result": {"content": content}});
        let response = Response::builder().status(StatusCode::OK).header("content-type", "application/json");
        ready(Ok::<_, Infallible>(response.body(Bytes::from(reply.to_string())).unwrap()))
    }))
}

/// Jean Memory, with one tool and one key.
struct Jean {
    upstream: Upstream,
    credential: Credential,
}

impl Jean {
    fn new() -> Self {
        let key = ApiKey::parse("jean_sk_bench_0123456789abcdef").unwrap();
        Self { upstream: in_process(), credential: Credential { key, identity: None } }
    }

    async fn call(&self, arguments: Map<String, Value>) -> Result<ToolReply, MemoryError> {
        let reply = self.upstream.call_tool(&self.credential, TOOL, arguments, &|| true).await;
        let reply = reply.map_err(|_| MemoryError::Unexpected)?;
        Ok(ToolReply {
            content: reply.content,
            structured_content: reply.structured_content,
            is_error: reply.is_error,
        })
    }
}

impl MemoryService for Jean {
    fn list_tools<'a>(
        &'a self,
        _account: &'a AccountId,
    ) -> Future<'a, Result<Vec<Map<String, Value>>, MemoryError>> {
        let schema = json!({
            "type": "object", "properties": {"question": {"type": "string"}}, "required": ["question"],
        });
        let tool =
            json!({"name": TOOL, "description": "Gives back what it was asked.", "inputSchema": schema});
        ready(Ok(tool.as_object().cloned().into_iter().collect())).boxed()
    }

    fn call_tool<'a>(
        &'a self,
        _account: &'a AccountId,
        _tool: &'a str,
        arguments: Map<String, Value>,
    ) -> Future<'a, Result<ToolReply, MemoryError>> {
        self.call(arguments).boxed()
    }
}

/// Takes every bearer for the same one: checking it is measured by itself.
struct Anybody(Access);

impl Bearers for Anybody {
    fn authenticate<'a>(
        &'a self,
        _bearer: &'a str,
        _now: SystemTime,
    ) -> BoxFuture<'a, Result<Access, BearerError>> {
        ready(Ok(self.0.clone())).boxed()
    }
}
