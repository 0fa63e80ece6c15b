#![cfg(unix)]

use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::paths::Paths;

/// The directories of a bridge that does not run yet.
fn home() -> (TempDir, Paths) {
    let home = tempfile::tempdir().unwrap();
    let paths = Paths::under(home.path());
    (home, paths)
}

mod the_lock {
    use super::*;

    #[tokio::test]
    async fn the_socket_is_private_in_a_private_directory() {
        let (_home, paths) = home();
        std::fs::create_dir(&paths.run_dir).unwrap();
        std::fs::set_permissions(&paths.run_dir, std::fs::Permissions::from_mode(0o777)).unwrap();
        let _listener = Listener::claim(&paths).unwrap();
        let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&paths.run_dir), 0o700);
        assert_eq!(mode(&paths.socket()), 0o600);
        assert_eq!(mode(&paths.lock()), 0o600);
    }

    #[tokio::test]
    async fn a_second_starter_is_told_and_leaves_the_first_one_alone() {
        let (_home, paths) = home();
        let listener = Listener::claim(&paths).unwrap();
        assert!(matches!(Listener::claim(&paths), Err(ClaimError::AlreadyRunning)));
        assert!(UnixStream::connect(paths.socket()).is_ok(), "the socket of the first is still there");
        drop(listener);
        assert!(!paths.socket().exists());
        Listener::claim(&paths).unwrap();
    }

    #[tokio::test]
    async fn of_many_that_start_at_once_one_wins() {
        let (_home, paths) = home();
        let gate = Arc::new(std::sync::Barrier::new(8));
        let starters: Vec<_> = (0..8)
            .map(|_| {
                let (paths, gate) = (paths.clone(), Arc::clone(&gate));
                tokio::task::spawn_blocking(move || {
                    gate.wait();
                    Listener::claim(&paths)
                })
            })
            .collect();
        let mut claims = Vec::new();
        for starter in starters {
            claims.push(starter.await.unwrap());
        }
        assert_eq!(claims.iter().filter(|claim| claim.is_ok()).count(), 1);
        assert!(
            claims.iter().all(|claim| matches!(claim, Ok(_) | Err(ClaimError::AlreadyRunning))),
            "the others know why"
        );
        assert!(UnixStream::connect(paths.socket()).is_ok());
    }

    #[tokio::test]
    async fn what_a_crash_left_is_replaced() {
        let (_home, paths) = home();
        std::fs::create_dir(&paths.run_dir).unwrap();
        // A listener that ends without removing its socket, as after `kill -9`.
        drop(UnixListener::bind(paths.socket()).unwrap());
        std::fs::write(paths.lock(), "").unwrap();
        assert!(matches!(Client::new(paths.clone()).status().await, Err(ClientError::NotRunning)));
        let _listener = Listener::claim(&paths).unwrap();
        assert!(UnixStream::connect(paths.socket()).is_ok());
    }

    #[tokio::test]
    async fn a_file_in_the_place_of_the_socket_is_not_deleted() {
        let (_home, paths) = home();
        std::fs::create_dir(&paths.run_dir).unwrap();
        std::fs::write(paths.socket(), "mine").unwrap();
        assert!(matches!(Listener::claim(&paths), Err(ClaimError::InTheWay { .. })));
        assert_eq!(std::fs::read_to_string(paths.socket()).unwrap(), "mine");
    }

    #[tokio::test]
    async fn a_home_of_any_length_works() {
        let (home, _) = home();
        let paths = Paths::under(&home.path().join("deep/".repeat(40)));
        let listener = Listener::claim(&paths).unwrap();
        assert!(UnixStream::connect(paths.socket()).is_ok());
        drop(listener);
        std::fs::remove_dir_all(&paths.run_dir).unwrap();
    }
}

mod serving {
    use super::*;

    /// A bridge that serves `app`, and the token that ends it.
    fn start(paths: &Paths, app: Router) -> (tokio::task::JoinHandle<()>, CancellationToken) {
        let stop = CancellationToken::new();
        let served = Listener::claim(paths).unwrap().serve(app, stop.clone());
        (tokio::spawn(served), stop)
    }

    fn request(path: &str) -> http::Request<http_body_util::Full<bytes::Bytes>> {
        http::Request::get(path).header("host", "x").body(http_body_util::Full::default()).unwrap()
    }

    #[tokio::test]
    async fn without_a_bridge_the_client_says_so() {
        let (_home, paths) = home();
        assert!(matches!(Client::new(paths).status().await, Err(ClientError::NotRunning)));
    }

    #[tokio::test]
    async fn one_connection_takes_several_requests() {
        let (_home, paths) = home();
        let (_served, _stop) = start(&paths, Router::new().route("/x", get(async || "answer")));
        let mut connection = Client::new(paths).connect().await.unwrap();
        for _ in 0..3 {
            let response = connection.send(request("/x")).await.unwrap();
            let body = http_body_util::BodyExt::collect(response.into_body()).await.unwrap().to_bytes();
            assert_eq!(body, "answer");
        }
    }

    #[tokio::test]
    async fn a_call_under_way_is_answered_before_the_end() {
        let (_home, paths) = home();
        let (begun, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let slow = {
            let (begun, go_on) = (Arc::clone(&begun), Arc::clone(&go_on));
            async move || {
                begun.notify_one();
                go_on.notified().await;
                "late"
            }
        };
        let (served, stop) = start(&paths, Router::new().route("/slow", get(slow)));
        let mut connection = Client::new(paths.clone()).connect().await.unwrap();
        let call =
            tokio::spawn(async move { connection.send(request("/slow")).await.map(|reply| reply.status()) });
        begun.notified().await;
        stop.cancel();
        while paths.socket().exists() {
            tokio::task::yield_now().await;
        }
        assert!(matches!(Client::new(paths).status().await, Err(ClientError::NotRunning)));
        go_on.notify_one();
        assert_eq!(call.await.unwrap().unwrap(), 200);
        served.await.unwrap();
    }

    #[tokio::test]
    async fn an_idle_connection_does_not_hold_up_the_end() {
        let (_home, paths) = home();
        let (served, stop) = start(&paths, Router::new().route("/x", get(async || "")));
        let mut idle = Client::new(paths).connect().await.unwrap();
        idle.send(request("/x")).await.unwrap();
        stop.cancel();
        served.await.unwrap();
        assert!(matches!(idle.send(request("/x")).await, Err(ClientError::Lost)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_on_which_nothing_is_asked_does_not_keep_its_place() {
        let (_home, paths) = home();
        let (_served, _stop) = start(&paths, Router::new().route("/x", get(async || "")));
        let mut silent = tokio::net::UnixStream::connect(paths.socket()).await.unwrap();
        let mut halting = tokio::net::UnixStream::connect(paths.socket()).await.unwrap();
        halting.write_all(b"GET /x HTTP/1.1\r\nHost:").await.unwrap();
        for stream in [&mut silent, &mut halting] {
            let mut rest = Vec::new();
            let ended = tokio::time::timeout(10 * IDLE, stream.read_to_end(&mut rest)).await;
            ended.expect("it is closed").unwrap();
        }
        let mut used = Client::new(paths).connect().await.unwrap();
        for _ in 0..3 {
            assert_eq!(used.send(request("/x")).await.unwrap().status(), 200);
            tokio::time::sleep(IDLE / 2).await;
        }
    }

    #[tokio::test]
    async fn an_answer_in_another_language_is_called_so() {
        let (_home, paths) = home();
        let (_served, _stop) = start(&paths, Router::new().route("/v1/status", get(async || "<html>")));
        let client = Client::new(paths);
        assert!(matches!(client.status().await, Err(ClientError::Garbled)));
        assert!(matches!(client.clients().await, Err(ClientError::Garbled)), "an empty 404");
    }
}

mod routes {
    use super::*;
    use crate::bridge::Bridge;
    use crate::config::{ApiBase, Config};

    /// A bridge with the built-in stand-in, and a client of its socket.
    async fn bridge() -> (TempDir, Arc<Bridge>, Client) {
        let (home, paths) = home();
        let mut config = Config::load(&paths, &|_| None).unwrap();
        config.port = 0;
        config.api_base = ApiBase::Sandbox;
        let bridge = Bridge::start(config, &paths, crate::bridge::Front::Terminal).await.unwrap();
        (home, bridge, Client::new(paths))
    }

    #[track_caller]
    fn code_of<T: std::fmt::Debug>(answer: Result<T, ClientError>) -> String {
        let error = answer.unwrap_err();
        let ClientError::Refused { code, .. } = error else { panic!("{error}") };
        code
    }

    async fn send(
        client: &Client,
        method: &str,
        path: &str,
        body: impl Into<bytes::Bytes>,
    ) -> (u16, ErrorBody) {
        let request = http::Request::builder().method(method).uri(path).header("host", "x");
        let request = request.body(http_body_util::Full::new(body.into())).unwrap();
        let response = client.connect().await.unwrap().send(request).await.unwrap();
        let status = response.status().as_u16();
        let body = http_body_util::BodyExt::collect(response.into_body()).await.unwrap().to_bytes();
        (status, serde_json::from_slice(&body).unwrap())
    }

    #[tokio::test]
    async fn a_running_bridge_tells_its_state() {
        let (_home, bridge, client) = bridge().await;
        let status = client.status().await.unwrap();
        assert_eq!(status.pid, std::process::id());
        assert_eq!(status.url, format!("http://{}", bridge.address()));
        assert!(client.requests().await.unwrap().is_empty() && client.clients().await.unwrap().is_empty());
        bridge.shutdown().await;
        assert!(matches!(client.status().await, Err(ClientError::NotRunning)));
    }

    #[tokio::test]
    async fn what_is_not_there_cannot_be_answered_revoked_or_removed() {
        let (_home, bridge, client) = bridge().await;
        let approve = Approve {
            code: "ZZ-99".into(),
            question: None,
            account: Account::Sandbox {},
            scopes: None,
            save_unchecked: false,
        };
        assert_eq!(code_of(client.approve(&approve).await), "unknown_code");
        assert_eq!(code_of(client.deny("ZZ-99").await), "unknown_code");
        assert_eq!(code_of(client.revoke("https://nobody.example/x").await), "unknown_client");
        let nobody = crate::ids::AccountId::new("nobody");
        assert_eq!(code_of(client.remove_account(nobody).await), "unknown_account");
        bridge.shutdown().await;
    }

    #[tokio::test]
    async fn what_is_not_understood_is_refused_in_json_without_an_echo() {
        let (_home, bridge, client) = bridge().await;
        for (method, path, body, status, code) in [
            ("POST", "/v1/accounts", r#"{"key":"jean_sk_short_SECRET"}"#, 400, "not_understood"),
            ("POST", "/v1/requests/deny", "SECRET", 400, "not_understood"),
            ("POST", "/v1/requests/deny", "", 400, "not_understood"),
            ("GET", "/v1/SECRET", "", 404, "no_such_route"),
            ("GET", "/", "", 404, "no_such_route"),
            ("DELETE", "/v1/status", "", 405, "no_such_route"),
        ] {
            let (found, ErrorBody { error }) = send(&client, method, path, body).await;
            assert_eq!((found, error.code.as_str()), (status, code), "{method} {path}");
            assert!(!error.message.contains("SECRET"), "{}", error.message);
        }
        let (status, body) = send(&client, "POST", "/v1/requests/deny", vec![b' '; 65 * 1024]).await;
        assert_eq!((status, body.error.code.as_str()), (413, "too_large"));
        bridge.shutdown().await;
    }

    #[tokio::test]
    async fn a_request_whose_body_never_comes_does_not_keep_its_place() {
        let (home, bridge, _client) = bridge().await;
        let socket = Paths::under(home.path()).socket();
        let mut halting = tokio::net::UnixStream::connect(socket).await.unwrap();
        let head = b"POST /v1/requests/deny HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n";
        halting.write_all(head).await.unwrap();
        tokio::time::pause();
        let mut rest = Vec::new();
        let ended = tokio::time::timeout(10 * IDLE, halting.read_to_end(&mut rest)).await;
        ended.expect("it is closed").unwrap();
        assert!(rest.starts_with(b"HTTP/1.1 400 "), "{}", String::from_utf8_lossy(&rest));
        tokio::time::resume();
        bridge.shutdown().await;
    }
}
