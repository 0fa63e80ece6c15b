//! Certificates are checked, and a failed check is told apart (protocol.md 7.30).

use std::sync::Arc as StdArc;

use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::AsyncWriteExt;
use tokio_rustls::TlsAcceptor;

use super::server::Server;
use super::*;
use crate::tls::Trust;
use crate::upstream::remote::Remote;

async fn server(name: &str) -> (Server, CertificateDer<'static>) {
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed([name.to_owned()]).unwrap();
    let certificate = cert.der().clone();
    let key = PrivateKeyDer::Pkcs8(signing_key.serialize_der().into());
    let provider = StdArc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(StdArc::new(config));
    let server = Server::start_with(
        move |socket| {
            let handshake = acceptor.accept(socket);
            async move { handshake.await.ok() }
        },
        |seen, _| seen.text("ok"),
    )
    .await;
    (server, certificate)
}

fn trusting(host: &str, server: &Server, trust: Trust) -> Upstream {
    let base = BaseUrl::parse(&format!("https://{host}:{}", server.address.port())).unwrap();
    let remote = Transport::Remote(Box::new(Remote::trusting(base, limits(), trust)));
    Upstream(Arc::new(Line::new(remote, limits())))
}

#[tokio::test]
async fn a_trusted_certificate_of_the_right_name_is_accepted() {
    let (server, certificate) = server("localhost").await;
    let upstream = trusting("localhost", &server, Trust::Only(certificate));
    assert!(ask(&upstream).await.is_ok());
    assert_eq!(server.seen()[0].header("x-api-key"), Some(KEY));
}

#[tokio::test]
async fn an_unknown_issuer_a_wrong_name_and_clear_text_get_no_key() {
    let unknown = server("localhost").await.0;
    let (misnamed, certificate) = server("jean.example").await;
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
