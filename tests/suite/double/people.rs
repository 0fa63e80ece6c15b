//! Who has a key. Every key and every user here is made up.

use std::collections::HashMap;
use std::sync::Mutex;

/// A seeded user with one valid key.
#[derive(Clone, Copy)]
pub struct Person {
    pub key: &'static str,
    pub id: &'static str,
}

pub const ALICE: Person = Person {
    key: "jean_sk_EXAMPLE_alice_0000000000000000000000000aLiC",
    id: "a11ce000-0000-4000-8000-000000000001",
};

pub const BOB: Person = Person {
    key: "jean_sk_EXAMPLE_bob_-0000000000000000000000000-bOb_",
    id: "b0b00000-0000-4000-8000-000000000002",
};

/// Of valid form, but no longer good for anything: indistinguishable from one that never existed.
pub const REVOKED_KEY: &str = "jean_sk_EXAMPLE_revoked_000000000000000000000000GoN";

/// How every key starts (upstream-api.md 6.1).
pub(super) const KEY_PREFIX: &str = "jean_sk_";

/// Keys and the users they belong to.
pub(super) struct Keys(Mutex<HashMap<String, String>>);

impl Keys {
    pub(super) fn seeded() -> Self {
        let seeds = [ALICE, BOB].map(|person| (person.key.to_owned(), person.id.to_owned()));
        Self(Mutex::new(HashMap::from(seeds)))
    }

    pub(super) fn owner(&self, key: &str) -> Option<String> {
        self.0.lock().unwrap().get(key).cloned()
    }

    pub(super) fn issue(&self, key: &str, user_id: &str) {
        assert!(key.contains("EXAMPLE"), "a key made up for tests says so");
        self.0.lock().unwrap().insert(key.to_owned(), user_id.to_owned());
    }
}
