//! Reading one value, the same from the file and from the environment.

use std::net::IpAddr;
use std::time::Duration;

use secrecy::SecretString;
use url::{Host, Url};

use super::{ApiBase, error::Reason};
use crate::api_key::ApiKey;
use crate::upstream::{BaseUrl, BaseUrlError};

/// A signing key for HS256 has at least as many bytes as its digest (RFC 7518 §3.2).
const MIN_SECRET: usize = 32;
/// The word for the built-in stand-in.
const SANDBOX: &str = "sandbox";

/// A value as it was written.
#[derive(Clone, Copy)]
pub(super) enum Raw<'a> {
    /// The environment knows only text.
    Text(&'a str),
    /// The file has types.
    Toml(&'a toml::Value),
}

impl<'a> Raw<'a> {
    pub(super) fn text(self, expected: &'static str) -> Result<&'a str, Reason> {
        match self {
            Self::Text(text) => Some(text),
            Self::Toml(value) => value.as_str(),
        }
        .ok_or(Reason::Expected { expected })
    }

    pub(super) fn whole(self, expected: &'static str) -> Result<u32, Reason> {
        match self {
            Self::Text(text) => text.trim().parse().ok(),
            Self::Toml(value) => value.as_integer().and_then(|number| number.try_into().ok()),
        }
        .ok_or(Reason::Expected { expected })
    }

    /// A list: an array in the file, parted by commas in the environment.
    fn list(self) -> Result<Vec<&'a str>, Reason> {
        match self {
            Self::Text(text) => {
                Some(text.split(',').map(str::trim).filter(|item| !item.is_empty()).collect())
            }
            Self::Toml(value) => {
                value.as_array().and_then(|items| items.iter().map(toml::Value::as_str).collect())
            }
        }
        .ok_or(Reason::Expected { expected: "a list of texts" })
    }
}

/// `true` or `false`; the environment may say 1 or 0.
pub(super) fn yes_or_no(raw: Raw<'_>) -> Result<bool, Reason> {
    match raw {
        Raw::Text(text) => match text.trim() {
            "true" | "1" => Some(true),
            "false" | "0" => Some(false),
            _ => None,
        },
        Raw::Toml(value) => value.as_bool(),
    }
    .ok_or(Reason::Expected { expected: "true or false" })
}

/// `2s`, `90m`, `24h`, `30d`, or seconds.
pub(super) fn duration(raw: Raw<'_>) -> Result<Duration, Reason> {
    const EXPECTED: Reason =
        Reason::Expected { expected: "a time like 2s, 90m, 24h or 30d, or a number of seconds" };
    let seconds = match raw {
        Raw::Text(text) => seconds(text.trim()),
        Raw::Toml(toml::Value::String(text)) => seconds(text.trim()),
        Raw::Toml(value) => value.as_integer().and_then(|number| number.try_into().ok()),
    };
    seconds.map(Duration::from_secs).ok_or(EXPECTED)
}

fn seconds(text: &str) -> Option<u64> {
    let digits = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    // `parse` alone would take `+5`.
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let unit: u64 = match &text[digits.len()..] {
        "" | "s" => 1,
        "m" => 60,
        "h" => 60 * 60,
        "d" => 24 * 60 * 60,
        _ => return None,
    };
    digits.parse::<u64>().ok()?.checked_mul(unit)
}

/// A duration within limits that are given as they are shown: `1s`, `30d`.
pub(super) fn duration_between(
    raw: Raw<'_>,
    least: &'static str,
    most: &'static str,
) -> Result<Duration, Reason> {
    let limit = |text| seconds(text).map(Duration::from_secs);
    let asked = duration(raw)?;
    if Some(asked) < limit(least) || Some(asked) > limit(most) {
        return Err(Reason::OutOfRange { least, most });
    }
    Ok(asked)
}

/// 0 is any free port, for tests.
pub(super) fn port(raw: Raw<'_>) -> Result<u16, Reason> {
    const EXPECTED: &str = "a port: a number from 0 to 65535";
    raw.whole(EXPECTED)?.try_into().map_err(|_| Reason::Expected { expected: EXPECTED })
}

/// `https:` anywhere, `http:` on this computer only (design.md 4), or `sandbox`.
pub(super) fn api_base(raw: Raw<'_>) -> Result<ApiBase, Reason> {
    let text = raw.text("a text")?.trim();
    if text == SANDBOX {
        return Ok(ApiBase::Sandbox);
    }
    let url = Url::parse(text).map_err(|_| Reason::NotABaseUrl)?;
    let bare = url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    match url.scheme() {
        "https" if bare => Ok(ApiBase::Remote(url)),
        "http" if bare && is_loopback(url.host().as_ref()) => Ok(ApiBase::Remote(url)),
        "http" if bare => Err(Reason::Insecure),
        _ => Err(Reason::NotABaseUrl),
    }
}

/// `https:` anywhere, `http:` on this computer only.
pub(super) fn releases_url(raw: Raw<'_>) -> Result<BaseUrl, Reason> {
    BaseUrl::parse(raw.text("a text")?).map_err(|error| match error {
        BaseUrlError::ClearText => Reason::Insecure,
        BaseUrlError::NotAUrl
        | BaseUrlError::Scheme
        | BaseUrlError::UserInfo
        | BaseUrlError::QueryOrFragment => Reason::NotAPage,
    })
}

fn is_loopback(host: Option<&Host<&str>>) -> bool {
    match host {
        Some(Host::Domain(name)) => *name == "localhost",
        Some(Host::Ipv4(address)) => IpAddr::V4(*address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::V6(*address).is_loopback(),
        None => false,
    }
}

/// Origins as browsers write them: lower case, no default port (protocol.md 1.20, 9.3).
pub(super) fn origins(raw: Raw<'_>) -> Result<Vec<String>, Reason> {
    raw.list()?.into_iter().map(|text| origin(text).ok_or(Reason::NotAnOrigin)).collect()
}

fn origin(text: &str) -> Option<String> {
    let url = Url::parse(text).ok()?;
    let bare = url.username().is_empty()
        && url.password().is_none()
        && matches!(url.path(), "" | "/")
        && url.query().is_none()
        && url.fragment().is_none()
        // `https://example.com/` is a URL; what a browser sends as Origin has no slash.
        && !text.ends_with('/');
    let host = url.host_str().filter(|host| bare && !host.is_empty())?;
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    match url.scheme() {
        "file" => None,
        // Anybody on the way could answer as this page.
        "http" if !is_loopback(url.host().as_ref()) => None,
        // Extensions have schemes of their own, such as `chrome-extension`.
        scheme => Some(format!("{scheme}://{host}{port}")),
    }
}

/// A key for signing tokens, as its UTF-8 bytes.
pub(super) fn jwt_secret(text: &str) -> Result<SecretString, Reason> {
    if text.len() < MIN_SECRET {
        return Err(Reason::ShortSecret);
    }
    Ok(SecretString::from(text.to_owned()))
}

/// A Jean Memory key.
pub(super) fn api_key(text: &str) -> Result<ApiKey, Reason> {
    ApiKey::parse(text).map_err(|_| Reason::NotAKey)
}

/// A level, or a list of `target=level`; levels are checked here, or a typing error would silence the log.
pub(super) fn log_filter(raw: Raw<'_>) -> Result<String, Reason> {
    const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];
    let text = raw.text("a text")?.trim().to_ascii_lowercase();
    let known = |part: &str| match part.trim().split_once('=') {
        Some((target, level)) => {
            LEVELS.contains(&level.trim())
                && !target.is_empty()
                && target.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_:-".contains(&byte))
        }
        None => LEVELS.contains(&part.trim()),
    };
    if text.split(',').all(known) { Ok(text) } else { Err(Reason::NotALogFilter) }
}
