//! Running an app's own program to add or remove a server: without a shell, with a deadline, and with nothing of ours
//! that is secret.

use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::Command;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::apps::Word;
use super::entry::ENTRY_NAME;
use crate::config::SECRET_VARIABLES;
use crate::logging::redact;

/// Some of these programs start a whole runtime first, on machines that are cold.
const DEADLINE: Duration = Duration::from_secs(60);
/// For what is still in the pipes: a program that stays in the background may hold them open.
const LAST_WORDS: Duration = Duration::from_millis(500);
const MAX_OUTPUT: u64 = 64 * 1024;
/// Of what it said, in letters.
const MAX_QUOTE: usize = 300;

/// A program with its arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Call {
    pub(super) program: PathBuf,
    pub(super) arguments: Vec<String>,
}

/// Why an app's own program did not do it.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// It cannot be started.
    #[error("`{call}` could not be started: {reason}")]
    NotStarted {
        /// What was typed, so to speak.
        call: String,
        /// What the system said.
        reason: std::io::Error,
    },
    /// It ended with a failure.
    #[error("`{call}` failed: {said}")]
    Failed {
        /// What was typed, so to speak.
        call: String,
        /// The end of what it said.
        said: String,
    },
    /// It did not end in time.
    #[error("`{call}` did not end within {} s", DEADLINE.as_secs())]
    TimedOut {
        /// What was typed, so to speak.
        call: String,
    },
}

impl Call {
    pub(super) fn new(program: PathBuf, words: &[Word], url: &str) -> Self {
        let argument = |word: &Word| match word {
            Word::Is(text) => (*text).to_owned(),
            Word::Name => ENTRY_NAME.to_owned(),
            Word::Url => url.to_owned(),
            Word::Json => named_json(url),
        };
        Self { program, arguments: words.iter().map(argument).collect() }
    }

    /// As a person would type it.
    pub(super) fn typed(&self) -> String {
        let program = self.program.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let plain = |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || "-_./:=".contains(c));
        let quoted = |text: &String| if plain(text) { text.clone() } else { format!("'{text}'") };
        std::iter::once(program).chain(self.arguments.iter().map(quoted)).collect::<Vec<_>>().join(" ")
    }

    /// Runs it to its end, at home: some of these programs treat the directory they are in as a project.
    pub(super) async fn run(&self, home: &Path) -> Result<(), CallError> {
        let mut command = Command::new(&self.program);
        command
            .args(&self.arguments)
            .current_dir(home)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        for secret in SECRET_VARIABLES {
            command.env_remove(secret);
        }
        let call = self.typed();
        let mut child =
            command.spawn().map_err(|reason| CallError::NotStarted { call: call.clone(), reason })?;
        let (stdout, stderr) = (child.stdout.take().map(listen), child.stderr.take().map(listen));
        let status = match timeout(DEADLINE, child.wait()).await {
            Err(_) => return Err(CallError::TimedOut { call }),
            Ok(Err(reason)) => return Err(CallError::NotStarted { call, reason }),
            Ok(Ok(status)) => status,
        };
        if status.success() {
            return Ok(());
        }
        let mut said = Vec::new();
        for words in [stderr, stdout].into_iter().flatten() {
            if let Ok(Ok(words)) = timeout(LAST_WORDS, words).await {
                said.extend(words);
            }
        }
        Err(CallError::Failed { call, said: quote(&said, status) })
    }
}

/// What VS Code's command and link take: the entry with its name in it.
pub(super) fn named_json(url: &str) -> String {
    serde_json::json!({ "name": ENTRY_NAME, "type": "http", "url": url }).to_string()
}

/// Reads on beyond what is kept, so that the program is not held up.
fn listen(mut pipe: impl AsyncRead + Unpin + Send + 'static) -> JoinHandle<Vec<u8>> {
    tokio::spawn(async move {
        let mut said = Vec::new();
        let _ = (&mut pipe).take(MAX_OUTPUT).read_to_end(&mut said).await;
        let _ = tokio::io::copy(&mut pipe, &mut tokio::io::sink()).await;
        said
    })
}

/// The end of what a program said, on one line and without what could steer a terminal or is secret.
fn quote(said: &[u8], status: ExitStatus) -> String {
    let text = String::from_utf8_lossy(said);
    let words: Vec<&str> = text.split_whitespace().collect();
    let line = words.join(" ").replace(|letter: char| letter.is_control(), "");
    let line = redact(&line);
    let skipped = line.chars().count().saturating_sub(MAX_QUOTE);
    let end: String = line.chars().skip(skipped).collect();
    if end.is_empty() { status.to_string() } else { end }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Word::{Is, Json, Name, Url};

    const URL: &str = "http://127.0.0.1:5326/mcp";

    #[test]
    fn arguments_stay_apart_and_what_is_shown_can_be_typed() {
        let call = Call::new("/usr/bin/code".into(), &[Is("--add-mcp"), Json], URL);
        assert_eq!(call.arguments[1], format!(r#"{{"name":"jean-memory","type":"http","url":"{URL}"}}"#));
        assert_eq!(call.typed(), format!("code --add-mcp '{}'", call.arguments[1]));
        let call = Call::new("/usr/bin/codex".into(), &[Is("mcp"), Is("add"), Name, Is("--url"), Url], URL);
        assert_eq!(call.typed(), format!("codex mcp add jean-memory --url {URL}"));
    }

    #[cfg(unix)]
    mod programs {
        use super::*;
        use crate::test_program;

        fn program(folder: &Path, script: &str) -> Call {
            let program = folder.join("app");
            test_program::write(&program, script);
            Call::new(program, &[Name, Url], URL)
        }

        async fn run(script: &str) -> Result<(), CallError> {
            let folder = tempfile::tempdir().expect("a directory");
            program(folder.path(), script).run(folder.path()).await
        }

        #[tokio::test]
        async fn it_gets_its_arguments_and_no_secret_and_runs_at_home() {
            run(r#"[ "$1 $2" = "jean-memory http://127.0.0.1:5326/mcp" ] && [ "$(dirname "$0")" = "$PWD" ]"#)
                .await
                .unwrap();
            run(r#"[ -z "$JEAN_BRIDGE_API_KEY$JWT_SECRET_KEY" ]"#).await.unwrap();
        }

        #[tokio::test]
        async fn a_failure_is_quoted_without_what_steers_a_terminal_or_is_secret() {
            let failed = run("printf 'No \\033[31msuch\\nflag jean_sk_EXAMPLE_0123456789' >&2; exit 3").await;
            let said = failed.unwrap_err().to_string();
            assert!(said.ends_with("failed: No [31msuch flag jean_sk_…"), "{said}");
            let said = run("exit 3").await.unwrap_err().to_string();
            assert!(said.contains("exit status: 3"), "{said}");
        }

        #[tokio::test]
        async fn endless_output_and_children_in_the_background_hold_nobody_up() {
            run("head -c 3000000 /dev/zero; sleep 9 & exit 0").await.unwrap();
            let said = run("head -c 3000000 /dev/zero | tr '\\0' x; exit 1").await.unwrap_err().to_string();
            assert!(said.len() < 600, "{}", said.len());
        }

        #[tokio::test]
        async fn what_cannot_be_started_is_told() {
            let call = Call::new("/nonexistent/app".into(), &[], URL);
            assert!(matches!(call.run(Path::new("/")).await, Err(CallError::NotStarted { .. })));
        }
    }
}
