//! Lines of a stream, each within a limit: what is too long is read over, never kept.

use std::io;

use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};

/// Longest line. Four times what the bridge takes (protocol.md 7.8), so that whoever sends too much is told so as an
/// answer to the request.
pub(super) const MAX_LINE: usize = 16 * 1024 * 1024;
/// Memory for lines that is not given back between them.
const KEPT: usize = 64 * 1024;

/// What comes next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line<'a> {
    /// A line without its end; the last one may have none.
    Whole(&'a [u8]),
    /// One that was too long.
    TooLong,
}

/// Reads line by line.
pub(super) struct Lines<R> {
    input: BufReader<R>,
    line: Vec<u8>,
}

impl<R: AsyncRead + Unpin> Lines<R> {
    pub(super) fn new(input: R) -> Self {
        Self { input: BufReader::new(input), line: Vec::new() }
    }

    /// The next line; nothing at the end.
    pub(super) async fn next(&mut self) -> io::Result<Option<Line<'_>>> {
        if self.line.capacity() > KEPT {
            self.line = Vec::new();
        }
        self.line.clear();
        let (mut any, mut too_long) = (false, false);
        loop {
            let available = self.input.fill_buf().await?;
            if available.is_empty() {
                break;
            }
            any = true;
            let end = available.iter().position(|byte| *byte == b'\n');
            let piece = &available[..end.unwrap_or(available.len())];
            if too_long || self.line.len() + piece.len() > MAX_LINE {
                (too_long, self.line) = (true, Vec::new());
            } else {
                self.line.extend_from_slice(piece);
            }
            let taken = end.map_or(available.len(), |end| end + 1);
            self.input.consume(taken);
            if end.is_some() {
                break;
            }
        }
        Ok(match (any, too_long) {
            (false, _) => None,
            (true, true) => Some(Line::TooLong),
            (true, false) => Some(Line::Whole(self.line.strip_suffix(b"\r").unwrap_or(&self.line))),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn lines_end_with_either_end_and_the_last_one_with_none() {
        let mut lines = Lines::new(&b"one\r\n\ntwo"[..]);
        for expected in [&b"one"[..], b"", b"two"] {
            assert_eq!(lines.next().await.unwrap(), Some(Line::Whole(expected)));
        }
        assert_eq!(lines.next().await.unwrap(), None);
    }

    #[tokio::test]
    async fn what_is_too_long_is_read_over_and_not_kept() {
        let mut text = vec![b'x'; MAX_LINE + 1];
        text.extend_from_slice(b"\nshort\n");
        let mut lines = Lines::new(&text[..]);
        assert_eq!(lines.next().await.unwrap(), Some(Line::TooLong));
        assert_eq!(lines.next().await.unwrap(), Some(Line::Whole(b"short")));
        assert!(lines.line.capacity() <= KEPT);
        let mut longest = vec![b'x'; MAX_LINE];
        longest.push(b'\n');
        assert!(matches!(Lines::new(&longest[..]).next().await.unwrap(), Some(Line::Whole(_))));
    }
}
