//! The pages of the windows without their windows: what their scripts compute.

mod charts;
mod scripts;
