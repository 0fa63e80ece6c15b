//! The person at the terminal: prompts, lines, and lines that are not shown.
//!
//! A line is read only when one was asked for, on a thread of its own, so that a prompt can be withdrawn
//! while it waits and nothing else stands still. A line that comes after that belongs to the next prompt,
//! which has to expect it.

use std::io::{BufRead, Write, stdin};
use std::sync::mpsc::{self, SyncSender};

use secrecy::SecretString;
use tokio::sync::mpsc::{Receiver, channel};

/// Lines that wait for a terminal that does not take them, as after Ctrl-S; more are lost.
const BACKLOG: usize = 64;

/// Speaks to the person who sits at standard input and output.
pub(crate) struct Terminal {
    output: SyncSender<String>,
    wanted: mpsc::Sender<()>,
    lines: Receiver<Option<SecretString>>,
    is_reading: bool,
}

impl Terminal {
    /// The terminal of this process.
    pub(crate) fn open() -> Self {
        let (wanted, wants) = mpsc::channel();
        let (deliver, lines) = channel(1);
        // Ends with the process: a read from a terminal cannot be cancelled.
        std::thread::spawn(move || {
            while wants.recv().is_ok() {
                if deliver.blocking_send(read_line()).is_err() {
                    return;
                }
            }
        });
        Self { output: speaker(), wanted, lines, is_reading: false }
    }

    /// Prints, without ever making the caller wait.
    pub(crate) fn say(&self, text: &str) {
        let _ = self.output.try_send(text.to_owned());
    }

    /// The next line; `None` when the terminal is closed. May be dropped and called again.
    pub(crate) async fn line(&mut self, prompt: &str) -> Option<SecretString> {
        self.say(prompt);
        if !self.is_reading {
            self.wanted.send(()).ok()?;
            self.is_reading = true;
        }
        let line = self.lines.recv().await.flatten();
        self.is_reading = false;
        line
    }

    /// The next line, which the terminal does not show.
    #[cfg(unix)]
    pub(crate) async fn hidden_line(&mut self, prompt: &str) -> Option<SecretString> {
        let _hidden = Hidden::begin();
        let line = self.line(prompt).await;
        // The Enter that ended it was not shown either.
        self.say("\n");
        line
    }

    /// The next line, which the terminal does not show.
    #[cfg(windows)]
    pub(crate) async fn hidden_line(&mut self, prompt: &str) -> Option<SecretString> {
        self.say(prompt);
        let read = tokio::task::spawn_blocking(rpassword::read_password).await;
        read.ok()?.ok().map(SecretString::from)
    }
}

/// Prints from a thread of its own: a terminal may stop taking output, the bridge must not stop with it.
pub(crate) fn speaker() -> SyncSender<String> {
    let (say, said) = mpsc::sync_channel::<String>(BACKLOG);
    std::thread::spawn(move || {
        for text in said {
            let mut stdout = std::io::stdout();
            // Whoever closed our output does not want to know.
            let _ = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
        }
    });
    say
}

fn read_line() -> Option<SecretString> {
    let mut line = String::new();
    match stdin().lock().read_line(&mut line) {
        Ok(0) | Err(_) => None,
        Ok(_) => Some(SecretString::from(line)),
    }
}

/// Whether reading would wait for the person; a program in the background would be stopped by it.
#[cfg(unix)]
pub(crate) fn is_in_foreground() -> bool {
    // An error: this terminal does not control us, so it does not stop us either.
    rustix::termios::tcgetpgrp(stdin()).is_ok_and(|group| group == rustix::process::getpgrp())
        || rustix::termios::tcgetpgrp(stdin()).is_err()
}

#[cfg(windows)]
pub(crate) fn is_in_foreground() -> bool {
    true
}

/// The terminal shows nothing that is typed until this is dropped.
#[cfg(unix)]
struct Hidden {
    before: Option<rustix::termios::Termios>,
}

#[cfg(unix)]
impl Hidden {
    fn begin() -> Self {
        use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
        let before = tcgetattr(stdin()).ok();
        if let Some(mut silent) = before.clone() {
            silent.local_modes.remove(LocalModes::ECHO);
            let _ = tcsetattr(stdin(), OptionalActions::Now, &silent);
        }
        Self { before }
    }
}

#[cfg(unix)]
impl Drop for Hidden {
    fn drop(&mut self) {
        if let Some(before) = &self.before {
            let _ = rustix::termios::tcsetattr(stdin(), rustix::termios::OptionalActions::Now, before);
        }
    }
}
