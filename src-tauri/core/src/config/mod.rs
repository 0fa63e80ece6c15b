//! The configuration: file, environment, defaults; the environment wins (design.md 4). Secrets come from the environment
//! or as credentials of the service manager.

mod credential;
mod edit;
mod error;
#[cfg(any(fuzzing, test))]
pub(crate) mod fuzzing;
#[cfg(test)]
mod tests;
mod value;

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read};
use std::ops::Range;
use std::path::Path;
use std::time::Duration;

use secrecy::SecretString;
use toml::Table;
use url::Url;

pub use self::credential::CREDENTIALS_VARIABLE;
pub use self::edit::{write_activity_days, write_port};
pub use self::error::{ConfigError, Origin, Reason, ShownKey};
use self::value::Raw;
use crate::api_key::ApiKey;
use crate::paths::{HOME_VARIABLE, Paths};
use crate::upstream::BaseUrl;

/// "JEAN" on a telephone keypad.
pub const DEFAULT_PORT: u16 = 5326;
/// Production (upstream-api.md 2).
const DEFAULT_API_BASE: &str = "https://jean-memory-api-virginia.onrender.com";
const DEFAULT_REFRESH_TTL: Duration = Duration::from_secs(30 * 24 * 60 * 60);
const DEFAULT_CODE_TTL: Duration = Duration::from_secs(60);
const DEFAULT_LOG: &str = "info";
const DEFAULT_ACTIVITY_DAYS: u32 = 30;
/// Where the releases of this build are published; only the build of a release knows.
const BUILT_IN_RELEASES: Option<&str> = option_env!("JEAN_BRIDGE_RELEASES_URL");
/// Ten years; the activity table is not an archive.
const MAX_ACTIVITY_DAYS: u32 = 3660;
/// A larger file is something else.
const MAX_FILE: u64 = 64 * 1024;

const PORT: &str = "port";
const API_BASE_URL: &str = "api_base_url";
const ACCESS_TOKEN_TTL: &str = "access_token_ttl";
const REFRESH_TOKEN_TTL: &str = "refresh_token_ttl";
const CODE_TTL: &str = "code_ttl";
const IDENTITY_HEADERS: &str = "identity_headers";
const ALLOWED_ORIGINS: &str = "allowed_origins";
const LOG: &str = "log";
const ACTIVITY_DAYS: &str = "activity_days";
const RELEASES_URL: &str = "releases_url";
const UPDATE_CHECK: &str = "update_check";
/// What the file may say.
const KEYS: [&str; 11] = [
    PORT,
    API_BASE_URL,
    ACCESS_TOKEN_TTL,
    REFRESH_TOKEN_TTL,
    CODE_TTL,
    IDENTITY_HEADERS,
    ALLOWED_ORIGINS,
    LOG,
    ACTIVITY_DAYS,
    RELEASES_URL,
    UPDATE_CHECK,
];
const JWT_SECRET_VARIABLE: &str = "JWT_SECRET_KEY";
/// An account of its own, for containers.
pub const API_KEY_VARIABLE: &str = "JEAN_BRIDGE_API_KEY";
/// The variables that hold secrets: programs that are started here do not get them.
pub const SECRET_VARIABLES: [&str; 2] = [JWT_SECRET_VARIABLE, API_KEY_VARIABLE];
/// Every variable that sets something, the secrets among them.
pub const VARIABLES: [&str; 15] = [
    "JEAN_BRIDGE_PORT",
    "JEAN_BRIDGE_API_BASE_URL",
    "API_BASE_URL",
    "JEAN_BRIDGE_ACCESS_TOKEN_TTL",
    "JEAN_BRIDGE_REFRESH_TOKEN_TTL",
    "JEAN_BRIDGE_CODE_TTL",
    JWT_SECRET_VARIABLE,
    API_KEY_VARIABLE,
    CREDENTIALS_VARIABLE,
    "JEAN_BRIDGE_IDENTITY_HEADERS",
    "JEAN_BRIDGE_ALLOWED_ORIGINS",
    "JEAN_BRIDGE_LOG",
    "JEAN_BRIDGE_ACTIVITY_DAYS",
    "JEAN_BRIDGE_RELEASES_URL",
    "JEAN_BRIDGE_UPDATE_CHECK",
];
/// What the file may not say, and the variable that may.
const SECRETS: [(&str, &str); 2] = [("jwt_secret_key", JWT_SECRET_VARIABLE), ("api_key", API_KEY_VARIABLE)];

/// Everything that can be set.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where to listen on 127.0.0.1; 0 is any free port.
    pub port: u16,
    /// Who answers for the memories.
    pub api_base: ApiBase,
    /// `None`: 1 h, or 24 h for a client that registered no refresh grant.
    pub access_token_ttl: Option<Duration>,
    /// Sliding.
    pub refresh_token_ttl: Duration,
    /// How long an authorization code may be exchanged.
    pub code_ttl: Duration,
    /// The key that signs tokens; `None`: the one in the keychain.
    pub jwt_secret: Option<SecretString>,
    /// An account from the environment.
    pub api_key: Option<ApiKey>,
    /// Whether upstream is also told who the verified account is.
    pub identity_headers: bool,
    /// Origins of web pages that may call, besides our own.
    pub allowed_origins: Vec<String>,
    /// A level, or `target=level` parted by commas.
    pub log: String,
    /// How long activity is kept.
    pub activity_days: u32,
    /// Where releases are published; none: nobody is asked.
    pub releases: Option<BaseUrl>,
    /// Whether it may be asked whether a newer version is out.
    pub update_check: bool,
}

/// Who answers for the memories.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ApiBase {
    /// The Jean Memory API at this address.
    Remote(Url),
    /// The built-in stand-in, for every account.
    Sandbox,
}

impl Config {
    /// Reads the file, if there is one, and the environment.
    ///
    /// # Errors
    /// [`ConfigError`] names the file or the variable, the key, and the reason.
    pub fn load(paths: &Paths, env: &dyn Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        Self::of_text(&paths.config_file, &read_text(&paths.config_file)?, env)
    }

    /// What `text`, which `file` holds, and the environment say.
    fn of_text(file: &Path, text: &str, env: &dyn Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let table = table_of(file, text)?;
        let sources = Sources { file, table: &table, env };
        sources.check_keys()?;
        Ok(Self {
            port: sources.get(PORT, &["JEAN_BRIDGE_PORT"], value::port)?.unwrap_or(DEFAULT_PORT),
            api_base: match sources.get(
                API_BASE_URL,
                &["JEAN_BRIDGE_API_BASE_URL", "API_BASE_URL"],
                value::api_base,
            )? {
                Some(base) => base,
                None => sources.default(API_BASE_URL, value::api_base(Raw::Text(DEFAULT_API_BASE)))?,
            },
            access_token_ttl: sources.get(ACCESS_TOKEN_TTL, &["JEAN_BRIDGE_ACCESS_TOKEN_TTL"], |raw| {
                value::duration_between(raw, "1s", "30d")
            })?,
            refresh_token_ttl: sources
                .get(REFRESH_TOKEN_TTL, &["JEAN_BRIDGE_REFRESH_TOKEN_TTL"], |raw| {
                    value::duration_between(raw, "1s", "3660d")
                })?
                .unwrap_or(DEFAULT_REFRESH_TTL),
            code_ttl: sources
                // RFC 6749 §4.1.2: ten minutes at most.
                .get(CODE_TTL, &["JEAN_BRIDGE_CODE_TTL"], |raw| value::duration_between(raw, "1s", "10m"))?
                .unwrap_or(DEFAULT_CODE_TTL),
            jwt_secret: sources.secret(JWT_SECRET_VARIABLE, credential::JWT_SECRET, value::jwt_secret)?,
            api_key: sources.secret(API_KEY_VARIABLE, credential::API_KEY, value::api_key)?,
            identity_headers: sources
                .get(IDENTITY_HEADERS, &["JEAN_BRIDGE_IDENTITY_HEADERS"], value::yes_or_no)?
                .unwrap_or(false),
            allowed_origins: sources
                .get(ALLOWED_ORIGINS, &["JEAN_BRIDGE_ALLOWED_ORIGINS"], value::origins)?
                .unwrap_or_default(),
            log: sources
                .get(LOG, &["JEAN_BRIDGE_LOG"], value::log_filter)?
                .unwrap_or_else(|| DEFAULT_LOG.to_owned()),
            activity_days: sources
                .get(ACTIVITY_DAYS, &["JEAN_BRIDGE_ACTIVITY_DAYS"], activity_days)?
                .unwrap_or(DEFAULT_ACTIVITY_DAYS),
            releases: sources
                .get(RELEASES_URL, &["JEAN_BRIDGE_RELEASES_URL"], value::releases_url)?
                .or_else(built_in_releases),
            update_check: sources
                .get(UPDATE_CHECK, &["JEAN_BRIDGE_UPDATE_CHECK"], value::yes_or_no)?
                .unwrap_or(true),
        })
    }
}

/// A test of the build that sets it holds that it is an address.
fn built_in_releases() -> Option<BaseUrl> {
    BaseUrl::parse(BUILT_IN_RELEASES?).ok()
}

fn activity_days(raw: Raw<'_>) -> Result<u32, Reason> {
    const EXPECTED: &str = "a number of days from 0 to 3660";
    let days = raw.whole(EXPECTED)?;
    if days <= MAX_ACTIVITY_DAYS { Ok(days) } else { Err(Reason::Expected { expected: EXPECTED }) }
}

/// A variable of this process; text that is not Unicode comes with replacement characters.
#[must_use]
pub fn process_environment(name: &str) -> Option<String> {
    std::env::var_os(name).map(|value| value.to_string_lossy().into_owned())
}

/// What of these names looks like a setting and is none: a slip, which would be silent otherwise.
pub fn unknown_variables(names: impl Iterator<Item = OsString>) -> Vec<String> {
    let names = names.filter_map(|name| name.into_string().ok());
    names
        .filter(|name| name.starts_with("JEAN_BRIDGE_"))
        .filter(|name| name != HOME_VARIABLE && !VARIABLES.contains(&name.as_str()))
        .collect()
}

/// The file's table; empty when there is no file.
fn table_of(file: &Path, text: &str) -> Result<Table, ConfigError> {
    text.parse::<Table>().map_err(|error| syntax_error(file, text, error.span(), error.message()))
}

/// The file's text; empty when there is no file.
fn read_text(file: &Path) -> Result<String, ConfigError> {
    let unreadable = |reason| ConfigError::Unreadable { file: file.to_owned(), reason };
    let opened = match File::open(file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(String::new()),
        opened => opened.map_err(unreadable)?,
    };
    let mut bytes = Vec::new();
    opened.take(MAX_FILE + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > MAX_FILE {
        return Err(ConfigError::TooLarge { file: file.to_owned() });
    }
    let text = String::from_utf8(bytes).map_err(|_| ConfigError::NotText { file: file.to_owned() })?;
    // Notepad may begin a file with a byte order mark.
    Ok(text.strip_prefix('\u{feff}').map_or_else(|| text.clone(), str::to_owned))
}

/// Only the message: the parser's own `Display` quotes the line, which may hold a key.
fn syntax_error(file: &Path, text: &str, span: Option<Range<usize>>, message: &str) -> ConfigError {
    let start = span.map_or(0, |span| span.start);
    let line = text.bytes().take(start).filter(|byte| *byte == b'\n').count() + 1;
    ConfigError::Syntax { file: file.to_owned(), line, message: message.to_owned() }
}

struct Sources<'a> {
    file: &'a Path,
    table: &'a Table,
    env: &'a dyn Fn(&str) -> Option<String>,
}

impl Sources<'_> {
    fn check_keys(&self) -> Result<(), ConfigError> {
        for key in self.table.keys().map(String::as_str) {
            if let Some((key, variable)) = SECRETS.into_iter().find(|(secret, _)| *secret == key) {
                let origin = Origin::file(self.file, key);
                return Err(ConfigError::Value { origin, reason: Reason::SecretInFile { variable } });
            }
            if !KEYS.contains(&key) {
                return Err(ConfigError::UnknownKey { file: self.file.to_owned(), key: ShownKey::new(key) });
            }
        }
        Ok(())
    }

    /// The value from the first variable that is set, else from the file. An empty variable counts as not
    /// set: that is how compose files pass on what they do not have.
    fn get<T>(
        &self,
        key: &'static str,
        variables: &[&'static str],
        parse: impl Fn(Raw<'_>) -> Result<T, Reason>,
    ) -> Result<Option<T>, ConfigError> {
        let set = variables
            .iter()
            .find_map(|name| (self.env)(name).filter(|text| !text.is_empty()).map(|text| (*name, text)));
        let (origin, parsed) = match (set, self.table.get(key)) {
            (Some((name, text)), _) => (Origin::Environment { name }, parse(Raw::Text(&text))),
            (None, Some(value)) => (Origin::file(self.file, key), parse(Raw::Toml(value))),
            (None, None) => return Ok(None),
        };
        parsed.map(Some).map_err(|reason| ConfigError::Value { origin, reason })
    }

    fn default<T>(&self, key: &'static str, parsed: Result<T, Reason>) -> Result<T, ConfigError> {
        parsed.map_err(|reason| ConfigError::Value { origin: Origin::file(self.file, key), reason })
    }

    /// A secret: from its variable or else from its credential, never from the file; an empty one is an error, because
    /// who sets it relies on it.
    fn secret<T>(
        &self,
        variable: &'static str,
        credential: &'static str,
        parse: impl Fn(&str) -> Result<T, Reason>,
    ) -> Result<Option<T>, ConfigError> {
        let (origin, text) = match (self.env)(variable) {
            Some(text) => (Origin::Environment { name: variable }, text),
            None => match credential::read(credential, self.env)? {
                Some((file, text)) => (Origin::Credential { file }, text),
                None => return Ok(None),
            },
        };
        parse(&text).map(Some).map_err(|reason| ConfigError::Value { origin, reason })
    }
}
