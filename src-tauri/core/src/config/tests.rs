use super::*;

/// What was written into the file, and what was set in the environment.
fn load(file: &str, variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let home = tempfile::tempdir().unwrap();
    let paths = Paths::under(home.path());
    if !file.is_empty() {
        std::fs::write(&paths.config_file, file).unwrap();
    }
    Config::load(&paths, &|name| {
        variables.iter().find(|(variable, _)| *variable == name).map(|(_, value)| (*value).to_owned())
    })
}

#[track_caller]
fn refused(file: &str, variables: &[(&str, &str)]) -> String {
    load(file, variables).unwrap_err().to_string()
}

#[test]
fn every_variable_that_sets_something_is_listed() {
    let home = tempfile::tempdir().unwrap();
    let asked = std::cell::RefCell::new(std::collections::BTreeSet::new());
    let env = |name: &str| {
        asked.borrow_mut().insert(name.to_owned());
        None
    };
    Config::load(&Paths::under(home.path()), &env).unwrap();
    let listed: std::collections::BTreeSet<_> = VARIABLES.map(str::to_owned).into();
    assert_eq!(asked.into_inner(), listed);
}

#[test]
fn a_variable_that_sets_nothing_is_named_and_others_are_nobodys_business() {
    let set =
        ["JEAN_BRIDGE_PROT", "JEAN_BRIDGE_PORT", HOME_VARIABLE, "API_BASE_URL", "HOME", "XJEAN_BRIDGE_X"];
    assert_eq!(unknown_variables(set.into_iter().map(Into::into)), ["JEAN_BRIDGE_PROT"]);
}

#[test]
fn without_anything_the_defaults_hold() {
    let config = load("", &[]).unwrap();
    assert_eq!(config.port, 5326);
    assert_eq!(
        config.api_base,
        ApiBase::Remote("https://jean-memory-api-virginia.onrender.com".parse().unwrap())
    );
    assert_eq!(config.access_token_ttl, None);
    assert_eq!(config.refresh_token_ttl, Duration::from_secs(2_592_000));
    assert_eq!(config.code_ttl, Duration::from_secs(60));
    assert!(config.jwt_secret.is_none() && config.api_key.is_none());
    assert!(!config.identity_headers && config.allowed_origins.is_empty());
    assert_eq!((config.log.as_str(), config.activity_days), ("info", 30));
    assert!(config.update_check);
}

#[test]
fn what_is_built_in_as_the_place_of_releases_is_an_address() {
    let config = load("", &[]).unwrap();
    assert_eq!(config.releases.is_some(), BUILT_IN_RELEASES.is_some_and(|url| !url.is_empty()));
    let mirror = load("releases_url = \"https://example.com/mirror\"", &[]).unwrap();
    assert_eq!(mirror.releases.unwrap().to_string(), "https://example.com/mirror");
}

#[test]
fn releases_come_from_a_safe_address() {
    for good in ["https://example.com/a/releases/", "http://127.0.0.1:1", "http://[::1]/x"] {
        assert!(load("", &[("JEAN_BRIDGE_RELEASES_URL", good)]).unwrap().releases.is_some(), "{good}");
    }
    for bad in
        ["http://example.com", "file:///etc", "https://me@example.com", "https://example.com/?x", "releases"]
    {
        let message = refused("", &[("JEAN_BRIDGE_RELEASES_URL", bad)]);
        assert!(message.starts_with("JEAN_BRIDGE_RELEASES_URL must"), "{bad}: {message}");
    }
}

#[test]
fn the_file_sets_every_key() {
    let config = load(
        r#"
            port = 0
            api_base_url = "sandbox"
            access_token_ttl = "90m"
            refresh_token_ttl = 3600
            code_ttl = "2s"
            identity_headers = true
            allowed_origins = ["HTTPS://Example.com:443", "http://localhost:6274", "chrome-extension://abcdef"]
            log = "Debug,bridge_core::oauth=trace"
            activity_days = 7
            releases_url = "https://example.com/releases"
            update_check = false
        "#,
        &[],
    )
    .unwrap();
    assert_eq!(config.port, 0);
    assert_eq!(config.api_base, ApiBase::Sandbox);
    assert_eq!(config.access_token_ttl, Some(Duration::from_secs(5400)));
    assert_eq!(config.refresh_token_ttl, Duration::from_secs(3600));
    assert_eq!(config.code_ttl, Duration::from_secs(2));
    assert!(config.identity_headers);
    assert_eq!(
        config.allowed_origins,
        ["https://example.com", "http://localhost:6274", "chrome-extension://abcdef"]
    );
    assert_eq!((config.log.as_str(), config.activity_days), ("debug,bridge_core::oauth=trace", 7));
    assert_eq!(config.releases.unwrap().to_string(), "https://example.com/releases");
    assert!(!config.update_check);
}

#[test]
fn the_environment_sets_every_key_and_wins() {
    let config = load(
        "port = 1\napi_base_url = \"https://a.example\"\nactivity_days = 1\nlog = \"warn\"",
        &[
            ("JEAN_BRIDGE_PORT", "4711"),
            ("JEAN_BRIDGE_API_BASE_URL", "http://127.0.0.1:9/base"),
            ("API_BASE_URL", "https://b.example"),
            ("JEAN_BRIDGE_ACCESS_TOKEN_TTL", "24h"),
            ("JEAN_BRIDGE_REFRESH_TOKEN_TTL", "2d"),
            ("JEAN_BRIDGE_CODE_TTL", "30"),
            ("JWT_SECRET_KEY", "0123456789abcdef0123456789abcdef"),
            ("JEAN_BRIDGE_API_KEY", "jean_sk_EXAMPLE_0123456789"),
            ("JEAN_BRIDGE_IDENTITY_HEADERS", "true"),
            ("JEAN_BRIDGE_ALLOWED_ORIGINS", "https://a.example, http://[::1]:80"),
            ("JEAN_BRIDGE_LOG", "off"),
            ("JEAN_BRIDGE_ACTIVITY_DAYS", "0"),
            ("JEAN_BRIDGE_RELEASES_URL", "http://127.0.0.1:9/releases"),
            ("JEAN_BRIDGE_UPDATE_CHECK", "false"),
        ],
    )
    .unwrap();
    assert_eq!(config.port, 4711);
    assert_eq!(config.api_base, ApiBase::Remote("http://127.0.0.1:9/base".parse().unwrap()));
    assert_eq!(config.access_token_ttl, Some(Duration::from_secs(86_400)));
    assert_eq!(config.refresh_token_ttl, Duration::from_secs(172_800));
    assert_eq!(config.code_ttl, Duration::from_secs(30));
    assert!(config.jwt_secret.is_some() && config.api_key.is_some() && config.identity_headers);
    assert_eq!(config.allowed_origins, ["https://a.example", "http://[::1]"]);
    assert_eq!((config.log.as_str(), config.activity_days), ("off", 0));
    assert_eq!(config.releases.unwrap().to_string(), "http://127.0.0.1:9/releases");
    assert!(!config.update_check);
}

#[test]
fn the_short_name_of_the_base_url_works_and_yields_to_the_long_one() {
    let config = load("", &[("API_BASE_URL", "sandbox")]).unwrap();
    assert_eq!(config.api_base, ApiBase::Sandbox);
}

#[test]
fn an_empty_variable_counts_as_not_set_unless_it_is_a_secret() {
    assert_eq!(load("port = 7", &[("JEAN_BRIDGE_PORT", "")]).unwrap().port, 7);
    assert!(refused("", &[("JWT_SECRET_KEY", "")]).contains("fewer than 32 bytes"));
    assert!(refused("", &[("JEAN_BRIDGE_API_KEY", "")]).contains("does not look like"));
}

#[test]
fn an_error_names_the_file_the_key_and_the_reason() {
    for (file, parts) in [
        ("prot = 1", ["config.toml", "unknown key prot", "port, api_base_url"]),
        ("[port]\nx = 1", ["config.toml", "port", "a number from 0 to 65535"]),
        ("port = 65536", ["config.toml", "port", "65535"]),
        ("port = -1", ["config.toml", "port", "65535"]),
        ("port = \"5326\"", ["config.toml", "port", "a number"]),
        ("code_ttl = \"11m\"", ["config.toml", "code_ttl", "between 1s and 10m"]),
        ("code_ttl = 0", ["config.toml", "code_ttl", "between 1s and 10m"]),
        ("access_token_ttl = \"1 hour\"", ["config.toml", "access_token_ttl", "90m"]),
        ("access_token_ttl = 1.5", ["config.toml", "access_token_ttl", "seconds"]),
        ("refresh_token_ttl = -5", ["config.toml", "refresh_token_ttl", "seconds"]),
        ("refresh_token_ttl = \"+5\"", ["config.toml", "refresh_token_ttl", "seconds"]),
        ("refresh_token_ttl = \"99999999999999999999d\"", ["config.toml", "refresh_token_ttl", "30d"]),
        ("identity_headers = 1", ["config.toml", "identity_headers", "true or false"]),
        ("allowed_origins = \"https://a.example\"", ["config.toml", "allowed_origins", "list"]),
        ("allowed_origins = [\"*\"]", ["config.toml", "allowed_origins", "not origins"]),
        ("allowed_origins = [\"null\"]", ["config.toml", "allowed_origins", "not origins"]),
        ("allowed_origins = [\"http://a.example\"]", ["config.toml", "allowed_origins", "origins"]),
        ("allowed_origins = [\"https://a.example/\"]", ["config.toml", "allowed_origins", "path"]),
        ("log = \"verbose\"", ["config.toml", "log", "trace"]),
        ("activity_days = 4000", ["config.toml", "activity_days", "3660"]),
        ("port = 1\nport = ", ["config.toml", "line 2", ""]),
    ] {
        let message = refused(file, &[]);
        for part in parts {
            assert!(message.contains(part), "{file}: {message}");
        }
    }
}

#[test]
fn a_wrong_variable_is_named() {
    let message = refused("port = 1", &[("JEAN_BRIDGE_PORT", "many")]);
    assert_eq!(message, "JEAN_BRIDGE_PORT must be a port: a number from 0 to 65535");
    assert!(refused("", &[("API_BASE_URL", "ftp://x")]).starts_with("API_BASE_URL must be an address"));
}

#[test]
fn only_this_computer_is_reached_without_tls() {
    for good in ["https://example.com/x", "http://localhost:1", "http://127.9.9.9", "http://[::1]:1"] {
        load("", &[("API_BASE_URL", good)]).unwrap();
    }
    for bad in [
        "http://example.com",
        "http://localhost.example.com",
        "http://0.0.0.0",
        "https://user@example.com",
        "https://:secret@example.com",
        "https://example.com/?key=1",
        "https://example.com/#x",
        "https://",
        "example.com",
        "file:///etc/passwd",
        "Sandbox ",
    ] {
        let message = refused("", &[("API_BASE_URL", bad)]);
        assert!(message.starts_with("API_BASE_URL must"), "{bad}: {message}");
    }
}

#[test]
fn a_secret_in_the_file_is_refused_with_the_cure() {
    let message = refused("api_key = \"jean_sk_EXAMPLE_0123456789\"", &[]);
    assert!(message.contains("api_key") && message.contains("JEAN_BRIDGE_API_KEY"), "{message}");
    let message = refused("jwt_secret_key = \"0123456789abcdef0123456789abcdef\"", &[]);
    assert!(message.contains("jwt_secret_key") && message.contains("JWT_SECRET_KEY"), "{message}");
}

#[test]
fn a_signing_key_needs_32_bytes() {
    assert!(refused("", &[("JWT_SECRET_KEY", &"a".repeat(31))]).contains("fewer than 32 bytes"));
    load("", &[("JWT_SECRET_KEY", &"ä".repeat(16))]).unwrap();
}

#[test]
fn no_secret_is_in_an_error_or_in_debug() {
    const KEY: &str = "jean_sk_EXAMPLE_0123456789";
    for file in [
        format!("api_key = \"{KEY}\""),
        format!("{KEY} = 1"),
        format!("port = \"{KEY}"),
        format!("port = {KEY}"),
        KEY.to_owned(),
        format!("port = 1\n{KEY} = 1\n{KEY} = 2"),
        format!("log = \"{KEY}\""),
        format!("api_base_url = \"https://{KEY}@example.com\""),
    ] {
        let error = load(&file, &[]).unwrap_err();
        assert!(!format!("{error} {error:?}").contains(KEY), "{file}: {error}");
    }
    let secret = "a-signing-key-of-more-than-32-bytes";
    let config = load("", &[("JWT_SECRET_KEY", secret), ("JEAN_BRIDGE_API_KEY", KEY)]).unwrap();
    let debug = format!("{config:?}");
    assert!(!debug.contains(KEY) && !debug.contains(secret) && debug.contains("5326"), "{debug}");
}

#[test]
fn a_byte_order_mark_is_not_a_key() {
    assert_eq!(load("\u{feff}port = 7", &[]).unwrap().port, 7);
}

#[test]
fn what_is_no_file_of_text_is_named() {
    let home = tempfile::tempdir().unwrap();
    let paths = Paths::under(home.path());
    std::fs::create_dir(&paths.config_file).unwrap();
    assert!(matches!(Config::load(&paths, &|_| None), Err(ConfigError::Unreadable { .. })));
    std::fs::remove_dir(&paths.config_file).unwrap();
    std::fs::write(&paths.config_file, [0xff, 0xfe]).unwrap();
    assert!(matches!(Config::load(&paths, &|_| None), Err(ConfigError::NotText { .. })));
    std::fs::write(&paths.config_file, vec![b'#'; 65 * 1024]).unwrap();
    assert!(matches!(Config::load(&paths, &|_| None), Err(ConfigError::TooLarge { .. })));
}

#[test]
fn a_secret_may_come_as_a_credential_and_its_variable_wins() {
    let folder = tempfile::tempdir().unwrap();
    let directory = folder.path().to_str().unwrap();
    let key = format!("jean_sk_{}", "a".repeat(32));
    assert!(
        load("", &[(CREDENTIALS_VARIABLE, directory)]).unwrap().api_key.is_none(),
        "none was handed over"
    );
    std::fs::write(folder.path().join("jean-bridge-api-key"), format!("{key}\n")).unwrap();
    std::fs::write(folder.path().join("jean-bridge-jwt-secret-key"), "s".repeat(40)).unwrap();
    let config = load("", &[(CREDENTIALS_VARIABLE, directory)]).unwrap();
    assert!(config.api_key.is_some() && config.jwt_secret.is_some());
    let short = refused("", &[(CREDENTIALS_VARIABLE, directory), (JWT_SECRET_VARIABLE, "short")]);
    assert!(short.starts_with("JWT_SECRET_KEY has fewer"), "{short}");
}

#[test]
fn a_wrong_credential_is_named_by_its_file_and_not_told() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("jean-bridge-api-key");
    for wrong in ["", "not a key of ours"] {
        std::fs::write(&file, wrong).unwrap();
        let error = refused("", &[(CREDENTIALS_VARIABLE, folder.path().to_str().unwrap())]);
        assert!(error.starts_with(&format!("{} does not look like", file.display())), "{error}");
        assert!(wrong.is_empty() || !error.contains(wrong), "{error}");
    }
}
