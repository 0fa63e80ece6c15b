//! Asking the windows to come to the front, as a second launch of the app does.

use tokio::sync::watch;

use super::Bridge;
use crate::consent::Front;

/// There is no window to show: this bridge asks at a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the bridge runs without windows")]
pub struct NoWindow;

impl Bridge {
    /// Grows when somebody wants to see the main window.
    #[must_use]
    pub fn window_wanted(&self) -> watch::Receiver<u64> {
        self.window_wanted.subscribe()
    }

    /// Asks for the main window.
    ///
    /// # Errors
    /// [`NoWindow`].
    pub fn show_window(&self) -> Result<(), NoWindow> {
        match self.front {
            Front::Windows => {
                tracing::info!("another launch asks for the window");
                self.window_wanted.send_modify(|count| *count += 1);
                Ok(())
            }
            Front::Terminal => Err(NoWindow),
        }
    }
}
