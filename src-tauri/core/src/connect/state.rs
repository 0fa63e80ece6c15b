//! What one file of an app says about this bridge.

use super::error::ConnectError;
use crate::view::{ConnectState, EntryChange};

/// What one file says, if it can be read.
#[derive(Debug)]
pub(super) enum FileState {
    Connected,
    Found,
    Changed(EntryChange),
    Wiped,
    Unreadable(ConnectError),
}

impl FileState {
    pub(super) fn state(&self) -> ConnectState {
        match self {
            Self::Connected => ConnectState::Connected,
            Self::Found => ConnectState::Found,
            Self::Changed(_) => ConnectState::Changed,
            Self::Wiped => ConnectState::Wiped,
            Self::Unreadable(_) => ConnectState::Unreadable,
        }
    }

    pub(super) fn change(&self) -> Option<EntryChange> {
        match self {
            Self::Changed(change) => Some(*change),
            Self::Connected | Self::Found | Self::Wiped | Self::Unreadable(_) => None,
        }
    }

    pub(super) fn reason(&self) -> Option<String> {
        match self {
            Self::Unreadable(error) => Some(error.to_string()),
            Self::Connected | Self::Found | Self::Changed(_) | Self::Wiped => None,
        }
    }
}
