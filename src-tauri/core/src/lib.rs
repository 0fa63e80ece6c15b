//! Jean Memory Bridge without a screen: an OAuth 2.1 authorization server and an MCP server on 127.0.0.1, in
//! front of the Jean Memory API. The tray app and `jean-bridge` are shells around this crate; it knows neither
//! Tauri nor a terminal.
//!
//! # Layers
//!
//! A module knows only what lies below it. `tests/suite/architecture.rs` holds this list, and which module may
//! name which library.
//!
//! | | Modules | |
//! |---|---|---|
//! | 6 | [`bridge`], [`control`], [`stdio`], [`doctor`], [`reset`] | [`bridge::Bridge`] starts everything and knows everyone; the local socket offers what it can do; the adapter for apps that only start programs speaks to it; the doctor looks for what is wrong with all of it; and all of it can be removed |
//! | 5 | [`http`] | the door, the routes, the pages: handlers parse, ask, answer |
//! | 4 | [`oauth`], [`mcp`], [`consent`], [`connect`], [`api_key_clients`], [`adapter_clients`] | the rules, without HTTP; they may know each other |
//! | 3 | [`accounts`], [`config`], [`updates`] | whose memories with which key; what a person has set; whether a newer version is out |
//! | 2 | [`store`], [`vault`], [`upstream`], [`fetch`], [`sandbox`], [`logging`], [`port_holder`], [`process`], [`process_limits`], [`login_entry`] | the outside world; none knows another |
//! | 1 | [`ids`], [`scope`], [`secret`], [`api_key`], [`clock`], [`hang_up`], [`origin`], [`paths`], [`program_file`], [`view`], TLS, `unbroken` and `whole_file` | the words that everyone speaks |
//!
//! # The way of a request for access
//!
//! 1. [`http`]: the door checks Host and Origin; `/oauth/authorize` hands the query on as it came.
//! 2. [`oauth::AuthorizationServer::authorize`] finds the client (registered in the [`store`], or described by
//!    a document that [`oauth::metadata_document`] gets through [`fetch`]), judges the request, and asks.
//! 3. [`consent::Desk`] holds the question; a browser shows the waiting page with its matching code meanwhile.
//! 4. A person answers: in the app's window, at the terminal of `serve`, or with `jean-bridge approve` through
//!    [`control`]. Whichever it is, [`bridge::Bridge::approve`] picks the account, checks a new key upstream and
//!    answers the desk.
//! 5. [`oauth::AuthorizationServer::finish`] makes the code, `/oauth/callback` redirects, and
//!    [`oauth::AuthorizationServer::token`] exchanges it. A grant is on disk before its tokens leave.
//!
//! # The way of a tool call
//!
//! 1. [`http::mcp`] takes the request apart in a fixed order.
//!    [`oauth::AuthorizationServer::authenticate`] turns the bearer into an [`oauth::Access`], without reading
//!    the database: the signature is checked, and [`oauth::LiveGrants`] knows which grants live.
//! 2. rmcp speaks the protocol to an [`mcp::MemoryServer`], which refuses tools that are not listed, not allowed,
//!    switched off, or called with arguments that do not fit.
//! 3. What is left goes through an [`mcp::MemoryService`], which [`bridge`] provides: it lets nothing through while
//!    the bridge is paused, and writes down every call. [`accounts::Accounts::call_tool`] lends the key, and marks the
//!    account if the key is refused.
//! 4. [`upstream::Upstream`] builds a request of its own and judges the reply; nothing but tool content comes
//!    back. With the sandbox the same code speaks to [`sandbox`] instead, inside the process.
//!
//! Revoking fires [`oauth::LiveGrant::cancelled`], which ends all that runs for the grant.
//!
//! # The way of a client without OAuth
//!
//! An app that only starts programs starts `jean-bridge stdio`, which is [`stdio::run`]: an MCP server of its own on
//! stdin and stdout, which keeps nothing and asks the bridge through [`control`], as [`control::adapter_wire`] says. It
//! outlives the bridge and waits for the next one. The system tells the bridge which process is at the other end,
//! [`process`] which program started that one, and [`adapter_clients`] asks a person at the first tool call and finds the
//! grant afterwards; the rest is the way of any tool call. A setup from before OAuth brings a key of its own, and
//! [`api_key_clients`] knows what that is good for.
//!
//! # What a screen is drawn from
//!
//! [`view`] is all that a shell gets to see: plain data, made by [`bridge::Bridge`]. [`bridge::Bridge::changes`] says
//! that some of it may be different, and whoever draws asks again for what it shows. Questions come whole through
//! [`bridge::Bridge::questions`]; what a person is to hear of once, as a notification, through
//! [`bridge::Bridge::happenings`].
//!
//! # The way an app is connected
//!
//! [`connect::Connector`] reads the app's files, plans (the app's own program, or one edit), and only then does what it
//! planned; a preview is the same plan, shown. Its editors give back one piece of text in the place of another, and each
//! result is read again before it is written. [`connect::Losses`] notices when an app has thrown our entry away.
//! [`connect::extension`] is another way into Claude Desktop: a bundle with a script that runs the adapter.
//!
//! # The way back
//!
//! [`reset::Reset`] frees the apps, waits for the bridge's lock, and removes keychain entries and files: only what it
//! knows by name, and nothing behind a link.
//!
//! # A newer version
//!
//! [`updates`] asks once a day whether one is out, and [`bridge`] lets it only while no call is under way. It is told
//! through [`bridge::Bridge::happenings`] and [`bridge::Bridge::updates`]; nothing is downloaded.
//!
//! # Secrets
//!
//! Keys and the signing key of access tokens are in the [`vault`], that is the system's keychain, and in memory
//! while in use. The [`store`] holds digests of tokens, codes and client secrets. The types of [`secret`] and
//! [`api_key`] have no readable form, and the redaction in [`logging`] is the net below them. A key leaves the
//! process through [`upstream`] only.
//!
//! # One store thread
//!
//! SQLite has one writer anyway. With one thread that takes jobs in order, a read that decides and the write
//! that follows are one step without a lock, and no async thread waits for the disk.
//!
//! # Time
//!
//! Rules take `now`; only what serves reads the [`clock`]. What is stored expires by the wall clock, because
//! laptops sleep.
//!
//! # The numbers in comments
//!
//! `protocol.md 4.13` is a numbered wire rule, `upstream-api.md` what the Jean Memory API does, `design.md` the
//! contracts of the README. `CONTRIBUTING.md`, "What the numbers in comments mean", says where to look each up.

pub mod accounts;
pub mod adapter_clients;
pub mod api_key;
pub mod api_key_clients;
pub mod bridge;
pub mod clock;
pub mod config;
pub mod connect;
pub mod consent;
pub mod control;
pub mod doctor;
pub mod fetch;
#[cfg(any(fuzzing, test))]
pub mod fuzzing;
pub mod hang_up;
pub mod http;
pub mod ids;
pub mod logging;
pub mod login_entry;
pub mod mcp;
pub mod oauth;
pub mod origin;
pub mod paths;
pub mod port_holder;
pub mod process;
pub mod process_limits;
pub mod program_file;
pub mod reset;
pub mod sandbox;
pub mod scope;
pub mod secret;
pub mod stdio;
pub mod store;
#[cfg(test)]
mod test_program;
#[cfg(test)]
mod test_server;
mod tls;
mod unbroken;
pub mod updates;
pub mod upstream;
pub mod vault;
pub mod view;
mod whole_file;
