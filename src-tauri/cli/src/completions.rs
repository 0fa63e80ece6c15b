//! The completion scripts for shells.

use clap::{Command, CommandFactory as _};
use clap_complete::{Shell, generate};

use crate::args::Cli;

const PROGRAM: &str = "jean-bridge";

/// What a shell reads to complete what is typed after the program's name.
pub(crate) fn script(shell: Shell) -> String {
    let mut script = Vec::new();
    generate(shell, &mut shown(), PROGRAM, &mut script);
    let script = String::from_utf8_lossy(&script);
    if shell == Shell::Bash {
        // clap_complete 4.6 spells a hyphen of the program's name in two ways, and then completes nothing after a command.
        return script.replace("jean__subcmd__bridge", "jean__bridge");
    }
    script.into_owned()
}

/// What the help shows: `clap_complete` would offer hidden commands, too.
fn shown() -> Command {
    let whole = Cli::command();
    let commands = whole.get_subcommands().filter(|command| !command.is_hide_set()).cloned();
    Command::new(PROGRAM)
        .disable_help_subcommand(whole.is_disable_help_subcommand_set())
        .version(env!("CARGO_PKG_VERSION"))
        .args(whole.get_arguments().cloned())
        .subcommands(commands)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_help_does_not_show_is_not_offered() {
        for shell in [Shell::Bash, Shell::Zsh, Shell::Fish, Shell::PowerShell, Shell::Elvish] {
            let script = script(shell);
            assert!(script.contains("disconnect") && script.contains("version"), "{shell}");
            assert!(!script.contains("manual"), "{shell}");
        }
        assert!(!script(Shell::Bash).contains("bridge,help)"), "there is no such command");
    }
}
