//! Who has a key here: one local person, made up at the first use.

use rusqlite::{Connection, OptionalExtension, named_params};

use crate::api_key::{ApiKey, SANDBOX_KEY_PREFIX};
use crate::ids::UserId;
use crate::secret::{random_alphanumeric, random_bytes};

/// A row of `people`. Every read and write names one: one store per user id (upstream-api.md 13.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PersonId(pub(super) i64);

/// The one who lives on this computer.
pub(super) struct LocalPerson {
    pub(super) key: ApiKey,
    pub(super) user_id: UserId,
}

impl LocalPerson {
    #[expect(clippy::expect_used, reason = "a key made here has the form of a key")]
    pub(super) fn random() -> Self {
        let key = format!("{SANDBOX_KEY_PREFIX}{}", random_alphanumeric());
        let key = ApiKey::parse(&key).expect("prefix, then letters and digits");
        Self { key, user_id: UserId::new(random_uuid()) }
    }
}

/// A random UUID (RFC 9562 §5.4), the form of the service's ids.
pub(super) fn random_uuid() -> String {
    let mut bytes = random_bytes::<16>();
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    let hex = hex(&bytes);
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

pub(super) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The local person of this file; nothing when the row is gone or makes no sense.
pub(super) fn local(connection: &Connection) -> rusqlite::Result<Option<LocalPerson>> {
    let row = connection
        .query_row("SELECT key, user_id FROM people WHERE key IS NOT NULL", [], |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?))
        })
        .optional()?;
    Ok(row.and_then(|(key, user_id)| {
        ApiKey::parse(&key).ok().map(|key| LocalPerson { key, user_id: UserId::new(user_id) })
    }))
}

pub(super) fn insert(connection: &Connection, person: &LocalPerson) -> rusqlite::Result<()> {
    connection.execute(
        "INSERT INTO people (user_id, key, key_digest) VALUES (:user_id, :key, :digest)",
        named_params! {
            ":user_id": person.user_id.as_str(),
            ":key": person.key.expose(),
            ":digest": person.key.digest().as_bytes(),
        },
    )?;
    Ok(())
}

/// The key that was sent, if it is exactly one of a sandbox: nothing is trimmed here (upstream-api.md 4), and a
/// real key is not even looked up.
pub(super) fn exact_key(sent: &str) -> Option<ApiKey> {
    ApiKey::parse(sent).ok().filter(|key| key.is_sandbox() && key.expose() == sent)
}

/// Whose key this is, if anyone's.
pub(super) fn find(connection: &Connection, key: &ApiKey) -> rusqlite::Result<Option<PersonId>> {
    connection
        .prepare_cached("SELECT id FROM people WHERE key_digest = ?1")?
        .query_row([key.digest().as_bytes()], |row| row.get(0))
        .optional()
        .map(|id| id.map(PersonId))
}

/// The user id behind a row.
pub(super) fn user_id(connection: &Connection, person: PersonId) -> rusqlite::Result<String> {
    connection.query_row("SELECT user_id FROM people WHERE id = ?1", [person.0], |row| row.get(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_look_like_those_of_the_service() {
        let id = random_uuid();
        let lengths: Vec<_> = id.split('-').map(str::len).collect();
        assert_eq!(lengths, [8, 4, 4, 4, 12]);
        assert_eq!(&id[14..15], "4");
        assert!(id.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit()));
        assert_ne!(id, random_uuid());
    }

    #[test]
    fn a_made_up_key_says_that_it_is_the_sandboxs() {
        let person = LocalPerson::random();
        assert!(person.key.is_sandbox());
        assert!(ApiKey::parse(person.key.expose()).is_ok());
    }
}
