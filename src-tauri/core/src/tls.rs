//! TLS for everything that leaves this computer: rustls on ring, checked against the trust store of
//! the operating system, so that a company's own certificate authority works (protocol.md 7.30).

use std::sync::Arc;

use rustls::ClientConfig;
use rustls::crypto::ring;
use rustls_platform_verifier::BuilderVerifierExt;

/// Normal certificate checks with the roots the operating system has now.
///
/// The provider is given here and never installed for the process: a library that wants another one
/// stays free to. On Linux this reads the certificate files, so call it off the async threads.
///
/// # Errors
/// When the system has no usable trust store.
pub(crate) fn client_config() -> Result<ClientConfig, rustls::Error> {
    let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_platform_verifier()?
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

/// Trusts nobody and reads no file: for a client that only speaks http on loopback.
///
/// # Errors
/// Never with the provider used here.
pub(crate) fn no_roots() -> Result<ClientConfig, rustls::Error> {
    Ok(ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth())
}
