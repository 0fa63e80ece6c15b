//! What is printed: tables and JSON, for people and for scripts, safe for a closed pipe.

use std::io::{self, ErrorKind, Write};

use serde::Serialize;
use unicode_width::UnicodeWidthChar;

use crate::failure::Failure;

/// Between columns.
const GAP: &str = "  ";
/// Of a cell that a stranger may fill.
const MAX_CELL: usize = 40;

/// Prints text as it is; it ends its own lines.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    print_bytes(text.as_bytes())
}

/// `println!` would panic when the reader is gone, as in `jean-bridge clients | head -1`.
pub(crate) fn print_bytes(bytes: &[u8]) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(bytes).and_then(|()| stdout.flush()).map_err(|error| {
        if error.kind() == ErrorKind::BrokenPipe {
            Failure::EnoughRead
        } else {
            Failure::sentence(format!("the output cannot be written: {error}"))
        }
    })
}

/// Whether nobody reads the output any more, as after `jean-bridge logs -f | head -1`: who has nothing to
/// print would never notice.
#[cfg(unix)]
pub(crate) fn is_unread() -> bool {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    let stdout = io::stdout();
    let mut asked = [PollFd::new(&stdout, PollFlags::empty())];
    let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
    poll(&mut asked, Some(&at_once)).is_ok() && asked[0].revents().intersects(PollFlags::ERR | PollFlags::HUP)
}

#[cfg(not(unix))]
pub(crate) fn is_unread() -> bool {
    false
}

/// Prints what scripts read.
pub(crate) fn print_json(value: &impl Serialize) -> Result<(), Failure> {
    let json = serde_json::to_string_pretty(value).map_err(Failure::sentence)?;
    print(&format!("{json}\n"))
}

/// Columns under their headings.
pub(crate) fn table<const N: usize>(headings: [&str; N], rows: &[[String; N]]) -> String {
    let rows: Vec<[String; N]> = std::iter::once(headings.map(str::to_owned))
        .chain(rows.iter().map(|row| row.each_ref().map(|cell| shortened(cell))))
        .collect();
    let widths: [usize; N] =
        std::array::from_fn(|column| rows.iter().map(|row| width(&row[column])).max().unwrap_or_default());
    let line = |row: &[String; N]| {
        let cells = row.iter().zip(widths).map(|(cell, wanted)| {
            let padding = " ".repeat(wanted - width(cell));
            format!("{cell}{padding}")
        });
        format!("{}\n", cells.collect::<Vec<_>>().join(GAP).trim_end())
    };
    rows.iter().map(line).collect()
}

/// In columns of a terminal.
fn width(text: &str) -> usize {
    text.chars().map(|letter| letter.width().unwrap_or_default()).sum()
}

fn shortened(cell: &str) -> String {
    // An id must stay whole, or it could not be copied; ids have no blanks.
    if width(cell) <= MAX_CELL || !cell.contains(' ') {
        return cell.to_owned();
    }
    let mut room = MAX_CELL - 1;
    let fits = |letter: &char| {
        let needed = letter.width().unwrap_or_default();
        needed <= room && {
            room -= needed;
            true
        }
    };
    let kept: String = cell.chars().take_while(fits).collect();
    format!("{}…", kept.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_also_for_wide_letters() {
        let rows = [["Cursor".to_owned(), "12".to_owned()], ["記憶".to_owned(), "3".to_owned()]];
        assert_eq!(table(["APP", "CALLS"], &rows), "APP     CALLS\nCursor  12\n記憶    3\n");
    }

    #[test]
    fn a_long_name_is_cut_and_a_long_id_is_not() {
        let name = "An app with a name that goes on and on without an end";
        let id = "https://an-app.example/with/a/client/metadata/document.json";
        let printed = table(["APP", "ID"], &[[name.to_owned(), id.to_owned()]]);
        assert!(printed.contains("goes on and on…  https://"), "{printed}");
        assert!(printed.contains(id), "{printed}");
    }
}
