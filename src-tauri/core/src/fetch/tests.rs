//! The fetcher against a TLS server of its own, and against URLs that it must not touch.

use super::*;
use crate::test_server::{Answer, Seen, Server, response};

const LONG: Duration = Duration::from_secs(60);
const JSON: &str = "Content-Type: application/json\r\n";

fn url(server: &Server, host: &str) -> Url {
    Url::parse(&format!("https://{host}:{}/oauth/client.json", server.address.port())).unwrap()
}

async fn fetch_from(script: fn(&Seen) -> Answer) -> (Result<FetchedDocument, FetchError>, Server) {
    let (server, certificate) = Server::start_tls("client.example", move |seen, _| script(seen)).await;
    let fetcher = DocumentFetcher::reaching_only(server.address, Trust::Only(certificate), LONG);
    (fetcher.fetch(&url(&server, "client.example")).await, server)
}

#[tokio::test]
async fn a_document_is_fetched_from_the_judged_address_under_its_own_name() {
    // protocol.md 2.19: the name has no address; certificate and Host are still its own
    let (fetched, server) = fetch_from(|_| {
        Answer::with(
            200,
            "Content-Type: application/json; charset=utf-8\r\nCache-Control: max-age=600\r\n",
            b"{}",
        )
    })
    .await;
    let expected = FetchedDocument { body: b"{}".to_vec(), max_age: Duration::from_secs(600) };
    assert_eq!(fetched, Ok(expected));
    let seen = &server.seen()[0];
    assert_eq!(seen.line, "GET /oauth/client.json HTTP/1.1");
    let host = format!("client.example:{}", server.address.port());
    assert_eq!(seen.header("host"), Some(host.as_str()));
    let mut names: Vec<_> = seen.headers.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["accept", "host", "user-agent"], "no credentials, no cookies, no referrer");
}

#[tokio::test]
async fn the_certificate_must_be_of_the_name_and_of_a_trusted_issuer() {
    let (server, certificate) =
        Server::start_tls("client.example", |_, _| Answer::with(200, JSON, b"{}")).await;
    let by_name = DocumentFetcher::reaching_only(server.address, Trust::Only(certificate), LONG);
    assert_eq!(by_name.fetch(&url(&server, "other.example")).await, Err(FetchError::Unreachable));
    let by_issuer = DocumentFetcher::reaching_only(server.address, Trust::System, LONG);
    assert_eq!(by_issuer.fetch(&url(&server, "client.example")).await, Err(FetchError::Unreachable));
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn only_a_small_json_200_is_a_document() {
    // protocol.md 2.19
    let unusable: [fn(&Seen) -> Answer; 11] = [
        |_| Answer::with(302, "Location: https://evil.example/\r\nContent-Type: application/json\r\n", b"{}"),
        |_| Answer::with(307, "Location: /elsewhere\r\n", b""),
        |_| Answer::with(404, JSON, b"{}"),
        |_| Answer::with(500, JSON, b"{}"),
        |_| Answer::with(201, JSON, b"{}"),
        |_| Answer::with(204, "", b""),
        |_| Answer::html(200),
        |_| Answer::with(200, "Content-Type: text/json\r\n", b"{}"),
        |_| Answer::with(200, "", b"{}"),
        |_| Answer::with(200, JSON, &[b' '; MAX_BODY + 1]),
        |_| {
            let mut bytes =
                format!("HTTP/1.1 200 OK\r\n{JSON}Transfer-Encoding: chunked\r\n\r\n").into_bytes();
            for _ in 0..6 {
                bytes.extend(b"400\r\n");
                bytes.extend([b' '; 0x400]);
                bytes.extend(b"\r\n");
            }
            Answer::Write(bytes)
        },
    ];
    for (at, script) in unusable.into_iter().enumerate() {
        let (fetched, server) = fetch_from(script).await;
        assert_eq!(fetched, Err(FetchError::Unusable), "row {at}");
        assert_eq!(server.seen().len(), 1, "row {at}: no redirect is followed, nothing is repeated");
    }
    let usable: [fn(&Seen) -> Answer; 2] = [
        |_| Answer::with(200, JSON, &[b' '; MAX_BODY]),
        |_| Answer::with(200, "Content-Type: Application/Client+JSON\r\n", b"{}"),
    ];
    for script in usable {
        assert!(fetch_from(script).await.0.is_ok());
    }
}

#[tokio::test]
async fn a_cut_connection_says_no_more_than_that() {
    let cut: [fn(&Seen) -> Answer; 3] = [
        |_| Answer::Reset,
        |_| Answer::WriteAndClose(Vec::new()),
        |_| {
            let whole = response(200, JSON, b"{\"client_id\":1}");
            Answer::WriteAndClose(whole[..whole.len() - 3].to_vec())
        },
    ];
    for script in cut {
        assert_eq!(fetch_from(script).await.0, Err(FetchError::Unreachable));
    }
}

#[tokio::test]
async fn the_whole_fetch_has_one_deadline() {
    // protocol.md 2.19: in total, however slowly the bytes trickle
    let rows: [fn(&Seen) -> Answer; 2] = [
        |_| Answer::Hang,
        |_| Answer::Write(format!("HTTP/1.1 200 OK\r\n{JSON}Content-Length: 100\r\n\r\n{{").into_bytes()),
    ];
    for script in rows {
        let (server, certificate) = Server::start_tls("client.example", move |seen, _| script(seen)).await;
        let short = Duration::from_millis(500);
        let hasty = DocumentFetcher::reaching_only(server.address, Trust::Only(certificate), short);
        let fetched = hasty.fetch(&url(&server, "client.example")).await;
        assert_eq!(fetched, Err(FetchError::Unreachable));
    }
}

#[tokio::test]
async fn urls_that_do_not_lead_to_the_public_internet_are_refused_before_any_question() {
    // protocol.md 2.19
    for text in [
        "http://client.example/x",
        "ftp://client.example/x",
        "https://user@client.example/x",
        "https://:secret@client.example/x",
        "https://client.example/x#y",
        "https://localhost/x",
        "https://LOCALHOST/x",
        "https://localhost./x",
        "https://a.localhost/x",
        "https://printer.local/x",
        "https://printer.local./x",
        "https://metadata.google.internal/x",
        "https://intranet/x",
        "https://intranet./x",
        "https://127.0.0.1/x",
        "https://127.1/x",
        "https://0x7f000001/x",
        "https://2130706433/x",
        "https://0177.0.0.1/x",
        "https://0/x",
        "https://10.0.0.1/x",
        "https://169.254.169.254/latest/meta-data",
        "https://100.64.0.1/x",
        "https://[::1]/x",
        "https://[::ffff:127.0.0.1]/x",
        "https://[::ffff:8.8.8.8]/x",
        "https://[64:ff9b::8.8.8.8]/x",
        "https://[2002:7f00:1::]/x",
        "https://[fe80::1]/x",
        "https://[fd00::1]/x",
    ] {
        let url = Url::parse(text).unwrap();
        assert_eq!(DocumentFetcher::new().fetch(&url).await, Err(FetchError::NotAllowed), "{text}");
    }
}

#[test]
fn a_name_is_judged_by_all_its_addresses() {
    let address = |text: &str| SocketAddr::new(text.parse().unwrap(), 443);
    let (public, private) = (address("8.8.8.8"), address("10.0.0.1"));
    assert_eq!(judge(vec![private, address("::1")]), Err(FetchError::NotAllowed));
    // What is not public is left out; the connection knows only what is left.
    assert_eq!(judge(vec![private, public]), Ok(vec![public]));
    assert_eq!(judge(Vec::new()), Err(FetchError::Unreachable));
}

#[tokio::test]
async fn the_connection_knows_no_address_but_the_judged_ones() {
    let judged = SocketAddr::new("8.8.8.8".parse().unwrap(), 443);
    let resolver = Judged(vec![judged]);
    let answers = resolver.resolve("anything.example".parse().unwrap()).await.unwrap();
    assert_eq!(answers.collect::<Vec<_>>(), [judged]);
}
