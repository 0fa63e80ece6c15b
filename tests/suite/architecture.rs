//! The shape of the product, held by tests: who may know whom, and what the command line may link.
//!
//! One direction: `app, cli → core`; in the core a module knows only what lies below it. The compiler holds the
//! first half, because the core does not list Tauri; this holds the second.

mod source;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use source::{Module, Source};

/// The core from the bottom to the top. A module may mention what is in a lower layer; in its own only where the
/// layer says so. A new module fails the test until it has a place here.
const LAYERS: &[Layer] = &[
    Layer {
        modules: &[
            "api_key",
            "clock",
            "hang_up",
            "ids",
            "origin",
            "paths",
            "program_file",
            "scope",
            "secret",
            "tls",
            "unbroken",
            "view",
            "whole_file",
        ],
        peers: Peers::MayMeet, // the words that everyone speaks
    },
    Layer {
        modules: &[
            "fetch",
            "logging",
            "login_entry",
            "port_holder",
            "process",
            "process_limits",
            "sandbox",
            "store",
            "upstream",
            "vault",
        ],
        peers: Peers::Strangers,
    },
    Layer { modules: &["accounts", "config", "updates"], peers: Peers::Strangers },
    Layer {
        modules: &["adapter_clients", "api_key_clients", "connect", "consent", "mcp", "oauth"],
        peers: Peers::MayMeet,
    },
    Layer { modules: &["http"], peers: Peers::Strangers },
    // The socket offers what the bridge can do, and the bridge starts the socket; adapter and doctor speak to it.
    Layer { modules: &["bridge", "control", "doctor", "reset", "stdio"], peers: Peers::MayMeet },
];

/// Which modules may name a library; no line means that all may.
const CONFINED: &[(&str, &[&str])] = &[
    ("axum", &["bridge", "control", "http", "sandbox"]),
    ("jsonc_parser", &["connect"]),
    ("keyring_core", &["vault"]),
    ("reqwest", &["fetch", "updates", "upstream"]),
    ("rmcp", &["http", "mcp", "stdio"]),
    ("rusqlite", &["sandbox", "store"]),
    ("saphyr_parser", &["connect"]),
    ("sysinfo", &["process"]),
    ("tauri", &[]),
];

/// What `jean-bridge` must neither depend on nor load: a machine without a desktop has none of it.
const DESKTOP: &[&str] = &["atk", "dbus", "gdk", "gio", "glib", "gtk", "javascriptcore", "tauri", "webkit"];

/// The only shared libraries `jean-bridge` may load: the C library, in its pieces.
#[cfg(target_os = "linux")]
const C_LIBRARY: &[&str] =
    &["ld-linux", "libc.so", "libdl.so", "libgcc_s.so", "libm.so", "libpthread.so", "linux-vdso"];

struct Layer {
    modules: &'static [&'static str],
    peers: Peers,
}

#[derive(PartialEq, Eq)]
enum Peers {
    MayMeet,
    Strangers,
}

#[test]
fn every_module_of_the_core_knows_only_what_lies_below_it() {
    let violations: BTreeSet<String> = core_sources().iter().flat_map(upward_mentions).collect();
    assert!(violations.is_empty(), "{}", listed(&violations));
}

#[test]
fn libraries_stay_in_the_modules_they_are_for() {
    let violations: BTreeSet<String> = core_sources().iter().flat_map(strayed_libraries).collect();
    assert!(violations.is_empty(), "{}", listed(&violations));
}

#[test]
fn every_module_of_the_core_has_a_place_in_the_layers() {
    let placed: BTreeSet<&str> = LAYERS.iter().flat_map(|layer| layer.modules).copied().collect();
    let sources = core_sources();
    let homeless: BTreeSet<&str> =
        sources.iter().filter_map(|source| source.module.top()).filter(|top| !placed.contains(top)).collect();
    assert!(homeless.is_empty(), "find a place in LAYERS for {homeless:?}");
}

#[test]
fn the_core_and_the_command_line_depend_on_no_desktop() {
    for package in ["bridge-core", "jean-bridge"] {
        let depends_on = dependencies(package);
        assert!(depends_on.iter().any(|name| name == "tokio"), "the list of {package} is a real one");
        let desktop: Vec<_> = depends_on.iter().filter(|name| is_desktop(name)).collect();
        assert!(desktop.is_empty(), "{package} depends on {desktop:?}");
        let foreign_tls: Vec<_> = depends_on.iter().filter(|name| is_foreign_tls(name)).collect();
        assert!(foreign_tls.is_empty(), "{package} depends on {foreign_tls:?}: TLS here is rustls with ring");
    }
}

#[test]
fn what_only_tests_need_never_reaches_a_program() {
    let manifest = std::fs::read_to_string(repository().join("tests/Cargo.toml")).unwrap();
    let ordinary =
        manifest.lines().any(|line| line.ends_with("dependencies]") && !line.contains("dev-dependencies"));
    assert!(
        !ordinary,
        "tests/Cargo.toml has dependencies that are not dev-dependencies: their features would unite"
    );
}

#[cfg(target_os = "linux")]
#[test]
fn the_command_line_loads_nothing_but_the_c_library() {
    let program = crate::harness::programs::program("jean-bridge");
    let output = Command::new("ldd").arg(&program).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("libc.so"), "ldd says of {}: {text}", program.display());
    let strange: Vec<_> =
        text.lines().filter(|line| !C_LIBRARY.iter().any(|name| line.contains(name))).collect();
    assert!(strange.is_empty(), "{strange:#?}");
}

mod the_scanner {
    //! A test that cannot fail proves nothing: the same checks on sources that break each rule.
    use super::*;

    fn checked(path: &str, text: &str) -> Vec<String> {
        let source = Source::new(Path::new(path), text);
        upward_mentions(&source).into_iter().chain(strayed_libraries(&source)).collect()
    }

    #[test]
    fn sees_a_mention_however_it_is_written() {
        for text in [
            "use crate::http::door;",
            "use crate::{ids::ClientId, http};",
            "use crate::{ids::{ClientId, GrantId}, http::{door, pages}};",
            "fn f() { crate::http::serve() }",
            "use super::super::http;",
            "use super::super::{http, ids};",
        ] {
            assert_eq!(checked("store/rows.rs", text).len(), 1, "{text}");
        }
        assert_eq!(checked("store/mod.rs", "use super::http;").len(), 1);
        assert_eq!(
            checked("store/mod.rs", "use super::vault;").len(),
            1,
            "neighbours of that layer are strangers"
        );
    }

    #[test]
    fn sees_a_library_where_it_does_not_belong() {
        assert_eq!(checked("oauth/token.rs", "use axum::Json;").len(), 1);
        assert_eq!(checked("mcp/server.rs", "fn f(r: reqwest::Request) {}").len(), 1);
        assert_eq!(checked("http/token.rs", "use axum::Json;").len(), 0);
    }

    #[test]
    fn passes_over_comments_strings_lifetimes_and_tests() {
        for text in [
            "//! crate::http is above.\n/* use axum; /* crate::http */ reqwest */ fn f() {}",
            "const A: &str = \"crate::http \\\" axum\"; const B: &str = r#\"\"axum\"#; const C: char = '\"';",
            "fn f<'axum>(text: &'axum str, quote: char) -> bool { quote == '\\'' }",
            "#[cfg(test)]\nmod tests {\n    use axum::Router;\n}\n",
            "use crate::ids::GrantId; use crate::store::Store;",
            "use super::http;", // in a file one deeper, that is the module's own child
        ] {
            assert_eq!(checked("store/rows.rs", text), Vec::<String>::new(), "{text}");
        }
        assert_eq!(checked("oauth/rules.rs", "#[cfg(test)]\nmod tests {\n}\nuse axum::Json;").len(), 1);
    }
}

fn upward_mentions(source: &Source) -> Vec<String> {
    let Some(own) = source.module.top() else { return Vec::new() };
    source
        .crate_modules()
        .into_iter()
        .filter(|(_, mentioned)| mentioned != own && !may_mention(own, mentioned))
        .map(|(line, mentioned)| format!("{}:{line} mentions crate::{mentioned}", source.path.display()))
        .collect()
}

fn may_mention(own: &str, mentioned: &str) -> bool {
    let layer_of = |module| LAYERS.iter().position(|layer| layer.modules.contains(&module));
    match (layer_of(own), layer_of(mentioned)) {
        (Some(own), Some(mentioned)) if own == mentioned => LAYERS[own].peers == Peers::MayMeet,
        (Some(own), Some(mentioned)) => mentioned < own,
        _ => false,
    }
}

fn strayed_libraries(source: &Source) -> Vec<String> {
    let own = source.module.top().unwrap_or_default();
    let strays = CONFINED.iter().filter(|(_, modules)| !modules.contains(&own));
    strays
        .flat_map(|(library, _)| source.lines_with(library).map(move |line| (library, line)))
        .map(|(library, line)| format!("{}:{line} mentions {library}", source.path.display()))
        .collect()
}

/// The files of the core without their unit tests, which may reach where they like.
fn core_sources() -> Vec<Source> {
    let sources = source::read_all(&repository().join("src-tauri/core/src"));
    let tests: BTreeSet<Module> = sources.iter().flat_map(|source| source.test_modules.clone()).collect();
    sources.into_iter().filter(|source| !tests.iter().any(|test| source.module.is_within(test))).collect()
}

/// The packages that a build of `package` for this system uses, by name.
fn dependencies(package: &str) -> BTreeSet<String> {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--locked", "--offline", "--edges", "normal", "--prefix", "none", "--format", "{p}"])
        .args(["--package", package])
        .current_dir(repository())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect()
}

fn is_desktop(package: &str) -> bool {
    let name = package.strip_prefix("lib").unwrap_or(package);
    DESKTOP.iter().any(|desktop| {
        name == *desktop
            || name.starts_with(&format!("{desktop}-"))
            || name.starts_with(&format!("{desktop}2"))
    })
}

fn is_foreign_tls(package: &str) -> bool {
    ["openssl", "openssl-sys", "native-tls", "aws-lc-sys", "aws-lc-rs"].contains(&package)
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn listed(violations: &BTreeSet<String>) -> String {
    violations.iter().fold(String::new(), |text, violation| text + "\n" + violation)
}
