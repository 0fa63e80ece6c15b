//! Where the person is asked.

/// Who asks the person; the browser's waiting page says where to answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Front {
    /// The app, in windows of its own.
    Windows,
    /// The terminal of `serve`, or `approve` in any other.
    Terminal,
}
