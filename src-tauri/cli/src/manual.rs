//! The manual pages, for those who make packages: one for each command, from the definition that understands it.

use std::io;
use std::path::Path;

use clap::{Command, CommandFactory};
use clap_mangen::Man;
use clap_mangen::roff::{Roff, roman};

use crate::args::Cli;
use crate::failure::Failure;

/// What a help text that shows lines to type begins with.
const EXAMPLES: &str = "Example";

/// Writes them into `folder`, as of that day.
pub(crate) fn write(folder: &Path, day: &str) -> Result<(), Failure> {
    pages(folder, day).map_err(|error| Failure::sentence(format!("the manual cannot be written: {error}")))
}

fn pages(folder: &Path, day: &str) -> io::Result<()> {
    let mut program = Cli::command();
    // Names such as `jean-bridge accounts add` are put together there.
    program.build();
    let mut waiting = vec![program];
    while let Some(command) = waiting.pop() {
        waiting.extend(command.get_subcommands().filter(|below| !below.is_hide_set()).cloned());
        let (name, text) = page(command, day)?;
        std::fs::write(folder.join(name), text)?;
    }
    Ok(())
}

/// The name and the text of one page.
fn page(command: Command, day: &str) -> io::Result<(String, Vec<u8>)> {
    let is_program = command.get_version().is_some();
    let after = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let about = command.get_about().map(ToString::to_string).unwrap_or_default();
    let has_options = command.get_arguments().any(|argument| !argument.is_hide_set());
    let has_commands = command.has_subcommands();
    // The first section is one line, which indexes of manuals read.
    let line = about.lines().next().unwrap_or_default().trim_end_matches('.').to_owned();
    let long = command.get_long_about().map_or(about, ToString::to_string);
    let page = Man::new(command.about(line).long_about(long))
        .source(concat!("Jean Memory Bridge ", env!("CARGO_PKG_VERSION")))
        .manual("User Commands")
        .date(day);

    let mut text = Vec::new();
    page.render_title(&mut text)?;
    page.render_name_section(&mut text)?;
    page.render_synopsis_section(&mut text)?;
    page.render_description_section(&mut text)?;
    if has_options {
        page.render_options_section(&mut text)?;
    }
    if has_commands {
        page.render_subcommands_section(&mut text)?;
    }
    ending(&after, is_program).to_writer(&mut text)?;
    Ok((page.get_filename(), text))
}

/// What stands below the options in the help; lines to type stay lines.
fn ending(after: &str, is_program: bool) -> Roff {
    let mut roff = Roff::new();
    for paragraph in after.split("\n\n") {
        if let Some((_, lines)) = paragraph.split_once('\n').filter(|_| paragraph.starts_with(EXAMPLES)) {
            roff.control("SH", ["EXAMPLES"]).control("nf", []);
            lines.lines().for_each(|line| {
                roff.text([roman(line.trim_start())]);
            });
            roff.control("fi", []);
        } else if !paragraph.is_empty() {
            roff.control("SH", ["NOTES"]);
            paragraph.lines().for_each(|line| {
                roff.control("PP", []).text([roman(line)]);
            });
        }
    }
    let other = if is_program { "jean-memory-bridge(1)" } else { "jean-bridge(1)" };
    roff.control("SH", ["SEE ALSO"]).text([roman(other)]);
    roff
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_has_a_page_that_shows_its_options_and_examples() {
        let folder = tempfile::tempdir().unwrap();
        pages(folder.path(), "2026-02-28").unwrap();
        let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();

        let program = read("jean-bridge.1");
        assert!(program.contains("jean\\-bridge \\- Lets AI apps on this computer use your Jean Memory\n"));
        assert!(program.contains("jean\\-bridge\\-approve(1)"), "{program}");
        assert!(!program.contains("manual(1)"), "hidden as in the help: {program}");
        let approve = read("jean-bridge-approve.1");
        assert!(approve.contains("\\-\\-key\\-stdin"), "{approve}");
        assert!(approve.contains(".nf\njean\\-bridge approve K7\\-42 "), "{approve}");
        assert!(read("jean-bridge-accounts-add.1").contains(".SH OPTIONS"));
    }
}
