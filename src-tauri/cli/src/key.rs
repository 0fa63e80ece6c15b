//! Takes a key from standard input, never from the command line: it would show in the process list.

use std::io::{IsTerminal, Read, stdin};

use bridge_core::api_key::ApiKey;
use secrecy::{ExposeSecret, SecretString};

use crate::failure::Failure;
use crate::terminal::Terminal;

/// More than any key with blanks around it.
const MAX_INPUT: u64 = 4096;

/// The key that is piped in or, on a terminal, pasted without being shown.
pub(crate) async fn from_stdin() -> Result<ApiKey, Failure> {
    let text = if stdin().is_terminal() { pasted().await? } else { piped()? };
    Ok(ApiKey::parse(text.expose_secret())?)
}

fn piped() -> Result<SecretString, Failure> {
    let mut text = String::new();
    stdin()
        .take(MAX_INPUT)
        .read_to_string(&mut text)
        .map_err(|error| Failure::sentence(format!("the key cannot be read from standard input: {error}")))?;
    Ok(SecretString::from(text))
}

async fn pasted() -> Result<SecretString, Failure> {
    let mut terminal = Terminal::open();
    let line = terminal.hidden_line("Paste your Jean Memory key (it is not shown) and press Enter: ");
    // Without this the default action of Ctrl-C would leave the terminal without echo.
    tokio::select! {
        line = line => line.ok_or(Failure::Interrupted),
        _ = tokio::signal::ctrl_c() => Err(Failure::Interrupted),
    }
}
