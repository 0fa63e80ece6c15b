//! Pages by themselves: what the scripts of the windows compute, and how the pages of the browser look.

mod browser;
mod charts;
mod scripts;
