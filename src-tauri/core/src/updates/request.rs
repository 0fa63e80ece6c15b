//! The one request: a plain GET that says nothing about who asks, which version they have or on which system.

use std::time::Duration;

use http::StatusCode;
use http::header::{LOCATION, USER_AGENT};
use reqwest::{Client, Response};
use url::Url;

use crate::tls::Trust;
use crate::upstream::{BaseUrl, Unreachable, cause_of, client_builder, is_loopback, trust_for};
use crate::view::UpdateTrouble;

/// Below the page of releases; hosts of releases lead from there to the newest one.
const MANIFEST: &str = "/latest/download/latest.json";
/// For everything: resolving, connecting, being led on, reading.
const TOTAL: Duration = Duration::from_secs(20);
/// To resolve, connect and shake hands.
const CONNECT: Duration = Duration::from_secs(10);
/// Much more than a version; manifests may hold notes and signatures beside it.
const MAX_BODY: usize = 64 * 1024;
/// More response headers than this are no file server's.
const MAX_HEADERS: usize = 100;
/// From the page to a release, from there to its file, and once to spare.
const MOST_REDIRECTS: usize = 3;
/// The same for everybody, whatever they have.
const AGENT: &str = "jean-memory-bridge";

/// The way to the manifest.
#[derive(Clone, Debug)]
pub(super) struct Request {
    releases: BaseUrl,
    trust: Trust,
    total: Duration,
}

impl Request {
    pub(super) fn new(releases: BaseUrl) -> Self {
        let trust = trust_for(&releases);
        Self { releases, trust, total: TOTAL }
    }

    /// Gets the manifest; ends in time.
    pub(super) async fn send(&self) -> Result<Vec<u8>, UpdateTrouble> {
        let sent = tokio::time::timeout(self.total, self.send_in_time()).await;
        sent.unwrap_or(Err(UpdateTrouble::Slow))
    }

    async fn send_in_time(&self) -> Result<Vec<u8>, UpdateTrouble> {
        let client = self.client().await.map_err(trouble)?;
        let mut url = self.releases.join(MANIFEST);
        for _ in 0..=MOST_REDIRECTS {
            let request = client.get(url.clone()).header(USER_AGENT, AGENT);
            let response = request.send().await.map_err(|error| trouble(cause_of(&error)))?;
            let status = response.status();
            if status == StatusCode::OK {
                return read(response).await;
            }
            if !status.is_redirection() {
                return Err(UpdateTrouble::Status { status: status.as_u16() });
            }
            url = next(&url, &response).ok_or(UpdateTrouble::LedAway)?;
        }
        Err(UpdateTrouble::LedAway)
    }

    /// Made anew for each request, of which there is one a day: the system's trust store and proxies may have changed.
    async fn client(&self) -> Result<Client, Unreachable> {
        let builder = client_builder(&self.releases, self.trust.clone()).await?;
        builder
            .connect_timeout(CONNECT)
            .pool_max_idle_per_host(0)
            .http1_max_headers(MAX_HEADERS)
            .build()
            .map_err(|_| Unreachable::Network)
    }
}

/// Where a redirect leads, if it may lead there: from https to https, and on this computer to this computer.
fn next(from: &Url, response: &Response) -> Option<Url> {
    let location = response.headers().get(LOCATION)?.to_str().ok()?;
    let to = from.join(location).ok()?;
    let is_bare = to.username().is_empty() && to.password().is_none();
    let is_as_safe = match (from.scheme(), to.scheme()) {
        ("https", "https") => true,
        ("http", "http") => is_loopback(&to),
        _ => false,
    };
    (is_bare && is_as_safe).then_some(to)
}

/// Reads as it comes and stops at the limit.
async fn read(mut response: Response) -> Result<Vec<u8>, UpdateTrouble> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|_| UpdateTrouble::Unreachable)? {
        if body.len() + chunk.len() > MAX_BODY {
            return Err(UpdateTrouble::NotUnderstood);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn trouble(cause: Unreachable) -> UpdateTrouble {
    match cause {
        Unreachable::Dns | Unreachable::Refused | Unreachable::Network | Unreachable::Disconnected => {
            UpdateTrouble::Unreachable
        }
        Unreachable::Tls | Unreachable::NoTrustStore => UpdateTrouble::Insecure,
        Unreachable::Proxy => UpdateTrouble::Proxy,
        Unreachable::Timeout => UpdateTrouble::Slow,
        Unreachable::ServerFault(status) => UpdateTrouble::Status { status },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_server::{Answer, Server};

    const MANIFEST_BYTES: &[u8] = br#"{"version":"0.2.0"}"#;

    fn to(server: &Server) -> Request {
        Request::new(BaseUrl::parse(&format!("{}/releases", server.url())).unwrap())
    }

    fn redirect(to: &str) -> Answer {
        Answer::with(302, &format!("Location: {to}\r\n"), b"")
    }

    #[tokio::test]
    async fn it_asks_and_says_nothing_about_who_asks() {
        let server = Server::start(|_, _| Answer::with(200, "Set-Cookie: who=you\r\n", MANIFEST_BYTES)).await;
        for _ in 0..2 {
            assert_eq!(to(&server).send().await.unwrap(), MANIFEST_BYTES);
        }
        let host = server.address.to_string();
        let headers = [("accept", "*/*"), ("user-agent", AGENT), ("host", &host)]
            .map(|(n, v)| (n.to_owned(), v.to_owned()));
        for seen in server.seen() {
            assert_eq!(seen.line, "GET /releases/latest/download/latest.json HTTP/1.1");
            let mut sent = seen.headers.clone();
            sent.sort();
            let mut wanted = headers.clone().to_vec();
            wanted.sort();
            assert_eq!(sent, wanted);
            assert!(seen.body.is_empty());
        }
        assert_eq!(server.connections(), 2, "no connection is kept");
    }

    #[tokio::test]
    async fn three_redirects_are_followed_and_a_fourth_is_not() {
        let server = Server::start(|_, before| match before {
            0 => redirect("/releases/download/v0.2.0/latest.json"),
            1 | 2 => redirect("again"),
            _ => Answer::with(200, "", MANIFEST_BYTES),
        })
        .await;
        assert_eq!(to(&server).send().await.unwrap(), MANIFEST_BYTES);
        assert!(
            server
                .seen()
                .iter()
                .all(|seen| seen.header("referer").is_none() && seen.header("cookie").is_none())
        );

        let server = Server::start(|_, _| redirect("/releases/latest/download/latest.json")).await;
        assert_eq!(to(&server).send().await, Err(UpdateTrouble::LedAway));
        assert_eq!(server.seen().len(), MOST_REDIRECTS + 1);
    }

    #[tokio::test]
    async fn it_is_led_nowhere_else() {
        for location in [
            "http://example.invalid/latest.json",
            "https://example.invalid/latest.json",
            "file:///etc/passwd",
            "data:application/json,{}",
            "http://user:word@127.0.0.1/",
            "http://127.0.0.1.example.invalid/",
            "//example.invalid/",
            "ftp://127.0.0.1/",
            "http://",
        ] {
            let at = location.to_owned();
            let server = Server::start(move |_, _| redirect(&at)).await;
            assert_eq!(to(&server).send().await, Err(UpdateTrouble::LedAway), "{location}");
            assert_eq!(server.seen().len(), 1, "{location}");
        }
        let server = Server::start(|_, _| Answer::with(302, "", b"")).await;
        assert_eq!(to(&server).send().await, Err(UpdateTrouble::LedAway));
    }

    #[tokio::test]
    async fn what_is_secure_stays_so() {
        let plain = Server::start(|_, _| Answer::with(200, "", MANIFEST_BYTES)).await;
        let elsewhere = format!("{}/latest.json", plain.url());
        let (secure, certificate) = Server::start_tls("localhost", move |_, before| match before {
            0 => redirect("/moved"),
            _ => redirect(&elsewhere),
        })
        .await;
        let releases = format!("https://localhost:{}", secure.address.port());
        let request = Request::new(BaseUrl::parse(&releases).unwrap());
        assert_eq!(request.send().await, Err(UpdateTrouble::Insecure), "the certificate of a stranger");
        let request = Request { trust: Trust::Only(certificate), ..request };
        assert_eq!(request.send().await, Err(UpdateTrouble::LedAway));
        assert_eq!((secure.seen().len(), plain.connections()), (2, 0));
    }

    #[tokio::test]
    async fn too_much_is_not_read() {
        let server = Server::start(|_, _| {
            Answer::with(200, "Content-Type: application/json\r\n", &vec![b' '; 10 * 1024 * 1024])
        })
        .await;
        assert_eq!(to(&server).send().await, Err(UpdateTrouble::NotUnderstood));
        let endless = Server::start(|_, _| {
            let mut bytes = b"HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
            for _ in 0..100 {
                bytes.extend_from_slice(b"1000\r\n");
                bytes.extend_from_slice(&[b' '; 0x1000]);
                bytes.extend_from_slice(b"\r\n");
            }
            Answer::Write(bytes)
        })
        .await;
        assert_eq!(to(&endless).send().await, Err(UpdateTrouble::NotUnderstood));
        let headers = "X-A: b\r\n".repeat(MAX_HEADERS + 1);
        let wordy = Server::start(move |_, _| Answer::with(200, &headers, MANIFEST_BYTES)).await;
        assert!(to(&wordy).send().await.is_err());
    }

    #[tokio::test]
    async fn slowness_ends_in_time() {
        let total = Duration::from_millis(300);
        let silent = Server::start(|_, _| Answer::Hang).await;
        let request = Request { total, ..to(&silent) };
        assert_eq!(request.send().await, Err(UpdateTrouble::Slow));
        silent.wait_for_departures(1).await;
        // Begins, and never goes on.
        let dripping =
            Server::start(|_, _| Answer::Write(b"HTTP/1.1 200 X\r\nContent-Length: 19\r\n\r\n{".to_vec()))
                .await;
        let request = Request { total, ..to(&dripping) };
        assert_eq!(request.send().await, Err(UpdateTrouble::Slow));
    }

    #[tokio::test]
    async fn what_went_wrong_is_told_apart() {
        let gone = Server::start(|_, _| Answer::html(404)).await;
        assert_eq!(to(&gone).send().await, Err(UpdateTrouble::Status { status: 404 }));
        let cut = Server::start(|_, _| Answer::Reset).await;
        assert_eq!(to(&cut).send().await, Err(UpdateTrouble::Unreachable));
        let nobody = Request::new(BaseUrl::parse("http://127.0.0.1:1").unwrap());
        assert_eq!(nobody.send().await, Err(UpdateTrouble::Unreachable));
        let short = Server::start(|_, _| {
            Answer::WriteAndClose(b"HTTP/1.1 200 X\r\nContent-Length: 19\r\n\r\n{".to_vec())
        })
        .await;
        assert_eq!(to(&short).send().await, Err(UpdateTrouble::Unreachable));
    }
}
