//! `connect`, `disconnect`: entering the bridge into the AI apps of this computer. Both work without a bridge that
//! runs: the address is the configured one then.

pub(crate) mod name;
pub(crate) mod text;

use std::path::PathBuf;

use bridge_core::clock::{Clock, SystemClock};
use bridge_core::config::{Config, process_environment};
use bridge_core::connect::{APPS, App, ConnectError, Connector, Surroundings, find, stays};
use bridge_core::control::{Client, ClientError};
use bridge_core::origin::Origin;
use bridge_core::paths::Paths;
use bridge_core::program_file;
use bridge_core::view::{ConnectState, ConnectSteps, ConnectView};

use self::text::{quit_first, sign_in, state, steps};
use crate::args::{Connect, Disconnect, Format};
use crate::failure::Failure;
use crate::output::{print, print_json, table};
use crate::safe::safe;
use crate::words;

pub(crate) async fn connect(paths: &Paths, client: &Client, options: Connect) -> Result<(), Failure> {
    let connector = connector(paths, client).await?;
    let Some(named) = &options.app else { return list(&connector, options.format) };
    let app = named_app(named)?;
    let done = if options.dry_run {
        connector.preview_connect(app, options.replace)
    } else {
        connector.connect(app, options.replace, SystemClock.now()).await
    };
    let done = done.map_err(|error| refused(&error))?;
    if options.format.json {
        return print_json(&done);
    }
    let (name, app) = (safe(&done.app.name), &done.app);
    let text = match (done.steps.is_empty(), options.dry_run) {
        (true, _) => format!("{name} is connected already.\n"),
        (false, true) => {
            // Said while there is a choice: of both ways, the edit is the one that can be undone.
            let link =
                app.link.as_ref().map(|link| format!("Or open this address, and {name} asks:\n  {link}\n"));
            format!(
                "This would connect {name}:\n{}{}{}",
                steps(&done),
                quit_first(&done),
                link.unwrap_or_default()
            )
        }
        (false, false) => format!("Connected {name}.\n{}{}", steps(&done), sign_in(app)),
    };
    print(&text)
}

pub(crate) async fn disconnect(paths: &Paths, client: &Client, options: Disconnect) -> Result<(), Failure> {
    let connector = connector(paths, client).await?;
    let apps = match &options.app {
        Some(named) => vec![named_app(named)?],
        // Whoever has an address of a bridge elsewhere keeps it.
        None => connector.entered(paths.home.is_none()).collect(),
    };
    let mut all = Vec::new();
    let mut failed = Vec::new();
    for app in apps {
        let done = if options.dry_run {
            connector.preview_disconnect(app)
        } else {
            connector.disconnect(app, SystemClock.now()).await
        };
        match done {
            Ok(done) => all.push(done),
            Err(error) => failed.push(words::sentence(&error)),
        }
    }
    // What was done is said even if the rest was not.
    if options.format.json {
        match (options.all, all.as_slice()) {
            (false, [done]) => print_json(done)?,
            (false, _) => {}
            (true, all) => print_json(&all)?,
        }
    } else if options.all && all.is_empty() && failed.is_empty() {
        print("The bridge is in no app.\n")?;
    } else {
        all.iter().try_for_each(|done| print(&disconnected(done, options.dry_run)))?;
    }
    if failed.is_empty() { Ok(()) } else { Err(Failure::Failed(failed.join("\n"))) }
}

fn disconnected(done: &ConnectSteps, is_only_shown: bool) -> String {
    let name = safe(&done.app.name);
    match (done.steps.is_empty(), is_only_shown) {
        (true, _) => format!("{name} is not connected.\n"),
        (false, true) => {
            format!("This would disconnect {name}:\n{}{}", steps(done), quit_first(done))
        }
        (false, false) => format!(
            "Disconnected {name}.\n{}What it was allowed stays; to take that back: jean-bridge revoke NAME\n",
            steps(done)
        ),
    }
}

fn list(connector: &Connector, format: Format) -> Result<(), Failure> {
    let apps = connector.apps();
    if format.json {
        return print_json(&apps);
    }
    let row = |app: &ConnectView| [safe(&app.name), state(app), safe(&app.id)];
    let (there, missing): (Vec<_>, Vec<_>) = apps.iter().partition(|app| app.state != ConnectState::NotFound);
    if there.is_empty() {
        return print(
            "No app that is known here is installed. `jean-bridge connect --json` lists those that are known.\n",
        );
    }
    let rows: Vec<_> = there.into_iter().map(row).collect();
    let missing: Vec<_> = missing.iter().map(|app| app.name.as_str()).collect();
    let missing =
        if missing.is_empty() { String::new() } else { format!("\nNot installed: {}\n", missing.join(", ")) };
    print(&format!("{}{missing}", table(["APP", "STATE", "CONNECT WITH"], &rows)))
}

async fn connector(paths: &Paths, client: &Client) -> Result<Connector, Failure> {
    let surroundings =
        Surroundings::of_process().ok_or_else(|| Failure::Failed("There is no home directory.".into()))?;
    // An app must not be told of a place that is gone tomorrow.
    let adapter = Some(adapter()?).filter(|program| stays(program));
    Ok(Connector::new(surroundings, &paths.data_dir, &address(paths, client).await?, adapter))
}

/// Where the bridge is; where it would be, if it does not run.
async fn address(paths: &Paths, client: &Client) -> Result<String, Failure> {
    match client.status().await {
        Ok(status) => return Ok(status.url),
        Err(ClientError::NotRunning) => {}
        Err(error) => return Err(error.into()),
    }
    let config = Config::load(paths, &process_environment).map_err(Failure::sentence)?;
    if config.port == 0 {
        return Err(Failure::Failed(
            "The bridge does not run, and its port is any free one. Start it, or set a port.".into(),
        ));
    }
    Ok(Origin::canonical(config.port).to_string())
}

/// The adapter that apps start: this program.
pub(crate) fn adapter() -> Result<PathBuf, Failure> {
    program_file::path().map_err(Failure::sentence)
}

fn named_app(named: &str) -> Result<&'static App, Failure> {
    find(named).ok_or_else(|| {
        let known: Vec<_> = APPS.iter().map(|app| app.id).collect();
        Failure::Failed(format!("There is no app \"{}\" here. Known are: {}.", safe(named), known.join(", ")))
    })
}

fn refused(error: &ConnectError) -> Failure {
    let text = words::sentence(error);
    let is_taken = matches!(error, ConnectError::Taken { .. });
    Failure::Failed(if is_taken { format!("{text} To replace it, add --replace.") } else { text })
}
