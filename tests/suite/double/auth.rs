//! Who is asking, by upstream's rules and with upstream's hole in them (upstream-api.md 5).

use axum::http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};

use super::faults::Struck;
use super::record::text;
use super::reply::{Reply, detail};
use super::world::World;

/// The app under which data is filed when a key comes without a client name.
const DEFAULT_CLIENT: &str = "default_agent_app";

/// On whose behalf an MCP message runs.
pub(super) struct Identity {
    pub(super) user_id: String,
    pub(super) client: String,
    /// Whether a key proved it; upstream goes on without.
    pub(super) by_key: bool,
}

/// The lookup failed, which is not the same as a key that is not good.
pub(super) struct DatabaseDown;

impl World {
    /// Whose key this is, at this moment.
    pub(super) fn owner_of(&self, key: &str, struck: &Struck) -> Result<Option<String>, DatabaseDown> {
        if struck.database_down() {
            return Err(DatabaseDown);
        }
        if struck.revoked() {
            return Ok(None);
        }
        let owner = self.keys.owner(key);
        Ok(owner.map(|owner| struck.new_owner().map_or(owner, str::to_owned)))
    }

    /// upstream-api.md 5.1, 5.2: a good key decides; without one, two headers are believed. On
    /// `/mcp/v2/…` the path stands in for the headers it has no match for.
    pub(super) fn identify(
        &self,
        struck: &Struck,
        headers: &HeaderMap,
        path: Option<(String, String)>,
    ) -> Result<Option<Identity>, DatabaseDown> {
        let (client_in_path, user_in_path) = path.unzip();
        let client = header(headers, "x-client-name").or(client_in_path);
        let user_id = header(headers, "x-user-id").or(user_in_path);
        let owner = match header(headers, "x-api-key") {
            Some(key) => self.owner_of(&key, struck)?,
            None => None,
        };
        Ok(match (owner, user_id, client) {
            (Some(user_id), _, client) => {
                let client = client.unwrap_or_else(|| DEFAULT_CLIENT.to_owned());
                Some(Identity { user_id, client, by_key: true })
            }
            (None, Some(user_id), Some(client)) => Some(Identity { user_id, client, by_key: false }),
            (None, _, _) => None,
        })
    }

    /// Routes guarded by `Authorization: Bearer <key>` (upstream-api.md 5.3).
    pub(super) fn require_bearer(&self, struck: &Struck, headers: &HeaderMap) -> Result<(), Box<Reply>> {
        let Some(authorization) = header(headers, AUTHORIZATION.as_str()) else {
            return Err(Box::new(not_authenticated(struck)));
        };
        let Some(key) = authorization.strip_prefix("Bearer ") else {
            return Err(Box::new(detail(StatusCode::UNAUTHORIZED, "Invalid Authorization header format")));
        };
        match self.owner_of(key, struck) {
            Ok(Some(_)) => Ok(()),
            Ok(None) | Err(DatabaseDown) => {
                Err(Box::new(detail(StatusCode::UNAUTHORIZED, "Could not validate credentials")))
            }
        }
    }
}

/// 403 with the older framework, 401 with the newer.
fn not_authenticated(struck: &Struck) -> Reply {
    if !struck.missing_auth_is_401() {
        return detail(StatusCode::FORBIDDEN, "Not authenticated");
    }
    let mut reply = detail(StatusCode::UNAUTHORIZED, "Not authenticated");
    reply.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("APIKey"));
    reply
}

/// A header's value; an empty one counts as absent, as it does in Python.
fn header(headers: &HeaderMap, name: &str) -> Option<String> {
    let value = text(headers.get(name)?.as_bytes());
    if value.is_empty() { None } else { Some(value) }
}
