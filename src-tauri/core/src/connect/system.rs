//! The operating systems.

/// An operating system, because apps differ in where they keep things on each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum System {
    /// macOS.
    MacOs,
    /// Linux, and what is like it.
    Linux,
    /// Windows.
    Windows,
}

impl System {
    /// The one this was built for.
    #[must_use]
    pub fn current() -> Self {
        match std::env::consts::OS {
            "macos" => Self::MacOs,
            "windows" => Self::Windows,
            _ => Self::Linux,
        }
    }
}
