//! Certificates are checked, and a failed check is told apart (protocol.md 7.30).

use tokio::io::AsyncWriteExt;

use super::*;
use crate::test_server::Server;
use crate::tls::Trust;
use crate::upstream::remote::Remote;

fn trusting(host: &str, server: &Server, trust: Trust) -> Upstream {
    let base = BaseUrl::parse(&format!("https://{host}:{}", server.address.port())).unwrap();
    let remote = Transport::Remote(Box::new(Remote::trusting(base, limits(), trust)));
    Upstream(Arc::new(Line::new(remote, limits())))
}

#[tokio::test]
async fn a_trusted_certificate_of_the_right_name_is_accepted() {
    let (server, certificate) = Server::start_tls("localhost", |seen, _| seen.text("ok")).await;
    let upstream = trusting("localhost", &server, Trust::Only(certificate));
    assert!(ask(&upstream).await.is_ok());
    assert_eq!(server.seen()[0].header("x-api-key"), Some(KEY));
}

#[tokio::test]
async fn an_unknown_issuer_a_wrong_name_and_clear_text_get_no_key() {
    let unknown = Server::start_tls("localhost", |seen, _| seen.text("ok")).await.0;
    let (misnamed, certificate) = Server::start_tls("jean.example", |seen, _| seen.text("ok")).await;
    let clear_text = Server::start_with(
        |mut socket| async {
            socket.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.ok()?;
            Some(socket)
        },
        |seen, _| seen.text("ok"),
    )
    .await;
    for (server, trust) in
        [(&unknown, Trust::System), (&misnamed, Trust::Only(certificate)), (&clear_text, Trust::System)]
    {
        let error = ask(&trusting("localhost", server, trust)).await.unwrap_err();
        assert_eq!(error, UpstreamError::Unreachable(Unreachable::Tls));
    }
    assert!(unknown.seen().is_empty() && misnamed.seen().is_empty());
}
