//! The sandbox as the bridge sees it: through its router.

mod answers;
mod documents;
mod door;
mod file;
mod memories;
mod messages;
