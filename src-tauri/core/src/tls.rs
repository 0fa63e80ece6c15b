//! TLS for everything that leaves this computer: rustls on ring, checked against the trust store of
//! the operating system, so that a company's own certificate authority works (protocol.md 7.30).

use std::sync::Arc;

use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::BuilderVerifierExt;

/// Whom a connection trusts.
#[derive(Clone, Debug)]
pub(crate) enum Trust {
    /// The roots that the operating system has now.
    System,
    /// Nobody: the client speaks http on loopback only and need not read a file.
    Nobody,
    /// The certificate of a test server.
    #[cfg(test)]
    Only(rustls::pki_types::CertificateDer<'static>),
}

/// Normal certificate checks, whoever is trusted.
///
/// The provider is given here and never installed for the process: a library that wants another one
/// stays free to.
///
/// # Errors
/// When the system has no usable trust store.
pub(crate) async fn client_config(trust: Trust) -> Result<ClientConfig, rustls::Error> {
    let builder = || {
        ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
    };
    let builder = match trust {
        Trust::System => {
            // On Linux this reads the certificate files.
            tokio::task::spawn_blocking(move || builder()?.with_platform_verifier())
                .await
                .map_err(|_| rustls::Error::General("the trust store could not be read".to_owned()))??
        }
        Trust::Nobody => builder()?.with_root_certificates(RootCertStore::empty()),
        #[cfg(test)]
        Trust::Only(certificate) => {
            let mut roots = RootCertStore::empty();
            roots.add(certificate)?;
            builder()?.with_root_certificates(roots)
        }
    };
    let mut config = builder.with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}
