//! The log: on stderr, in a few files of limited size, and never with a secret in it.
//!
//! Code that logs does not name secrets in the first place; the redaction here is the net below it.

mod file;
mod reading;
mod redact;

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tracing_subscriber::Layer;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use self::file::LogFile;
pub use self::reading::{Follow, last_lines};
pub use self::redact::redact;

/// The newest part of the log, in the log directory.
const FILE_NAME: &str = "jean-bridge.log";
/// Our own packages, which a bare level is about. Libraries say no more than warnings unless they are
/// named: at `trace` some print what they carry.
const OURS: [&str; 3] = ["bridge_core", "jean_bridge", "jean_memory_bridge"];
/// Prints what tools are called with at `debug`, and what a stranger sent in its warnings: never more than
/// its errors, whatever the configuration says (protocol.md 7.35).
const TALKATIVE: &str = "rmcp";

/// Where the log goes.
#[derive(Clone, Debug)]
pub struct Sinks {
    /// The least severe of what goes to stderr, if the configuration lets it through.
    pub stderr: LevelFilter,
    /// The directory for the files.
    pub log_dir: Option<PathBuf>,
}

/// Why there is no log.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The file cannot be opened.
    #[error("the log file {} cannot be written: {reason}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        reason: io::Error,
    },
    /// The filter is not one; the configuration should have refused it.
    #[error("the log filter is not understood")]
    Filter,
    /// It has started before.
    #[error("the log was started twice")]
    Twice,
}

/// The newest part of the log.
#[must_use]
pub fn log_file(log_dir: &Path) -> PathBuf {
    log_dir.join(FILE_NAME)
}

/// Starts the log of this process.
///
/// # Errors
/// [`LogError`].
pub fn start(filter: &str, sinks: &Sinks) -> Result<(), LogError> {
    let targets = targets(filter).ok_or(LogError::Filter)?;
    let stderr = lines(|| Redacted(io::stderr())).with_filter(sinks.stderr);
    let file = sinks
        .log_dir
        .as_deref()
        .map(|dir| {
            let path = log_file(dir);
            LogFile::open(path.clone()).map_err(|reason| LogError::File { path, reason })
        })
        .transpose()?
        .map(|file| lines(move || Redacted(file.clone())));
    tracing_subscriber::registry()
        .with(targets)
        .with(stderr)
        .with(file)
        .try_init()
        .map_err(|_| LogError::Twice)?;
    log_panics();
    Ok(())
}

/// One line an event, with the time in RFC 3339.
fn lines<S, W>(writer: W) -> impl Layer<S>
where
    S: tracing::Subscriber + for<'span> tracing_subscriber::registry::LookupSpan<'span>,
    W: for<'writer> MakeWriter<'writer> + Send + Sync + 'static,
{
    // A broken stderr would otherwise be reported on stderr, which panics.
    tracing_subscriber::fmt::layer().with_ansi(false).log_internal_errors(false).with_writer(writer)
}

/// `info,bridge_core::oauth=debug`.
fn targets(filter: &str) -> Option<Targets> {
    let quiet = |level: LevelFilter| (TALKATIVE, level.min(LevelFilter::ERROR));
    let mut targets = Targets::new().with_default(LevelFilter::WARN).with_targets([quiet(LevelFilter::WARN)]);
    for part in filter.split(',') {
        targets = if let Some((target, level)) = part.trim().split_once('=') {
            let (target, level) = (target.trim(), level.trim().parse::<LevelFilter>().ok()?);
            targets.with_target(target, level.min(most_of(target)))
        } else {
            let level = part.trim().parse::<LevelFilter>().ok()?;
            let ours = OURS.map(|name| (name, level));
            targets.with_default(level.min(LevelFilter::WARN)).with_targets(ours).with_targets([quiet(level)])
        };
    }
    Some(targets)
}

/// The most that may be asked of a target: libraries print what they carry at `trace`.
fn most_of(target: &str) -> LevelFilter {
    if OURS.iter().any(|ours| target.starts_with(ours)) {
        LevelFilter::TRACE
    } else if TALKATIVE.starts_with(target) || target.starts_with(TALKATIVE) {
        LevelFilter::ERROR
    } else {
        LevelFilter::DEBUG
    }
}

/// A panic leaves its place in the log; its message, which may hold anything, goes to stderr only.
fn log_panics() {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, "a part of the bridge panicked");
        before(panic);
    }));
}

/// Takes secrets out of what is written.
struct Redacted<W>(W);

impl<W: Write> Write for Redacted<W> {
    /// Each event comes whole, in one piece. What cannot be written is lost: the log must not stop what
    /// it tells about.
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(event);
        let _ = self.0.write_all(redact(&text).as_bytes());
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let _ = self.0.flush();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use tracing::Level;

    use super::*;

    #[test]
    fn a_bare_level_is_about_this_program_and_keeps_libraries_quiet() {
        let targets = targets("trace").unwrap();
        assert!(targets.would_enable("bridge_core::oauth", &Level::TRACE));
        assert!(targets.would_enable("jean_bridge", &Level::TRACE));
        assert!(targets.would_enable("hyper::proto", &Level::WARN));
        assert!(!targets.would_enable("rmcp::service", &Level::WARN));
    }

    #[test]
    fn a_named_target_has_its_own_level() {
        let targets = targets("warn,bridge_core::oauth=debug,hyper=info").unwrap();
        assert!(targets.would_enable("bridge_core::oauth::token", &Level::DEBUG));
        assert!(!targets.would_enable("bridge_core::mcp", &Level::INFO));
        assert!(targets.would_enable("hyper", &Level::INFO));
    }

    #[test]
    fn what_libraries_carry_cannot_be_asked_for() {
        // protocol.md 7.35; a target is the start of a name, so `rm` means rmcp too.
        let targets = targets("trace,rmcp=trace,rmcp::service=debug,rm=trace,hyper=trace").unwrap();
        for (target, level) in
            [("rmcp", Level::WARN), ("rmcp::service", Level::WARN), ("hyper", Level::TRACE)]
        {
            assert!(!targets.would_enable(target, &level), "{target} {level}");
        }
        assert!(targets.would_enable("rmcp::service", &Level::ERROR));
        assert!(targets.would_enable("hyper::proto", &Level::DEBUG));
    }

    #[test]
    fn off_is_off() {
        let targets = targets("off").unwrap();
        assert!(!targets.would_enable("bridge_core", &Level::ERROR));
        assert!(!targets.would_enable("hyper", &Level::ERROR));
        assert!(!targets.would_enable("rmcp", &Level::ERROR));
    }

    #[test]
    fn an_event_is_written_with_its_time_and_without_its_secrets() {
        let dir = tempfile::tempdir().unwrap();
        let path = log_file(dir.path());
        let file = LogFile::open(path.clone()).unwrap();
        let layer = lines(move || Redacted(file.clone()));
        let subscriber = tracing_subscriber::registry().with(targets("info").unwrap()).with(layer);
        tracing::subscriber::with_default(subscriber, || {
            tracing::info!(target: "bridge_core::x", client = "jbcEXAMPLE", "key jean_sk_EXAMPLE_0123456789 came");
            tracing::debug!(target: "bridge_core::x", "not this");
        });
        let text = std::fs::read_to_string(path).unwrap();
        let (time, rest) = text.split_once(' ').unwrap();
        humantime::parse_rfc3339(time).unwrap();
        assert_eq!(rest.trim(), "INFO bridge_core::x: key jean_sk_… came client=\"jbcEXAMPLE\"");
    }
}
