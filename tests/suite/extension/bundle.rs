//! The archive and its manifest.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::process::Command;

use crate::harness::bridge::{BridgeOptions, Ended};
use crate::harness::node::EXTENSION;

/// Claude failed to install a bundle with a file of 108 KB (anthropics/claude-code #68734).
const MOST_BYTES_OF_A_FILE: u64 = 100_000;

#[tokio::test]
async fn a_strict_reader_finds_plain_files_and_nothing_else() {
    let made = Made::new(&[]).await;
    let archive = made.unpack().await;
    assert_eq!(archive["comment"], "", "a signature would be in the way");
    let entries = archive["entries"].as_array().expect("entries");
    assert!(entries.iter().any(|entry| entry["name"] == "manifest.json"), "{archive}");
    for entry in entries {
        // A file that all may read, stored, UTF-8 or plain, on the first day that archives know.
        let kind = (&entry["mode"], &entry["method"], &entry["date"]);
        assert_eq!(kind, (&json!(0o100_644), &json!(0), &json!(0x21)), "{entry}");
        assert_eq!((&entry["time"], &entry["extra"], &entry["comment"]), (&json!(0), &json!(0), &json!("")));
        assert!(entry["size"].as_u64().expect("a size") < MOST_BYTES_OF_A_FILE, "{entry}");
        // The length is in front of the content, where those who read as it comes look for it.
        assert_eq!(entry["flags"].as_u64().expect("flags") & 0b1000, 0, "{entry}");
    }
}

#[tokio::test]
async fn the_official_tool_accepts_it_and_unpacks_the_same() {
    let made = Made::new(&[]).await;
    made.unpack().await;
    let manifest = made.path("strict/manifest.json");
    let said = made.official(&["validate", manifest.to_str().unwrap()]).await;
    assert!(said.contains("validation passes"), "{said}");

    let (bundle, official) = (made.path("it.mcpb"), made.path("official"));
    made.official(&["unpack", bundle.to_str().unwrap(), official.to_str().unwrap()]).await;
    let content = contents(&made.path("strict"));
    assert_eq!(contents(&official), content);
    let said = made.official(&["info", bundle.to_str().unwrap()]).await;
    assert!(said.contains("Not signed"), "{said}");

    // What it packs itself has the same in it: nothing of ours is left out or in need of repair.
    let again = made.path("again.mcpb");
    made.official(&["pack", official.to_str().unwrap(), again.to_str().unwrap()]).await;
    let unpacked = made.path("again");
    made.official(&["unpack", again.to_str().unwrap(), unpacked.to_str().unwrap()]).await;
    assert_eq!(contents(&unpacked), content);
}

#[tokio::test]
async fn the_manifest_starts_the_script_and_wants_nothing_from_the_person() {
    let made = Made::new(&[]).await;
    made.unpack().await;
    let text = std::fs::read_to_string(made.path("strict/manifest.json")).unwrap();
    let manifest: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(manifest["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!((&manifest["manifest_version"], &manifest["server"]["type"]), (&json!("0.3"), &json!("node")));
    assert!(manifest.get("user_config").is_none() && !text.contains("env\""), "{text}");
    for file in [&manifest["icon"], &manifest["server"]["entry_point"]] {
        assert!(made.path("strict").join(file.as_str().unwrap()).is_file(), "{file}");
    }
}

#[tokio::test]
async fn the_same_version_makes_the_same_bytes_and_none_of_this_computer_for_others() {
    let made = Made::new(&["--any-computer"]).await;
    let again = Made::new(&["--any-computer"]).await;
    let bytes = std::fs::read(made.path("it.mcpb")).unwrap();
    assert_eq!(bytes, std::fs::read(again.path("it.mcpb")).unwrap());
    let program = crate::harness::programs::program("jean-bridge");
    let folder = program.parent().unwrap().to_str().unwrap().as_bytes().to_vec();
    assert!(!bytes.windows(folder.len()).any(|window| window == folder));
}

#[tokio::test]
async fn the_bundle_of_this_computer_knows_where_its_adapter_is() {
    let made = Made::new(&[]).await;
    made.unpack().await;
    let text = std::fs::read_to_string(made.path("strict/server/installed.json")).unwrap();
    let expected = json!({ "adapter": crate::harness::programs::program("jean-bridge") });
    assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), expected);
}

#[tokio::test]
async fn only_a_file_that_claude_would_open_is_written() {
    let home = tempfile::tempdir().unwrap();
    let notes = home.path().join("notes.txt");
    std::fs::write(&notes, "mine").unwrap();
    let ended = mcpb(home.path(), &[notes.to_str().unwrap()]).await;
    assert_eq!((ended.status.code(), ended.stderr.contains(".mcpb")), (Some(1), true), "{ended:?}");
    assert_eq!(std::fs::read_to_string(&notes).unwrap(), "mine");
    let ended = mcpb(home.path(), &["/nonexistent/it.mcpb"]).await;
    assert_eq!((ended.status.code(), ended.stderr.lines().count()), (Some(1), 1), "{ended:?}");
}

/// A bundle that `jean-bridge mcpb` wrote.
pub(super) struct Made(TempDir);

impl Made {
    pub(super) async fn new(args: &[&str]) -> Self {
        let made = Self(tempfile::tempdir().expect("a directory"));
        let file = made.path("it.mcpb");
        let ended = mcpb(made.0.path(), &[&[file.to_str().expect("Unicode")], args].concat()).await;
        assert!(ended.status.success(), "{ended:?}");
        made
    }

    pub(super) fn path(&self, name: &str) -> std::path::PathBuf {
        self.0.path().join(name)
    }

    /// Unpacks it into `strict` as Claude does, and tells what the reader saw.
    pub(super) async fn unpack(&self) -> Value {
        let mut command = Command::new(EXTENSION.node());
        command.arg(EXTENSION.source.join("unpack.mjs")).arg(EXTENSION.node_modules());
        let said = output(command.arg(self.path("it.mcpb")).arg(self.path("strict"))).await;
        serde_json::from_str(&said).expect("JSON")
    }

    /// Runs `mcpb` of Anthropic.
    async fn official(&self, args: &[&str]) -> String {
        let tool = EXTENSION.package("@anthropic-ai/mcpb").join("dist/cli/cli.js");
        output(Command::new(EXTENSION.node()).arg(tool).args(args).current_dir(self.0.path())).await
    }
}

async fn mcpb(home: &Path, args: &[&str]) -> Ended {
    BridgeOptions::default().home(home).cli(&[&["mcpb"], args].concat()).await
}

async fn output(command: &mut Command) -> String {
    let output = command.output().await.expect("it can be started");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (said, errors) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{command:?}: {said}{errors}");
    said + &errors
}

/// What is in the files of a folder, by their paths in it.
fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().and_then(|name| name.to_str()).expect("a name").to_owned();
        if path.is_dir() {
            let below =
                contents(&path).into_iter().map(|(file, content)| (format!("{name}/{file}"), content));
            found.extend(below);
        } else {
            found.insert(name, std::fs::read(&path).expect("a file"));
        }
    }
    found
}
