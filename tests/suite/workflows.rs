//! What makes releases, as far as it can be judged without making one: workflows, the configuration of installers, the versions.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::documents::read;
#[cfg(target_os = "linux")]
use crate::harness::node::WORKFLOWS;

const CONFIGURATIONS: [&str; 5] = [
    "tauri.conf.json",
    "tauri.linux.conf.json",
    "tauri.macos.conf.json",
    "tauri.windows.conf.json",
    "packaging/bundle.json",
];

#[test]
fn every_action_is_pinned_by_its_hash_and_says_its_version() {
    let mut seen = 0;
    for (name, text) in workflows() {
        for uses in
            text.lines().filter_map(|line| line.trim().trim_start_matches("- ").strip_prefix("uses: "))
        {
            if uses.starts_with("./") {
                continue;
            }
            let (action, version) = uses.split_once(" # v").unwrap_or((uses, ""));
            let hash = action.split_once('@').map_or("", |(_, hash)| hash);
            let is_hash = hash.len() == 40 && hash.chars().all(|c| c.is_ascii_hexdigit());
            assert!(is_hash && version.split('.').count() == 3, "{name}: {uses}");
            seen += 1;
        }
    }
    assert!(seen > 5, "the workflows use actions");
}

#[test]
fn a_workflow_may_read_and_only_the_last_step_of_a_release_may_write() {
    for (name, text) in workflows() {
        assert!(text.contains("\npermissions:\n  contents: read\n"), "{name}");
        let writes = text.lines().filter(|line| line.contains(": write")).count();
        assert_eq!(writes, if name == "release.yml" { 3 } else { 0 }, "{name}");
    }
    // And that step runs nothing of the repository.
    let release = read(".github/workflows/release.yml");
    let (before, draft) = release.split_once("\n  draft:\n").expect("a job that makes the draft");
    assert!(!before.contains(": write") && !draft.contains("checkout") && !draft.contains("tools/"));
}

#[test]
fn the_version_is_that_of_cargo_everywhere() {
    let version = env!("CARGO_PKG_VERSION");
    for file in CONFIGURATIONS {
        assert_eq!(configuration(file).get("version"), None, "{file}: Cargo.toml has it");
    }
    // The newest section is the version's, or what will be it.
    let changelog = read("CHANGELOG.md");
    let newest = changelog.split("\n## ").nth(1).expect("a section").lines().next().unwrap_or_default();
    let is_of_version = newest == "Unreleased" || newest.split(' ').next() == Some(version);
    assert!(is_of_version, "the newest section is {newest}");
    for manifest in
        ["Cargo.toml", "src-tauri/core/Cargo.toml", "src-tauri/cli/Cargo.toml", "tests/Cargo.toml"]
    {
        assert!(read(manifest).contains("version.workspace = true"), "{manifest}");
    }
}

#[test]
fn a_release_needs_a_tag_and_a_section_of_its_version() {
    let check = |tag: &str| {
        let mut python = Command::new("python3");
        let said = python.args(["tools/release", "check", tag]).current_dir(repository()).output().unwrap();
        (said.status.success(), String::from_utf8(said.stderr).unwrap())
    };
    let (is_good, said) = check("v0.0.99");
    assert!(!is_good && said.contains("Cargo.toml has"), "{said}");
    let version = env!("CARGO_PKG_VERSION");
    let (is_good, said) = check(&format!("v{version}"));
    let has_section = read("CHANGELOG.md").contains(&format!("\n## {version}"));
    assert_eq!(is_good, has_section, "{said}");
}

#[test]
fn what_is_published_has_names_that_stay_checksums_and_a_manifest() {
    let folder = tempfile::tempdir().unwrap();
    let (built, assets) = (folder.path().join("built"), folder.path().join("out/assets"));
    for file in [
        "linux/a.deb",
        "linux/a.rpm",
        "linux/a.AppImage",
        "m/Jean Memory Bridge.dmg",
        "w/a-setup.exe",
        "s/a.cdx.json",
    ] {
        let file = built.join(file);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, "abc").unwrap();
    }
    std::fs::write(built.join("linux/changes.txt"), "not published").unwrap();
    let gathered = gather(&built, &assets);
    assert!(gathered.status.success(), "{}", String::from_utf8_lossy(&gathered.stderr));
    let manifest: Value =
        serde_json::from_slice(&std::fs::read(assets.join("latest.json")).unwrap()).unwrap();
    assert_eq!(manifest, serde_json::json!({ "version": env!("CARGO_PKG_VERSION") }));
    let sums = std::fs::read_to_string(assets.join("SHA256SUMS")).unwrap();
    // FIPS 180-2, B.1
    let of_abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert!(sums.contains(&format!("{of_abc}  Jean-Memory-Bridge.dmg\n")), "{sums}");
    let names: BTreeSet<_> = sums.lines().filter_map(|line| line.split("  ").nth(1)).collect();
    let published = [
        "Jean-Memory-Bridge.dmg",
        "a-setup.exe",
        "a.AppImage",
        "a.cdx.json",
        "a.deb",
        "a.rpm",
        "latest.json",
    ];
    assert_eq!(names, BTreeSet::from(published));
    assert!(!std::fs::read_to_string(folder.path().join("out/notes.md")).unwrap().trim().is_empty());

    // A system that is missing is noticed, not left out.
    std::fs::remove_file(built.join("w/a-setup.exe")).unwrap();
    let refused = gather(&built, &folder.path().join("again/assets"));
    assert!(!refused.status.success() && String::from_utf8_lossy(&refused.stderr).contains(".exe"));
}

fn gather(from: &Path, to: &Path) -> std::process::Output {
    let mut python = Command::new("python3");
    python.args(["tools/release", "gather"]).args([from, to]).current_dir(repository()).output().unwrap()
}

#[test]
fn what_the_configuration_of_installers_names_is_there() {
    let mut seen = 0;
    for file in CONFIGURATIONS {
        let mut named = Vec::new();
        strings(&configuration(file), &mut named);
        let is_path = |text: &&String| {
            let path = Path::new(text.as_str());
            text.contains('/') && !text.contains(' ') && !text.contains(':') && !path.starts_with("target")
        };
        for path in named.iter().filter(is_path) {
            assert!(repository().join(path).exists(), "{file} names {path}");
            seen += 1;
        }
    }
    assert!(seen >= 9, "they name icons, hooks and more");
    for (name, text) in workflows() {
        let words = text.split([' ', '\n', '"', '\'']);
        for path in words.filter(|word| {
            ["tools/", ".ci/", "./.github/", "packaging/"].iter().any(|it| word.starts_with(it))
        }) {
            assert!(repository().join(path).exists(), "{name} names {path}");
        }
    }
}

#[test]
fn installers_and_programs_agree_on_names() {
    let windows = configuration("tauri.windows.conf.json");
    assert_eq!(
        windows["bundle"]["windows"]["nsis"]["installMode"], "currentUser",
        "without an administrator"
    );
    let product = configuration("tauri.conf.json")["productName"].clone();
    // Tauri's uninstaller removes the start at login under the name of the product.
    assert_eq!(product, bridge_core::login_entry::NAME);
    let hooks = read("packaging/windows/hooks.nsh");
    for program in ["jean-memory-bridge", "jean-bridge"] {
        assert!(hooks.contains(&format!("$INSTDIR\\{program}.exe")), "{program}");
        assert!(
            read("Cargo.toml").contains("name = \"jean-memory-bridge\"")
                && read("src-tauri/cli/Cargo.toml").contains("jean-bridge")
        );
    }
    let beside = configuration("packaging/bundle.json");
    let beside = beside["bundle"]["externalBin"][0].as_str().unwrap();
    assert_eq!(Path::new(beside).file_name().unwrap(), "jean-bridge");
    assert!(
        read("tools/release/bundle.py")
            .contains(&format!("\"{}\"", Path::new(beside).parent().unwrap().display()))
    );
}

#[test]
fn commands_of_the_installer_exist() {
    let hooks = read("packaging/windows/hooks.nsh");
    let called: Vec<_> =
        hooks.split("'\"${COMMAND_LINE}\" ").skip(1).filter_map(|rest| rest.split('\'').next()).collect();
    assert_eq!(called, ["quit", "reset --yes"]);
    for command in called {
        let mut program = Command::new(crate::harness::programs::program("jean-bridge"));
        let help = program.args(command.split(' ')).arg("--help").output().unwrap();
        assert!(help.status.success(), "jean-bridge {command}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn the_compiler_of_the_installer_takes_the_hooks() {
    let folder = tempfile::tempdir().unwrap();
    let defined = |name: &str, value: &Path| format!("-D{name}={}", value.display());
    let mut compiler = Command::new("makensis");
    compiler.args(["-V2", "-WX", "-INPUTCHARSET", "UTF8"]);
    compiler.arg(defined("HOOKS", &repository().join("packaging/windows/hooks.nsh")));
    compiler.arg(defined("OUT", &folder.path().join("hooks.exe")));
    compiler.arg(defined("PROGRAM", Path::new("/bin/true")));
    compiler.arg(repository().join("tests/installer/installer.nsi"));
    let said = compiler.output().expect("makensis, which `make setup-test` installs");
    let text = [String::from_utf8_lossy(&said.stdout), String::from_utf8_lossy(&said.stderr)].concat();
    assert!(said.status.success(), "{text}");
}

#[cfg(target_os = "linux")]
#[test]
fn zizmor_finds_nothing_and_the_workflows_have_the_form_of_workflows() {
    let folder = repository().join(".github/workflows");
    let mut zizmor = Command::new(WORKFLOWS.python().with_file_name("zizmor"));
    let said = zizmor.args(["--offline", "--no-progress", "--quiet"]).arg(&folder).output().unwrap();
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stdout));
    let mut schema = Command::new(WORKFLOWS.python());
    schema.args(["-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows"]);
    let said = schema.args(workflows().iter().map(|(name, _)| folder.join(name))).output().unwrap();
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stdout));
}

/// Names and texts.
fn workflows() -> Vec<(String, String)> {
    let folder = repository().join(".github/workflows");
    let files = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
    let name = |file: &Path| file.file_name().unwrap().to_str().unwrap().to_owned();
    files.map(|file| (name(&file), std::fs::read_to_string(&file).unwrap())).collect()
}

fn configuration(file: &str) -> Value {
    serde_json::from_str(&read(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

fn strings(value: &Value, into: &mut Vec<String>) {
    match value {
        Value::String(text) => into.push(text.clone()),
        Value::Array(all) => all.iter().for_each(|value| strings(value, into)),
        Value::Object(all) => all.values().for_each(|value| strings(value, into)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}
