//! The form of an entry: which members it has, and where the value of each comes from.

use std::path::Path;

use serde_json::{Map, Value, json};

/// The argument with which the program is an adapter.
pub(super) const STDIO: &str = "stdio";

/// Members and their values.
pub(super) type Form = &'static [(&'static str, Part)];

/// The value of one member of an entry.
#[derive(Clone, Copy, Debug)]
pub(super) enum Part {
    Url,
    Program,
    /// The arguments of the program, as a list.
    Arguments,
    /// The program and its arguments, as a list.
    CommandLine,
    Text(&'static str),
    Flag(bool),
    Number(u32),
    EmptyList,
    EmptyTable,
    Nothing,
}

/// What an entry leads to.
#[derive(Clone, Copy, Debug)]
pub(super) enum Target<'a> {
    /// The address that the bridge is reached at.
    Url(&'a str),
    /// The program of the adapter.
    Program(&'a Path),
}

impl Part {
    /// None where the target is of the other kind.
    pub(super) fn value(self, target: Target<'_>) -> Option<Value> {
        let program = || match target {
            Target::Program(path) => path.to_str(),
            Target::Url(_) => None,
        };
        Some(match self {
            Self::Url => match target {
                Target::Url(url) => Value::from(url),
                Target::Program(_) => return None,
            },
            Self::Program => Value::from(program()?),
            Self::Arguments => json!([STDIO]),
            Self::CommandLine => json!([program()?, STDIO]),
            Self::Text(text) => Value::from(text),
            Self::Flag(flag) => Value::Bool(flag),
            Self::Number(number) => Value::from(number),
            Self::EmptyList => Value::Array(Vec::new()),
            Self::EmptyTable => Value::Object(Map::new()),
            Self::Nothing => Value::Null,
        })
    }
}
