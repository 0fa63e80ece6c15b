//! Stub.
pub struct DocumentFetcher;
impl DocumentFetcher {
    pub fn new() -> Self {
        Self
    }
}
