//! `mcpb`: the bundle that Claude Desktop installs at a double click.

use std::path::PathBuf;

use bridge_core::connect::{EXTENSION_SUFFIX, extension};

use crate::args::Mcpb;
use crate::connect::adapter;
use crate::failure::Failure;
use crate::output::print;
use crate::safe::safe;

const DEFAULT_NAME: &str = "jean-memory.mcpb";

pub(crate) fn run(options: &Mcpb) -> Result<(), Failure> {
    let file = options.file.clone().unwrap_or_else(|| PathBuf::from(DEFAULT_NAME));
    // Claude Desktop goes by the name, and a file that is something else is not written over by a slip.
    if file.extension().is_none_or(|suffix| suffix != EXTENSION_SUFFIX) {
        return Err(Failure::Failed(format!("The name of the file must end in .{EXTENSION_SUFFIX}.")));
    }
    let adapter = if options.any_computer { None } else { Some(adapter()?) };
    let bytes = extension(adapter.as_deref()).map_err(Failure::sentence)?;
    let name = safe(&file.display().to_string());
    std::fs::write(&file, bytes).map_err(|error| {
        Failure::Failed(format!("{name} cannot be written: {error}. Choose another place."))
    })?;
    print(&format!(
        "Wrote {name}.\nOpen it with Claude Desktop: Settings, Extensions, Advanced settings, Install extension.\n\
         It takes the place of `jean-bridge connect claude-desktop`; with both, Claude has each tool twice.\n"
    ))
}
