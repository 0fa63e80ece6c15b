//! Reads Rust just well enough to see which modules and libraries a file names: words outside comments, strings
//! and unit tests.

use std::path::{Path, PathBuf};

/// Where a file stands in the core: `["oauth", "token"]` for `oauth/token.rs`, `["oauth"]` for `oauth/mod.rs`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Module(Vec<String>);

impl Module {
    fn of(path: &Path) -> Self {
        let path = path.with_extension("");
        let parts = path.iter().map(|part| part.to_string_lossy().into_owned());
        Self(parts.filter(|part| part != "mod" && part != "lib").collect())
    }

    /// The module right below the crate's root; none for `lib.rs`.
    pub(super) fn top(&self) -> Option<&str> {
        self.0.first().map(String::as_str)
    }

    pub(super) fn is_within(&self, other: &Self) -> bool {
        self.0.starts_with(&other.0)
    }

    fn child(&self, name: &str) -> Self {
        Self(self.0.iter().cloned().chain([name.to_owned()]).collect())
    }
}

/// One file, as words.
pub(super) struct Source {
    /// Relative to the folder that was read.
    pub(super) path: PathBuf,
    pub(super) module: Module,
    /// Files that this one declares as `#[cfg(test)] mod name;`.
    pub(super) test_modules: Vec<Module>,
    words: Vec<Word>,
}

/// An identifier, `::`, or any other single character, with the line it stands on.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Word {
    line: usize,
    text: String,
}

/// Every `.rs` file below `root`.
pub(super) fn read_all(root: &Path) -> Vec<Source> {
    let mut folders = vec![root.to_owned()];
    let mut sources = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                sources.push(Source::new(path.strip_prefix(root).unwrap(), &text));
            }
        }
    }
    assert!(sources.len() > 10, "{} holds the core", root.display());
    sources
}

impl Source {
    pub(super) fn new(path: &Path, text: &str) -> Self {
        let module = Module::of(path);
        let (words, tests) = without_tests(&words(text));
        let test_modules = tests.iter().map(|name| module.child(name)).collect();
        Self { path: path.to_owned(), module, test_modules, words }
    }

    /// The lines on which `name` stands as a word of its own.
    pub(super) fn lines_with<'a>(&'a self, name: &'a str) -> impl Iterator<Item = usize> + 'a {
        self.words.iter().filter(move |word| word.text == name).map(|word| word.line)
    }

    /// Modules of the crate's root that are named by a path, and where.
    pub(super) fn crate_modules(&self) -> Vec<(usize, String)> {
        let depth = self.module.0.len();
        let mut found = Vec::new();
        let mut at = 0;
        while at < self.words.len() {
            let after = match self.words[at].text.as_str() {
                "crate" if self.is(at + 1, "::") => Some(at + 2),
                "super" if self.is(at + 1, "::") => self.after_supers(&mut at, depth),
                _ => None,
            };
            if let Some(after) = after {
                self.heads(after, &mut found);
            }
            at += 1;
        }
        found
    }

    /// Where the path goes on after `super::super::…`, if those climb to the root.
    fn after_supers(&self, at: &mut usize, depth: usize) -> Option<usize> {
        let mut climbed = 1;
        while self.is(*at + 2, "super") && self.is(*at + 3, "::") {
            *at += 2;
            climbed += 1;
        }
        (climbed == depth).then_some(*at + 2)
    }

    /// `name` in `name::…`, or each first name in `{name::…, other}`.
    fn heads(&self, at: usize, found: &mut Vec<(usize, String)>) {
        if !self.is(at, "{") {
            found.extend(self.words.get(at).map(|word| (word.line, word.text.clone())));
            return;
        }
        let mut braces = 0_usize;
        let mut starts_item = true;
        for word in &self.words[at..] {
            match word.text.as_str() {
                "{" => braces += 1,
                "}" if braces == 1 => return,
                "}" => braces -= 1,
                "," if braces == 1 => starts_item = true,
                _ if braces == 1 && starts_item => {
                    found.push((word.line, word.text.clone()));
                    starts_item = false;
                }
                _ => {}
            }
        }
    }

    fn is(&self, at: usize, text: &str) -> bool {
        self.words.get(at).is_some_and(|word| word.text == text)
    }
}

/// Takes out `#[cfg(test)] mod name { … }`; names the files of `#[cfg(test)] mod name;`. What is there for fuzzing as
/// well is a test like these.
fn without_tests(words: &[Word]) -> (Vec<Word>, Vec<String>) {
    const ATTRIBUTES: [&[&str]; 2] = [
        &["#", "[", "cfg", "(", "test", ")", "]"],
        &["#", "[", "cfg", "(", "any", "(", "fuzzing", ",", "test", ")", ")", "]"],
    ];
    let text_at = |at: usize| words.get(at).map_or("", |word| word.text.as_str());
    let (mut kept, mut files) = (Vec::new(), Vec::new());
    let mut at = 0;
    while at < words.len() {
        let stands_here = |attribute: &&&[&str]| {
            attribute.iter().enumerate().all(|(offset, text)| text_at(at + offset) == *text)
        };
        let attribute = ATTRIBUTES.iter().find(stands_here);
        let marked = attribute.is_some();
        let mut body = at + attribute.map_or(0, |attribute| attribute.len());
        if marked && text_at(body) == "pub" {
            body += if text_at(body + 1) == "(" { 4 } else { 1 };
        }
        if marked && text_at(body) == "mod" && text_at(body + 2) == ";" {
            files.push(text_at(body + 1).to_owned());
            at = body + 3;
        } else if marked && text_at(body) == "mod" && text_at(body + 2) == "{" {
            at = body + 3;
            let mut braces = 1;
            while braces > 0 && at < words.len() {
                braces += match text_at(at) {
                    "{" => 1,
                    "}" => -1,
                    _ => 0,
                };
                at += 1;
            }
        } else {
            kept.push(words[at].clone());
            at += 1;
        }
    }
    (kept, files)
}

fn words(text: &str) -> Vec<Word> {
    let chars: Vec<char> = text.chars().collect();
    let get = |at: usize| chars.get(at).copied().unwrap_or('\0');
    let (mut words, mut line, mut at) = (Vec::new(), 1, 0);
    while at < chars.len() {
        let start = at;
        match get(at) {
            '/' if get(at + 1) == '/' => {
                while at < chars.len() && get(at) != '\n' {
                    at += 1;
                }
            }
            '/' if get(at + 1) == '*' => at = after_block_comment(&chars, at),
            'r' if raw_string_end(&chars, at).is_some() => at = raw_string_end(&chars, at).unwrap_or(at + 1),
            '"' => at = after_quoted(&chars, at, '"'),
            '\'' if get(at + 1) == '\\' || get(at + 2) == '\'' => at = after_quoted(&chars, at, '\''),
            first if first.is_alphabetic() || first == '_' => {
                while get(at).is_alphanumeric() || get(at) == '_' {
                    at += 1;
                }
                words.push(Word { line, text: chars[start..at].iter().collect() });
            }
            '\'' => {
                at += 1; // a lifetime: its name is no word of ours
                while get(at).is_alphanumeric() || get(at) == '_' {
                    at += 1;
                }
            }
            ':' if get(at + 1) == ':' => {
                words.push(Word { line, text: "::".to_owned() });
                at += 2;
            }
            other => {
                if !other.is_whitespace() {
                    words.push(Word { line, text: other.to_string() });
                }
                at += 1;
            }
        }
        line += chars[start..at.min(chars.len())].iter().filter(|&&c| c == '\n').count();
    }
    words
}

/// Block comments nest in Rust.
fn after_block_comment(chars: &[char], mut at: usize) -> usize {
    let mut depth = 0_usize;
    while at < chars.len() {
        match (chars[at], chars.get(at + 1)) {
            ('/', Some('*')) => (depth, at) = (depth + 1, at + 2),
            ('*', Some('/')) => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            return at;
        }
    }
    at
}

fn after_quoted(chars: &[char], mut at: usize, quote: char) -> usize {
    at += 1;
    while at < chars.len() && chars[at] != quote {
        at += if chars[at] == '\\' { 2 } else { 1 };
    }
    at + 1
}

/// The end of `r"…"` or `r#"…"#`, if one starts here.
fn raw_string_end(chars: &[char], at: usize) -> Option<usize> {
    let hashes = chars[at + 1..].iter().take_while(|&&c| c == '#').count();
    let open = at + 1 + hashes;
    if chars.get(open) != Some(&'"') {
        return None;
    }
    let closing: String = std::iter::once('"').chain(std::iter::repeat_n('#', hashes)).collect();
    let closing: Vec<char> = closing.chars().collect();
    let rest = &chars[open + 1..];
    rest.windows(closing.len())
        .position(|window| window == closing)
        .map(|found| open + 1 + found + closing.len())
}
