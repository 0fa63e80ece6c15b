//! What the documents promise, checked against the sources: a page that nobody runs goes stale in silence.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::harness::programs::program;

const DOCUMENTS: &[&str] = &["README.md", "BENCHMARKS.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"];

#[test]
fn every_test_that_the_threat_model_names_exists() {
    let tests = functions();
    let defences = section(&read("SECURITY.md"), "## Threats and defences", "## ");
    for table in [defences, read("tests/threats.md")] {
        let rows = table.lines().filter(|line| line.starts_with('|'));
        let named: Vec<&str> = rows.filter_map(|row| row.rsplit(" | ").next()).flat_map(quoted).collect();
        assert!(named.len() > 20, "the table names its tests");
        let missing: Vec<_> = named.iter().filter(|name| !tests.contains(**name)).collect();
        assert!(missing.is_empty(), "no such test: {missing:#?}");
    }
}

#[test]
fn every_link_between_the_documents_leads_somewhere() {
    for document in DOCUMENTS {
        let text = read(document);
        let targets = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        for target in targets.filter(|target| !target.starts_with("http")) {
            let (file, heading) = target.split_once('#').unwrap_or((target, ""));
            let file = if file.is_empty() { document } else { file };
            assert!(repository().join(file).exists(), "{document} links to {target}");
            let leads_there =
                heading.is_empty() || read(file).lines().filter_map(anchor).any(|a| a == heading);
            assert!(leads_there, "{document} links to {target}");
        }
    }
}

#[test]
fn every_picture_of_the_documents_is_there_and_loads_fast() {
    const MOST_BYTES: u64 = 150 * 1024;
    let mut seen = 0;
    for document in DOCUMENTS {
        let text = read(document);
        let pictures =
            ["src=\"", "srcset=\""].into_iter().flat_map(|attribute| text.split(attribute).skip(1));
        for picture in pictures.filter_map(|rest| rest.split('"').next()) {
            let file = repository().join(picture).metadata();
            let bytes = file.unwrap_or_else(|error| panic!("{document} shows {picture}: {error}")).len();
            assert!(bytes <= MOST_BYTES, "{picture} has {bytes} bytes");
            seen += 1;
        }
    }
    assert!(seen > 0, "the README shows the app");
}

#[test]
fn the_readme_lists_the_variables_that_are_read() {
    let table = section(&read("README.md"), "## Configuration", "\n## ");
    let listed: BTreeSet<String> =
        quoted(&table).filter(|word| is_variable(word)).map(str::to_owned).collect();
    let mut read_by_the_core = BTreeSet::new();
    for file in sources(&["src-tauri/core/src/config", "src-tauri/core/src/paths.rs"], &["tests.rs"]) {
        let words = file.split('"').filter(|word| is_variable(word)).map(str::to_owned);
        read_by_the_core.extend(words);
    }
    assert_eq!(listed, read_by_the_core);
}

#[test]
fn the_readme_lists_the_commands_that_there_are() {
    let table = section(&read("README.md"), "## Command line", "\n## ");
    let rows = table.lines().filter_map(|line| line.strip_prefix("| `jean-bridge "));
    let listed: BTreeSet<String> =
        rows.filter_map(|row| row.split([' ', '`']).next()).map(str::to_owned).collect();
    let help = Command::new(program("jean-bridge")).arg("--help").output().unwrap();
    let commands = section(&String::from_utf8(help.stdout).unwrap(), "Commands:\n", "\n\n");
    let there_are: BTreeSet<String> =
        commands.lines().filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect();
    assert_eq!(listed, there_are);
}

/// What a link to this line has after the `#`, if it is a heading.
fn anchor(line: &str) -> Option<String> {
    let heading = line.strip_prefix('#')?.trim_start_matches('#').strip_prefix(' ')?;
    let kept = heading.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
    Some(kept.collect::<String>().to_lowercase().replace(' ', "-"))
}

/// `A_NAME` that is ours or taken over from the service.
fn is_variable(word: &str) -> bool {
    let is_ours = word.strip_prefix("JEAN_BRIDGE_").is_some_and(|name| !name.is_empty())
        || ["API_BASE_URL", "JWT_SECRET_KEY"].contains(&word);
    is_ours && word.chars().all(|c| c.is_ascii_uppercase() || c == '_')
}

/// What stands between backticks.
pub(crate) fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

fn section(text: &str, from: &str, to: &str) -> String {
    let start = text.find(from).unwrap_or_else(|| panic!("no section {from:?}")) + from.len();
    let rest = &text[start..];
    rest[..rest.find(to).unwrap_or(rest.len())].to_owned()
}

/// The names of all functions, among them the tests.
fn functions() -> BTreeSet<String> {
    let files = sources(&["src-tauri", "tests/suite"], &[]);
    let names = files.iter().flat_map(|text| text.split("fn ").skip(1));
    names.filter_map(|rest| rest.split_once('(')).map(|(name, _)| name.to_owned()).collect()
}

/// The text of the files, and of those in the folders, but for the names that are left out.
pub(crate) fn sources(roots: &[&str], without: &[&str]) -> Vec<String> {
    let files = files(roots, &["rs"]).into_iter();
    let wanted = files.filter(|path| !without.iter().any(|name| path.ends_with(name)));
    wanted.map(|path| std::fs::read_to_string(path).unwrap()).collect()
}

/// The files, and those in the folders, whose names end like this.
pub(crate) fn files(roots: &[&str], extensions: &[&str]) -> Vec<PathBuf> {
    let mut waiting: Vec<PathBuf> = roots.iter().map(|root| repository().join(root)).collect();
    let mut found = Vec::new();
    while let Some(path) = waiting.pop() {
        if path.is_dir() {
            waiting.extend(std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else if path.extension().is_some_and(|own| extensions.iter().any(|extension| own == *extension)) {
            found.push(path);
        }
    }
    found
}

pub(crate) fn read(document: &str) -> String {
    std::fs::read_to_string(repository().join(document)).unwrap()
}

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}
