//! `quit`: the bridge that runs ends in good order, be it the app or `serve`. Installers begin with it, because files of a
//! program that runs cannot be replaced everywhere.

use bridge_core::control::{ClaimError, Client, ClientError, ended};
use bridge_core::paths::Paths;

use crate::failure::Failure;
use crate::output::print;

pub(crate) async fn run(paths: &Paths, client: &Client) -> Result<(), Failure> {
    let status = client.status().await?;
    match client.end().await {
        // Somebody else was faster.
        Ok(()) | Err(ClientError::NotRunning | ClientError::Lost) => {}
        Err(error) => return Err(error.into()),
    }
    let lock = match ended(paths, Some(status.pid)).await {
        Ok(lock) => lock,
        Err(ClaimError::AlreadyRunning) => {
            return Err(Failure::Failed("The bridge was asked to end, and has not yet. Try again.".into()));
        }
        Err(error) => return Err(Failure::sentence(error)),
    };
    // The next one may start.
    drop(lock);
    print("Ended.\n")
}
