//! Stub.
use crate::fetch::DocumentFetcher;
use std::time::SystemTime;
pub struct ClientDocuments;
#[derive(Clone)]
pub struct ClientDocument {
    pub client_name: String,
    pub redirect_uris: Vec<String>,
}
pub enum DocumentError {
    Busy,
    Unusable,
}
impl ClientDocuments {
    pub fn new(_: DocumentFetcher) -> Self {
        Self
    }
    pub async fn resolve(&self, _: &str, _: SystemTime) -> Result<ClientDocument, DocumentError> {
        Err(DocumentError::Unusable)
    }
    pub fn cached(&self, _: &str) -> Option<ClientDocument> {
        None
    }
}
