//! The limits that this process asks the system for: its memory, which holds keys, is written nowhere and read by
//! nobody, and it may open as many files as it promises to serve connections.
//!
//! What the system refuses it goes without: both are a second line.

/// Open files: what is promised to clients (`http/serve.rs`), as many again for what they cause, and room to spare.
/// Some systems begin with 256.
#[cfg(unix)]
const FILES: u64 = 4096;

/// No core file, no debugger and no look into the memory for another program of the same user; to be asked for before
/// there is a secret. What this process starts has its own memory, but leaves no core file either, unless it asks to.
pub fn keep_memory_private() {
    #[cfg(unix)]
    leave_no_core_file();
    // prctl(2): neither a core file, nor ptrace, nor /proc/PID/mem, whatever the limit says or a crash handler wants.
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
}

/// As many open files as a bridge may need, where the system gives them.
pub fn allow_many_files() {
    #[cfg(unix)]
    raise_the_limit_on_files();
}

/// The soft limit only: what is started from here, such as a browser, may decide for itself.
#[cfg(unix)]
fn leave_no_core_file() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let maximum = getrlimit(Resource::Core).maximum;
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum });
}

#[cfg(unix)]
fn raise_the_limit_on_files() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let wanted = maximum.map_or(FILES, |maximum| maximum.min(FILES));
    // None is without a limit.
    if current.is_some_and(|current| current < wanted) {
        let _ = setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum });
    }
}
