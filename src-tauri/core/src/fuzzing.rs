//! The parsers of bytes that strangers send, each with what must hold whatever they send. Present for tests, and for
//! libFuzzer in `tests/fuzz`; never in a program.
//!
//! A target takes bytes and panics where a promise is broken. `tests/fuzz/seeds` holds bytes to begin with for each.

pub use crate::config::fuzzing::own_configuration;
pub use crate::connect::fuzzing::{json_file, toml_file, yaml_file};
pub use crate::control::fuzzing::control_message;
pub use crate::http::fuzzing::door;
pub use crate::http::mcp::fuzzing::{mcp_headers, mcp_message};
pub use crate::oauth::fuzzing::{access_token, authorize_query, redirect_uri, registration, token_form};
pub use crate::oauth::metadata_document::fuzzing::client_document;
pub use crate::stdio::fuzzing::stdio_lines;
pub use crate::updates::fuzzing::update_manifest;
pub use crate::upstream::fuzzing::upstream_reply;

/// Stands in the seeds where a secret could: no error may repeat it.
pub(crate) const MARK: &str = "s3cr3t";

/// What a target does with bytes.
pub type Target = fn(&[u8]);

/// Every target, under the name of its program and of its seeds.
pub const TARGETS: [(&str, Target); 17] = [
    ("access_token", access_token),
    ("authorize_query", authorize_query),
    ("client_document", client_document),
    ("control_message", control_message),
    ("door", door),
    ("json_file", json_file),
    ("mcp_headers", mcp_headers),
    ("mcp_message", mcp_message),
    ("own_configuration", own_configuration),
    ("redirect_uri", redirect_uri),
    ("registration", registration),
    ("stdio_lines", stdio_lines),
    ("toml_file", toml_file),
    ("token_form", token_form),
    ("update_manifest", update_manifest),
    ("upstream_reply", upstream_reply),
    ("yaml_file", yaml_file),
];

/// The first line, and what follows it.
pub(crate) fn first_line(text: &str) -> (&str, &str) {
    text.split_once('\n').unwrap_or((text, ""))
}

/// What an error says may be shown and logged: one line, without what was sent.
#[track_caller]
pub(crate) fn tells_nothing(error: &impl std::fmt::Display) {
    let text = error.to_string();
    assert!(!text.contains(MARK), "an error repeats what was sent: {text}");
    assert!(is_showable(&text), "an error is not one line of plain text: {text:?}");
}

/// Whether a person sees all of it, in the order in which it stands.
pub(crate) fn is_showable(text: &str) -> bool {
    !text.chars().any(|letter| {
        letter.is_control()
            || matches!(letter, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    })
}

/// A request of the lines `METHOD TARGET` and `Name: value`; none of what no HTTP library would let through.
pub(crate) fn request_of(bytes: &[u8]) -> Option<http::Request<()>> {
    let mut lines = bytes.split(|byte| *byte == b'\n');
    let first = str::from_utf8(lines.next()?).ok()?;
    let (method, target) = first.split_once(' ')?;
    let mut request = http::Request::builder().method(method).uri(target);
    for line in lines.filter(|line| !line.is_empty()) {
        let colon = line.iter().position(|byte| *byte == b':')?;
        request = request.header(&line[..colon], line[colon + 1..].trim_ascii());
    }
    request.body(()).ok()
}

#[cfg(test)]
mod tests {
    //! The same targets in an ordinary build, which `make test` has anyway: a build for libFuzzer costs minutes.

    use std::collections::BTreeSet;
    use std::fs;
    use std::panic::catch_unwind;
    use std::path::{Path, PathBuf};

    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::sample::Index;
    use proptest::test_runner::{Config, TestError, TestRunner};

    use super::*;

    /// Mutated inputs for each target.
    const CASES: u32 = 1500;
    /// What parsers stumble over, put into what was sent.
    const PIECES: [&[u8]; 24] = [
        b"\0",
        b"\n",
        b"\r\n",
        b"\"",
        b"\\",
        b"\\u0000",
        b"\\ud800",
        b"%00",
        b"%0d%0a",
        b"%ff",
        b"&",
        b"=",
        b"#",
        b"//",
        b"@",
        b"\xff",
        b"\xef\xbb\xbf",
        b"\xe2\x80\xae",
        b"null",
        b"{}",
        b"[]",
        b"1e999",
        b": ",
        b",",
    ];

    #[derive(Clone, Debug)]
    enum Change {
        Set(Index, u8),
        Insert(Index, Index),
        Remove(Index, Index),
        Repeat(Index, Index),
        Splice(Index, Index),
    }

    fn changes() -> impl Strategy<Value = Vec<Change>> {
        let index = any::<Index>;
        let change = prop_oneof![
            (index(), any::<u8>()).prop_map(|(at, byte)| Change::Set(at, byte)),
            (index(), index()).prop_map(|(at, piece)| Change::Insert(at, piece)),
            (index(), index()).prop_map(|(from, to)| Change::Remove(from, to)),
            (index(), index()).prop_map(|(from, to)| Change::Repeat(from, to)),
            (index(), index()).prop_map(|(at, other)| Change::Splice(at, other)),
        ];
        vec(change, 0..6)
    }

    fn changed(seeds: &[Vec<u8>], seed: Index, changes: &[Change]) -> Vec<u8> {
        let mut bytes = seed.get(seeds).clone();
        for change in changes {
            let place = |at: &Index| at.index(bytes.len() + 1);
            let range = |from: &Index, to: &Index| place(from).min(place(to))..place(from).max(place(to));
            match change {
                Change::Set(at, byte) if !bytes.is_empty() => {
                    let at = at.index(bytes.len());
                    bytes[at] = *byte;
                }
                Change::Set(_, byte) => bytes.push(*byte),
                Change::Insert(at, piece) => {
                    let at = place(at);
                    bytes.splice(at..at, piece.get(&PIECES).iter().copied());
                }
                Change::Remove(from, to) => {
                    let range = range(from, to);
                    // Short pieces, or little would be left to read.
                    let end = range.end.min(range.start + 12);
                    bytes.drain(range.start..end);
                }
                Change::Repeat(from, to) => {
                    let range = range(from, to);
                    let again = bytes[range.clone()].to_vec();
                    bytes.splice(range.end..range.end, again);
                }
                Change::Splice(at, other) => {
                    let other = other.get(seeds);
                    let at = place(at);
                    bytes.truncate(at);
                    bytes.extend_from_slice(&other[at.min(other.len())..]);
                }
            }
        }
        bytes
    }

    fn seeds_of(target: &str) -> Vec<Vec<u8>> {
        let folder = seeds().join(target);
        let mut files: Vec<PathBuf> = fs::read_dir(&folder)
            .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
            .map(|entry| entry.unwrap().path())
            .collect();
        files.sort();
        files.iter().map(|file| fs::read(file).unwrap()).collect()
    }

    fn seeds() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fuzz/seeds")
    }

    #[test]
    fn what_holds_for_strangers_bytes_holds_for_seeds_and_mutations_of_them() {
        let failures: Vec<String> = TARGETS.into_iter().filter_map(failure_of).collect();
        assert!(failures.is_empty(), "{}", failures.join("\n"));
    }

    /// The shortest input that was found to break a promise.
    fn failure_of((name, target): (&str, Target)) -> Option<String> {
        let seeds = seeds_of(name);
        assert!(!seeds.is_empty(), "{name} has no seeds");
        let breaks = |bytes: &[u8]| catch_unwind(|| target(bytes)).is_err();
        let told = |bytes: &[u8]| Some(format!("{name} fails for \"{}\"", bytes.escape_ascii()));
        if let Some(seed) = seeds.iter().find(|seed| breaks(seed)) {
            return told(seed);
        }
        let config = Config { cases: CASES, failure_persistence: None, ..Config::default() };
        let outcome = TestRunner::new(config).run(&(any::<Index>(), changes()), |(seed, changes)| {
            let holds = !breaks(&changed(&seeds, seed, &changes));
            holds.then_some(()).ok_or_else(|| TestCaseError::fail("see the panic above"))
        });
        match outcome {
            Ok(()) => None,
            Err(TestError::Fail(_, (seed, changes))) => told(&changed(&seeds, seed, &changes)),
            Err(error) => Some(format!("{name}: {error}")),
        }
    }

    #[test]
    fn every_target_has_its_program_and_its_seeds() {
        let names = |folder: &str| -> BTreeSet<String> {
            let folder = seeds().join("..").join(folder);
            let stem = |file: PathBuf| file.file_stem().unwrap().to_string_lossy().into_owned();
            fs::read_dir(folder).unwrap().map(|entry| stem(entry.unwrap().path())).collect()
        };
        let targets: BTreeSet<String> = TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
        assert_eq!(names("fuzz_targets"), targets);
        assert_eq!(names("seeds"), targets);
    }
}
