//! `jean-bridge`, the command line: `serve` runs a bridge here, `stdio` is what AI apps start; everything else speaks to a running one
//! through its local socket (design.md 4).

mod accounts;
mod args;
mod clients;
mod completions;
mod connect;
mod doctor;
mod failure;
mod key;
mod logs;
mod manual;
mod mcpb;
mod output;
mod pause;
mod question;
mod quit;
mod requests;
mod reset;
mod safe;
mod serve;
mod status;
mod stdio;
mod terminal;
mod words;

use std::process::ExitCode;

use bridge_core::config::process_environment;
use bridge_core::control::Client;
use bridge_core::paths::Paths;
use bridge_core::process_limits;
use clap::Parser;
use tokio::runtime::{Builder, Runtime};

use crate::args::{Cli, Command};
use crate::failure::Failure;

/// Threads that serve. A call is a dozen short steps of as many tasks, and what takes its time, such as the database, the
/// keychain and names, has threads of its own. A second one would mostly wake the first and be woken by it, which takes
/// longer than the steps.
const SERVING_THREADS: usize = 1;

fn main() -> ExitCode {
    process_limits::keep_memory_private();
    let command = match Cli::try_parse() {
        Ok(cli) => cli.command,
        Err(usage) => {
            // Not `exit()`, which would lose what a closed pipe did not take, and say so in a panic.
            let _ = usage.print();
            return ExitCode::from(u8::try_from(usage.exit_code()).unwrap_or(failure::USAGE));
        }
    };
    match run(command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

fn run(command: Command) -> Result<(), Failure> {
    // These two need no directories, so that packages can be built anywhere.
    if let Command::Completions { shell } = command {
        return output::print_bytes(completions::script(shell).as_bytes());
    }
    if let Command::Manual { folder, day } = &command {
        return manual::write(folder, day);
    }
    if let Command::Mcpb(options) = command {
        return mcpb::run(&options);
    }
    let paths = Paths::discover(&process_environment).map_err(Failure::sentence)?;
    if let Command::Serve { port } = command {
        process_limits::allow_many_files();
        let runtime =
            start(Builder::new_multi_thread().worker_threads(SERVING_THREADS).enable_all().build())?;
        let served = runtime.block_on(serve::run(&paths, port));
        // What has not ended by now, such as a name that is being looked up, must not hold up the exit.
        runtime.shutdown_background();
        return served;
    }
    if let Command::Logs(options) = command {
        return logs::run(&paths, &options);
    }
    let runtime = start(Builder::new_current_thread().enable_all().build())?;
    if let Command::Stdio { client } = command {
        runtime.block_on(stdio::run(paths, client));
        // A thread that still waits for standard input must not hold up the exit.
        runtime.shutdown_background();
        return Ok(());
    }
    let asked = runtime.block_on(ask(&paths, command));
    // A disk that hangs must not hold up the exit.
    runtime.shutdown_background();
    asked
}

fn start(runtime: std::io::Result<Runtime>) -> Result<Runtime, Failure> {
    runtime.map_err(Failure::sentence)
}

/// The commands that ask a running bridge, if only where it is.
async fn ask(paths: &Paths, command: Command) -> Result<(), Failure> {
    let client = Client::new(paths.clone());
    match command {
        Command::Connect(options) => connect::connect(paths, &client, options).await,
        Command::Disconnect(options) => connect::disconnect(paths, &client, options).await,
        Command::Doctor { format } => doctor::run(paths, connect::adapter()?, format).await,
        Command::Reset(options) => reset::run(paths, &client, &options).await,
        Command::Status { format } => status::show(&client, format).await,
        Command::Requests { format } => requests::list(&client, format).await,
        Command::Approve(options) => requests::approve(&client, options).await,
        Command::Deny { code } => requests::deny(&client, &code).await,
        Command::Clients { format } => clients::list(&client, format).await,
        Command::Revoke { client: named } => clients::revoke(&client, &named).await,
        Command::Pause => pause::pause(&client).await,
        Command::Resume => pause::resume(&client).await,
        Command::Quit => quit::run(paths, &client).await,
        Command::Accounts { action: None, format } => accounts::list(&client, format).await,
        Command::Accounts { action: Some(action), .. } => accounts::change(&client, action).await,
        Command::Serve { .. }
        | Command::Stdio { .. }
        | Command::Logs(_)
        | Command::Mcpb(_)
        | Command::Completions { .. }
        | Command::Manual { .. } => Ok(()),
    }
}
