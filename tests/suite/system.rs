//! The whole bridge as a process: how it starts, what it survives, what it leaves behind, how it ends.

mod crash;
mod dice;
#[cfg(target_os = "linux")]
mod leaks;
