//! What is at the address that a client gives for its id.

#![expect(clippy::missing_panics_doc, reason = "a panic is how a target tells that a promise is broken")]

use super::document::ClientDocument;
use super::url_rules;
use crate::fuzzing::{first_line, tells_nothing};
use crate::oauth::fuzzing::{goes_somewhere_harmless, is_name};
use crate::oauth::redirect_uri::RedirectUri;

/// The id on the first line, the document in the rest.
pub fn client_document(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    let (id, document) = first_line(text);
    let Some(url) = url_rules::parse(id) else { return };
    assert!(super::is_document_id(id));
    assert!(url.scheme() == "https" && url.username().is_empty() && url.password().is_none(), "{id:?}");
    assert!(url.fragment().is_none() && id.contains(url.path()), "{id:?} is fetched as {url}");
    match ClientDocument::parse(id, &url, document.as_bytes()) {
        Ok(client) => {
            assert_eq!(client.client_id.as_str(), id);
            assert_eq!(Some(client.host.as_str()), url.host_str());
            assert!(is_name(&client.client_name), "{:?}", client.client_name);
            let usable = client.redirect_uris.iter().filter(|uri| RedirectUri::parse(uri).is_ok());
            usable.for_each(|uri| goes_somewhere_harmless(uri));
        }
        Err(error) => tells_nothing(&error),
    }
}
