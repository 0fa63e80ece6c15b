//! What can be typed.

use std::path::PathBuf;

use bridge_core::scope::Scopes;
use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;

use crate::connect::name::AppName;

const ABOUT: &str = "\
Lets AI apps on this computer use your Jean Memory.

On a desktop, start the app, Jean Memory Bridge. Without one, start the bridge with `serve`. Then \
`connect` connects AI apps, and `approve` allows those that ask. When something is wrong: `doctor`.";

const EXAMPLES: &str = "\
Examples:
  jean-bridge serve                      run the bridge here
  jean-bridge connect                    which AI apps are here; with a name, connect one
  jean-bridge requests                   which apps ask for access
  jean-bridge approve K7-42              allow the one that shows this code
  jean-bridge revoke 'Claude Code'       take it back
  jean-bridge status --json              for scripts
  jean-bridge doctor                     what is wrong, and what helps

Exit status: 0 done, 1 failed, 2 wrong usage, 3 the bridge is not running.
Settings: config.toml and environment variables; JEAN_BRIDGE_HOME=DIR keeps everything in DIR.";

const APPROVE_EXAMPLES: &str = "\
Examples:
  jean-bridge approve K7-42                          with your only account
  jean-bridge approve K7-42 --scope read             it may look, not add
  jean-bridge approve K7-42 --sandbox                try it; memories stay on this computer
  jean-bridge approve K7-42 --key-stdin < key.txt    with a new key";

const ADD_EXAMPLES: &str = "\
Examples:
  jean-bridge accounts add --key-stdin               asks for the key and does not show it
  pass show jean-memory | jean-bridge accounts add --key-stdin";

const RESET_EXAMPLES: &str = "\
Examples:
  jean-bridge reset --dry-run            what would be removed
  jean-bridge reset                      shows it, and asks
  jean-bridge reset --yes --keep-apps    for scripts; the apps keep their settings

Memories at Jean Memory stay, and so do the programs themselves.";

const STDIO_EXAMPLES: &str = "\
Example, in the settings of an app:
  {\"mcpServers\": {\"jean-memory\": {\"command\": \"/usr/bin/jean-bridge\", \"args\": [\"stdio\"]}}}";

const CONNECT_EXAMPLES: &str = "\
Examples:
  jean-bridge connect                    which apps there are, and how each is
  jean-bridge connect cursor --dry-run   what would change
  jean-bridge connect cursor";

/// The whole command line.
#[derive(Debug, Parser)]
#[command(name = "jean-bridge", version, about = ABOUT, after_help = EXAMPLES, arg_required_else_help = true)]
#[command(disable_help_subcommand = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the bridge here, without a desktop
    ///
    /// Apps that ask for access are answered on this terminal, or from another one with `approve`.
    Serve {
        /// Listen on this port instead of the configured one; 0 is any free port
        #[arg(long, value_name = "PORT")]
        port: Option<u16>,
    },
    /// Speak MCP on standard input and output, for apps that start programs
    ///
    /// This is what `connect` writes into the settings of such apps; nobody types it. It asks the bridge that runs, and
    /// waits for one while none does.
    #[command(after_help = STDIO_EXAMPLES)]
    Stdio {
        /// What the app is called when a person is asked about it; as it says itself, if left out
        #[arg(long, value_name = "NAME")]
        client: Option<String>,
    },
    /// Show whether the bridge runs, and whether anything is wrong
    Status {
        #[command(flatten)]
        format: Format,
    },
    /// List the apps that ask for access
    Requests {
        #[command(flatten)]
        format: Format,
    },
    /// Allow an app that asks for access
    #[command(after_help = APPROVE_EXAMPLES)]
    Approve(Approve),
    /// Refuse an app that asks for access
    Deny {
        /// The code that the app's page and `requests` show
        code: String,
    },
    /// List the connected apps
    Clients {
        #[command(flatten)]
        format: Format,
    },
    /// Take back what an app may do; its next call is refused
    Revoke {
        /// Its id or, if only one bears it, its name
        client: String,
    },
    /// Let nothing go to Jean Memory until `resume`, over restarts too
    Pause,
    /// Let apps use your memories again
    Resume,
    /// End the bridge that runs, the tray app or `serve`, and wait until it has ended
    Quit,
    /// List, add and remove accounts
    #[command(args_conflicts_with_subcommands = true)]
    Accounts {
        #[command(subcommand)]
        action: Option<AccountsAction>,
        #[command(flatten)]
        format: Format,
    },
    /// Connect an AI app of this computer; without a name, list them
    ///
    /// The app's own program does it where it has one that works; else its settings are edited: nothing in them
    /// changes but the bridge's entry, and a backup is kept.
    #[command(after_help = CONNECT_EXAMPLES)]
    Connect(Connect),
    /// Take the bridge out of an app again
    Disconnect(Disconnect),
    /// Look for what is wrong, and say what helps
    ///
    /// One line each: state, cause, cure. Works whether the bridge runs or not, and changes nothing. Exit status: 0
    /// nothing fails, 1 something does.
    Doctor {
        #[command(flatten)]
        format: Format,
    },
    /// Write the extension for Claude Desktop, to be installed by opening it
    ///
    /// Another way than `connect claude-desktop`: Claude's settings stay as they are. It holds no key, only the path of
    /// this program.
    Mcpb(Mcpb),
    /// Show the log
    Logs(Logs),
    /// Remove everything that the bridge has made here
    ///
    /// Entries in the settings of apps, keys in the keychain, data, configuration, the log, the start at login. A bridge that runs is ended first. Only what the bridge itself has made is removed, and what stays is said.
    #[command(after_help = RESET_EXAMPLES)]
    Reset(Reset),
    /// Print a completion script for a shell
    Completions {
        /// Which shell
        shell: Shell,
    },
    /// Write the manual pages, for packages
    #[command(hide = true)]
    Manual {
        /// The folder, which exists
        folder: PathBuf,
        /// The day that they are of, such as 2026-02-28
        day: String,
    },
}

#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Format {
    /// Print JSON, for scripts
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Approve {
    /// The code that the app's page and `requests` show
    pub(crate) code: String,
    /// Let it use this account; `accounts` lists the ids
    #[arg(long, value_name = "ID", conflicts_with_all = ["key_stdin", "sandbox"])]
    pub(crate) account: Option<String>,
    /// Read a new key from standard input; on a terminal it is asked for and not shown
    #[arg(long, conflicts_with = "sandbox")]
    pub(crate) key_stdin: bool,
    /// Let it use the built-in sandbox instead of Jean Memory
    #[arg(long)]
    pub(crate) sandbox: bool,
    /// Allow only this, read or write; both if left out
    #[arg(long = "scope", value_name = "SCOPE", value_delimiter = ',', value_parser = ["read", "write"])]
    scopes: Vec<String>,
    /// Save the key even if Jean Memory cannot be asked about it now
    #[arg(long, requires = "key_stdin")]
    pub(crate) save_unchecked: bool,
}

impl Approve {
    /// What may be allowed of what was asked; `None` is all of it.
    pub(crate) fn scopes(&self) -> Option<Scopes> {
        (!self.scopes.is_empty()).then(|| Scopes::parse(&self.scopes.join(" ")))
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum AccountsAction {
    /// Add an account by its key
    ///
    /// The key is read from standard input, never from the command line, where every program could see it.
    #[command(after_help = ADD_EXAMPLES)]
    Add {
        /// Read the key from standard input; on a terminal it is asked for and not shown
        #[arg(long, required = true)]
        key_stdin: bool,
        /// Save the key even if Jean Memory cannot be asked about it now
        #[arg(long)]
        save_unchecked: bool,
        #[command(flatten)]
        format: Format,
    },
    /// Remove an account and its key; apps that use it lose their access
    Remove {
        /// Its id; `accounts` lists them
        id: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Connect {
    /// Which app; its name as `connect` lists it
    #[arg(value_parser = AppName, hide_possible_values = true)]
    pub(crate) app: Option<String>,
    /// Only show what would be done
    #[arg(long, requires = "app")]
    pub(crate) dry_run: bool,
    /// Replace an entry of that name that the bridge did not write; `disconnect` brings it back
    #[arg(long, requires = "app")]
    pub(crate) replace: bool,
    #[command(flatten)]
    pub(crate) format: Format,
}

#[derive(Debug, Args)]
pub(crate) struct Disconnect {
    /// Which app; its name as `connect` lists it
    #[arg(required_unless_present = "all", value_parser = AppName, hide_possible_values = true)]
    pub(crate) app: Option<String>,
    /// Every app that the bridge is in
    #[arg(long, conflicts_with = "app")]
    pub(crate) all: bool,
    /// Only show what would be done
    #[arg(long)]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) format: Format,
}

#[derive(Debug, Args)]
pub(crate) struct Mcpb {
    /// Where to; jean-memory.mcpb if left out
    pub(crate) file: Option<PathBuf>,
    /// Leave out the path of this program, to give the file to others: it then looks where packages install
    #[arg(long)]
    pub(crate) any_computer: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Reset {
    /// Only show what would be removed
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Do not ask
    #[arg(long, conflicts_with = "dry_run")]
    pub(crate) yes: bool,
    /// Leave the settings of apps as they are
    #[arg(long)]
    pub(crate) keep_apps: bool,
    #[command(flatten)]
    pub(crate) format: Format,
}

#[derive(Debug, Args)]
pub(crate) struct Logs {
    /// Go on with what is added, until Ctrl-C
    #[arg(short, long)]
    pub(crate) follow: bool,
    /// How many of the last lines to show
    #[arg(short = 'n', long, value_name = "COUNT", default_value_t = 200)]
    pub(crate) lines: usize,
    /// Print where the log is
    #[arg(long, conflicts_with = "follow")]
    pub(crate) path: bool,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;
    use clap::error::ErrorKind;

    use super::*;

    fn parse(line: &str) -> Result<Command, ErrorKind> {
        let words = std::iter::once("jean-bridge").chain(line.split_whitespace());
        Cli::try_parse_from(words).map(|cli| cli.command).map_err(|error| error.kind())
    }

    #[test]
    fn the_definition_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_line_of_the_contract_is_understood() {
        for line in [
            "serve",
            "serve --port 0",
            "stdio",
            "stdio --client Claude",
            "status",
            "status --json",
            "requests --json",
            "approve K7-42",
            "approve K7-42 --account jba1",
            "approve K7-42 --key-stdin --save-unchecked",
            "approve K7-42 --sandbox --scope read",
            "deny K7-42",
            "clients --json",
            "revoke https://claude.ai/client.json",
            "pause",
            "resume",
            "accounts",
            "accounts --json",
            "accounts add --key-stdin",
            "accounts remove jba1",
            "logs",
            "connect",
            "connect --json",
            "connect cursor --dry-run --json",
            "connect cursor --replace",
            "disconnect cursor --dry-run --json",
            "doctor",
            "doctor --json",
            "disconnect --all --dry-run --json",
            "reset",
            "reset --dry-run --json",
            "reset --yes --keep-apps",
            "logs -f",
            "mcpb",
            "mcpb --any-computer target/jean-memory.mcpb",
            "completions bash",
            "manual target 2026-02-28",
        ] {
            assert!(parse(line).is_ok(), "{line}: {:?}", parse(line).err());
        }
    }

    #[test]
    fn what_makes_no_sense_is_wrong_usage() {
        for line in [
            "serve --port 65536",
            "stdio --client",
            "stdio Claude",
            "approve",
            "approve K7-42 --account x --sandbox",
            "approve K7-42 --key-stdin --sandbox",
            "approve K7-42 --save-unchecked",
            "approve K7-42 --scope admin",
            // A key is never an argument: it would show in the process list.
            "approve K7-42 --key jean_sk_EXAMPLE_0123456789",
            "accounts add jean_sk_EXAMPLE_0123456789",
            "accounts add",
            "accounts --json add --key-stdin",
            "deny K7-42 --json",
            "connect --dry-run",
            "disconnect",
            "disconnect cursor --replace",
            "disconnect cursor --all",
            "reset --yes --dry-run",
            "reset cursor",
            "nonsense",
        ] {
            assert!(parse(line).is_err(), "{line}");
        }
    }

    #[test]
    fn scopes_may_be_repeated_or_listed() {
        let scopes = |line: &str| match parse(line) {
            Ok(Command::Approve(approve)) => approve.scopes(),
            other => panic!("{line}: {other:?}"),
        };
        assert_eq!(scopes("approve K7-42"), None);
        assert_eq!(scopes("approve K7-42 --scope read").map(|set| set.to_string()).as_deref(), Some("read"));
        assert_eq!(scopes("approve K7-42 --scope read,write"), Some(Scopes::ALL));
        assert_eq!(scopes("approve K7-42 --scope read --scope write"), Some(Scopes::ALL));
    }
}
