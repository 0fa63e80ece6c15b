//! On whose behalf a tool runs, and how it refuses them.

use serde::Serialize;

use super::apps::App;
use super::person::PersonId;
use super::python;
use super::times::Micros;

/// Whose call it is, through which app, and when.
#[derive(Clone, Copy)]
pub(super) struct Caller<'a> {
    pub(super) person: PersonId,
    pub(super) app: App,
    pub(super) app_name: &'a str,
    pub(super) now: Micros,
}

/// The shape in which the memory tools refuse (upstream-api.md 9.4).
pub(super) fn refusal(operation: &str, error: &str) -> String {
    #[derive(Serialize)]
    struct Refusal<'a> {
        status: &'static str,
        error: &'a str,
        operation: &'a str,
    }
    python::dumps(&Refusal { status: "error", error, operation })
}
