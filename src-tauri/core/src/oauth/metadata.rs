//! The documents that clients discover everything by (RFC 8414, RFC 9728; protocol.md 1).

use serde::Serialize;

use crate::origin::{Origin, path};
use crate::scope::Scope;

const AUTH_METHODS: [&str; 3] = ["none", "client_secret_basic", "client_secret_post"];

/// Authorization server metadata (RFC 8414 §2). Advertises nothing that is not implemented
/// (protocol.md 1.8).
#[derive(Debug, Serialize)]
pub struct ServerMetadata {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    registration_endpoint: String,
    revocation_endpoint: String,
    scopes_supported: Vec<&'static str>,
    response_types_supported: [&'static str; 1],
    response_modes_supported: [&'static str; 1],
    grant_types_supported: [&'static str; 2],
    token_endpoint_auth_methods_supported: [&'static str; 3],
    revocation_endpoint_auth_methods_supported: [&'static str; 3],
    code_challenge_methods_supported: [&'static str; 1],
    authorization_response_iss_parameter_supported: bool,
    client_id_metadata_document_supported: bool,
    dynamic_client_registration_supported: bool,
    protected_resources: [String; 1],
}

impl ServerMetadata {
    /// The document as asked under `origin` (protocol.md 1.4).
    #[must_use]
    pub fn new(origin: Origin) -> Self {
        // 1.9: here only; never in resource metadata or challenges.
        let scopes_supported = Scope::ALL.into_iter().map(Scope::as_str).chain(["offline_access"]).collect();
        Self {
            issuer: origin.to_string(),
            authorization_endpoint: origin.url(path::AUTHORIZE),
            token_endpoint: origin.url(path::TOKEN),
            registration_endpoint: origin.url(path::REGISTER),
            revocation_endpoint: origin.url(path::REVOKE),
            scopes_supported,
            response_types_supported: ["code"],
            response_modes_supported: ["query"],
            grant_types_supported: ["authorization_code", "refresh_token"],
            token_endpoint_auth_methods_supported: AUTH_METHODS,
            revocation_endpoint_auth_methods_supported: AUTH_METHODS,
            code_challenge_methods_supported: ["S256"],
            authorization_response_iss_parameter_supported: true,
            client_id_metadata_document_supported: true,
            dynamic_client_registration_supported: true,
            protected_resources: [origin.url(path::MCP)],
        }
    }
}

/// Protected resource metadata (RFC 9728 §2).
#[derive(Debug, Serialize)]
pub struct ResourceMetadata {
    resource: String,
    authorization_servers: [String; 1],
    bearer_methods_supported: [&'static str; 1],
    scopes_supported: Vec<&'static str>,
    resource_name: &'static str,
}

impl ResourceMetadata {
    /// The document of the resource at `resource_path`, as asked under `origin` (protocol.md 1.15).
    #[must_use]
    pub fn new(origin: Origin, resource_path: &str) -> Self {
        Self {
            resource: origin.url(resource_path),
            authorization_servers: [origin.to_string()],
            bearer_methods_supported: ["header"],
            scopes_supported: Scope::ALL.into_iter().map(Scope::as_str).collect(),
            resource_name: "Jean Memory",
        }
    }
}
