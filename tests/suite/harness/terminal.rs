//! A person at a terminal: `jean-bridge` on a pseudo-terminal.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::process::Stdio;
use std::sync::Mutex;

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use tokio::process::Child;
use tokio::sync::watch;
use tokio::time::timeout;

use super::bridge::{Bridge, BridgeOptions};
use super::http::PATIENCE;

/// A bridge that runs at a terminal.
pub(crate) struct Terminal {
    bridge: Bridge,
    screen: Screen,
}

/// Another program of a bridge at a terminal of its own.
pub(crate) struct Typed {
    child: Child,
    screen: Screen,
}

/// What the person sees, and what they type.
struct Screen {
    keyboard: File,
    shown: watch::Receiver<String>,
    /// Where on the screen the person looks: what is above was dealt with.
    mark: Mutex<usize>,
}

impl Terminal {
    /// Starts a bridge there and waits until it listens.
    pub(crate) async fn start(options: BridgeOptions) -> Self {
        let home = tempfile::tempdir().expect("a temporary directory");
        let (screen, [input, output]) = Screen::open();
        let child = options.start_on(home.path(), input, output);
        let mut greeting = screen.shown.clone();
        let shown = timeout(PATIENCE, greeting.wait_for(|shown| shown.matches('\n').count() >= 3)).await;
        let shown = shown.expect("a greeting in time").expect("a terminal").clone();
        let url = shown.lines().next().and_then(|line| line.trim().strip_prefix("listening on "));
        let url = url.unwrap_or_else(|| panic!("no URL in {shown}")).to_owned();
        Self { bridge: Bridge::started(child, url, home, options), screen }
    }

    pub(crate) fn bridge(&self) -> &Bridge {
        &self.bridge
    }

    /// Everything that was ever shown.
    pub(crate) fn shown(&self) -> String {
        self.screen.shown.borrow().clone()
    }

    /// Waits until `text` is shown below what was dealt with, and looks there.
    pub(crate) async fn wait_for(&self, text: &str) {
        self.screen.wait_for_one(&[text]).await;
    }

    /// Types `line` when `prompt` is shown, until `expected` comes of it. A line that is typed too soon
    /// after a question is not taken, and the prompt comes again.
    pub(crate) async fn answer(&self, prompt: &str, line: &str, expected: &str) {
        self.wait_for(prompt).await;
        loop {
            self.screen.type_below(prompt, line);
            if self.screen.wait_for_one(&[expected, prompt]).await == expected {
                return;
            }
        }
    }
}

impl Typed {
    /// Types a command of `jean-bridge` for this bridge.
    pub(crate) fn command(bridge: &Bridge, args: &[&str]) -> Self {
        let (screen, [input, output]) = Screen::open();
        Self { child: bridge.spawn_on(args, input, output), screen }
    }

    /// Types `line` when `prompt` is shown.
    pub(crate) async fn answer(&self, prompt: &str, line: &str) {
        self.screen.wait_for_one(&[prompt]).await;
        self.screen.type_below(prompt, line);
    }

    /// Waits for its end: whether it succeeded, and everything that was shown.
    pub(crate) async fn ended(mut self) -> (bool, String) {
        let status = timeout(PATIENCE, self.child.wait()).await.expect("it ends in time").expect("it ended");
        // The last words may still be on their way: the terminal closes behind them.
        while self.screen.shown.changed().await.is_ok() {}
        (status.success(), self.screen.shown.borrow().clone())
    }
}

impl Screen {
    /// A terminal, and the ends that a program is given.
    fn open() -> (Self, [Stdio; 2]) {
        let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a pseudo-terminal");
        grantpt(&ours).and_then(|()| unlockpt(&ours)).expect("a pseudo-terminal");
        let name = ptsname(&ours, Vec::new()).expect("a pseudo-terminal");
        let path = std::ffi::OsStr::from_bytes(name.as_bytes());
        let theirs = OpenOptions::new().read(true).write(true).open(path).expect("a pseudo-terminal");
        let output = theirs.try_clone().expect("a file");
        let keyboard = File::from(ours);
        let shown = show(keyboard.try_clone().expect("a file"));
        (Self { keyboard, shown, mark: Mutex::new(0) }, [theirs.into(), output.into()])
    }

    fn type_below(&self, prompt: &str, line: &str) {
        *self.mark.lock().expect("no panic") += prompt.len();
        (&self.keyboard).write_all(format!("{line}\n").as_bytes()).expect("a terminal");
    }

    /// The one that is shown first.
    async fn wait_for_one<'a>(&self, texts: &[&'a str]) -> &'a str {
        let mark = *self.mark.lock().expect("no panic");
        let found =
            |shown: &str| texts.iter().filter_map(|text| Some((shown[mark..].find(text)?, *text))).min();
        let mut screen = self.shown.clone();
        let shown = timeout(PATIENCE, screen.wait_for(|shown| found(shown).is_some())).await;
        let Ok(Ok(shown)) = shown else { panic!("no {texts:?} on the terminal: {}", *self.shown.borrow()) };
        let (place, text) = found(&shown).expect("just found");
        *self.mark.lock().expect("no panic") = mark + place;
        text
    }
}

/// Collects what a terminal shows, until its other end is closed.
fn show(mut terminal: File) -> watch::Receiver<String> {
    let (shown, screen) = watch::channel(String::new());
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let mut piece = [0; 4096];
        while let Ok(length @ 1..) = terminal.read(&mut piece) {
            bytes.extend_from_slice(&piece[..length]);
            // A letter may be cut in two.
            let whole = std::str::from_utf8(&bytes).map_or_else(|error| error.valid_up_to(), str::len);
            shown.send_replace(String::from_utf8_lossy(&bytes[..whole]).into_owned());
        }
    });
    screen
}
