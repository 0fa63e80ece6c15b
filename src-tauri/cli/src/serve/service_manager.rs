//! What systemd is told (`sd_notify(3)`): when apps can be answered, where, and when the end has begun. Nobody listens
//! unless `NOTIFY_SOCKET` names a socket, and nothing here fails a start: a manager that is not told waits and says so.

use sd_notify::NotifyState;

/// Apps are answered from now on.
pub(super) fn tell_ready(url: &str) {
    tell(&[NotifyState::Ready, NotifyState::Status(&format!("listening on {url}"))]);
}

/// The end has begun.
pub(super) fn tell_stopping() {
    tell(&[NotifyState::Stopping, NotifyState::Status("ending")]);
}

fn tell(state: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(state) {
        tracing::debug!(%error, "the service manager was not told");
    }
}
