//! `logs`: what the bridge wrote down, also when it does not run.

use std::io::ErrorKind;
use std::path::Path;
use std::time::Duration;

use bridge_core::logging::{Follow, last_lines, log_file};
use bridge_core::paths::Paths;

use crate::args::Logs;
use crate::failure::Failure;
use crate::output::{is_unread, print, print_bytes};

/// Soon enough to look at once, seldom enough to cost nothing.
const LOOK_AGAIN: Duration = Duration::from_millis(250);

pub(crate) fn run(paths: &Paths, options: &Logs) -> Result<(), Failure> {
    let file = log_file(&paths.log_dir);
    if options.path {
        return print(&format!("{}\n", file.display()));
    }
    let mut follow = options.follow.then(|| Follow::from_end(&file));
    match last_lines(&file, options.lines) {
        Ok(lines) => print(&lines.iter().flat_map(|line| [line.as_str(), "\n"]).collect::<String>())?,
        // A bridge that is about to start is worth waiting for.
        Err(error) if error.kind() == ErrorKind::NotFound && options.follow => {}
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Err(Failure::Failed(format!(
                "There is no log yet. The bridge writes it to {} when it runs.",
                file.display()
            )));
        }
        Err(error) => return Err(unreadable(&file, &error)),
    }
    while let Some(follow) = &mut follow {
        let added = follow.more().map_err(|error| unreadable(&file, &error))?;
        if !added.is_empty() {
            print_bytes(&added)?;
        } else if is_unread() {
            return Err(Failure::EnoughRead);
        } else {
            std::thread::sleep(LOOK_AGAIN);
        }
    }
    Ok(())
}

fn unreadable(file: &Path, error: &std::io::Error) -> Failure {
    Failure::sentence(format!("the log {} cannot be read: {error}", file.display()))
}
