//! The name of an app as it is typed: any is taken, because an app is found by more than its id, and shells offer the ids.

use std::ffi::OsStr;

use bridge_core::connect::APPS;
use clap::builder::{PossibleValue, StringValueParser, TypedValueParser};
use clap::{Arg, Command, Error};

#[derive(Clone)]
pub(crate) struct AppName;

impl TypedValueParser for AppName {
    type Value = String;

    fn parse_ref(&self, command: &Command, argument: Option<&Arg>, typed: &OsStr) -> Result<String, Error> {
        StringValueParser::new().parse_ref(command, argument, typed)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(APPS.iter().map(|app| PossibleValue::new(app.id).help(app.name))))
    }
}
