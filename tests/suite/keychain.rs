//! The vault against a real gnome-keyring.
