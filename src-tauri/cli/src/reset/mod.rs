//! `reset`: everything that the bridge has made goes, after it was shown and allowed.

mod text;

use std::io::{IsTerminal, stdin, stdout};

use bridge_core::clock::{Clock, SystemClock};
use bridge_core::config::{Config, process_environment};
use bridge_core::connect::{Connector, Surroundings};
use bridge_core::control::{Client, ClientError};
use bridge_core::origin::Origin;
use bridge_core::paths::Paths;
use bridge_core::reset::{Reset, ResetError};
use bridge_core::vault::Vault;
use bridge_core::view::{ResetPlan, StatusView};
use secrecy::ExposeSecret;

use crate::args;
use crate::connect::adapter;
use crate::failure::Failure;
use crate::output::{print, print_json};
use crate::terminal::Terminal;
use crate::words;

pub(crate) async fn run(paths: &Paths, client: &Client, options: &args::Reset) -> Result<(), Failure> {
    let is_asked = !options.yes && !options.dry_run;
    if is_asked && (options.format.json || !stdin().is_terminal() || !stdout().is_terminal()) {
        return Err(Failure::Usage(
            "Nobody can be asked here. Look with --dry-run, then add --yes to remove everything.".into(),
        ));
    }
    let running = match client.status().await {
        Ok(status) => Some(status),
        Err(ClientError::NotRunning) => None,
        Err(error) => return Err(error.into()),
    };
    let reset = reset(paths, running.as_ref(), options.keep_apps)?;
    let plan = reset.plan().await;
    if options.dry_run {
        return if options.format.json {
            print_json(&plan)
        } else {
            print(&text::plan(&plan, running.as_ref(), true))
        };
    }
    if plan.is_empty() && running.is_none() && !options.format.json {
        return print(&text::plan(&plan, None, true));
    }
    if is_asked {
        ask(&plan, running.as_ref()).await?;
    }
    let freed = reset.free_apps(SystemClock.now()).await.map_err(|error| refused(&error))?;
    match client.end().await {
        Ok(()) | Err(ClientError::NotRunning | ClientError::Lost) => {}
        Err(error) => return Err(error.into()),
    }
    let lock = reset.lock(running.map(|status| status.pid)).await.map_err(|error| refused(&error))?;
    let outcome = reset.remove(lock, freed).await.map_err(|error| refused(&error))?;
    if options.format.json {
        print_json(&outcome)?;
    } else {
        print(&text::outcome(&outcome))?;
    }
    if outcome.is_complete() {
        Ok(())
    } else {
        Err(Failure::Failed("Not everything could be removed.".into()))
    }
}

fn reset(paths: &Paths, running: Option<&StatusView>, keeps_apps: bool) -> Result<Reset, Failure> {
    // A configuration that cannot be read is one more reason to begin anew, so it is none to stop here.
    let port =
        || Config::load(paths, &process_environment).ok().map(|config| config.port).filter(|port| *port != 0);
    let url =
        running.map(|status| status.url.clone()).or_else(|| Some(Origin::canonical(port()?).to_string()));
    // Another bridge of this person may use the same address while this one does not run.
    let owns_address = url.is_some() && (running.is_some() || paths.home.is_none());
    let connector = match Surroundings::of_process().filter(|_| !keeps_apps) {
        Some(surroundings) => {
            Some(Connector::new(surroundings, &paths.data_dir, &url.unwrap_or_default(), Some(adapter()?)))
        }
        None => None,
    };
    Ok(Reset::new(paths.clone(), Vault::os(&paths.keychain_service), connector, owns_address))
}

async fn ask(plan: &ResetPlan, running: Option<&StatusView>) -> Result<(), Failure> {
    let mut terminal = Terminal::open();
    let prompt =
        format!("{}Remove all of this? It cannot be undone. [y/N] ", text::plan(plan, running, false));
    let line = terminal.line(&prompt).await;
    let is_yes =
        line.is_some_and(|line| matches!(line.expose_secret().trim().to_lowercase().as_str(), "y" | "yes"));
    if is_yes { Ok(()) } else { Err(Failure::Failed("Nothing was removed.".into())) }
}

fn refused(error: &ResetError) -> Failure {
    Failure::Failed(match error {
        ResetError::Apps(apps) => {
            let reasons = apps.iter().filter_map(|app| app.blocked.as_ref()).map(words::sentence);
            let reasons: Vec<_> = reasons.collect();
            format!(
                "{} Nothing else was removed. To leave the apps as they are, add --keep-apps.",
                reasons.join(" ")
            )
        }
        ResetError::Keychain(trouble) => trouble.sentence().to_owned(),
        ResetError::Lock(_) => words::sentence(error),
    })
}
