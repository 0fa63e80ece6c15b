//! The real tray app on a throw-away desktop, and what clients get of what a person does there.

mod life;
