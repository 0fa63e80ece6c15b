//! Whether the end of the terminal is meant to end this program: `nohup` says that it is not, and whoever listens to
//! SIGHUP anyway takes that back.

/// Whether whoever started this program wants it to outlive its terminal; to be asked before anybody listens.
#[must_use]
pub fn is_ignored() -> bool {
    // Elsewhere it cannot be asked without unsafe code, and the signal counts.
    std::fs::read_to_string("/proc/self/status").is_ok_and(|status| is_ignored_in(&status))
}

/// proc(5): the mask of ignored signals in hexadecimal; SIGHUP is 1, the lowest bit.
fn is_ignored_in(status: &str) -> bool {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u128::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask & 1 == 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lowest_bit_is_what_nohup_sets() {
        assert!(is_ignored_in("Name:\tx\nSigBlk:\t0000000000000001\nSigIgn:\t0000000000001001\n"));
        assert!(!is_ignored_in("SigBlk:\t0000000000000001\nSigIgn:\t0000000000001000\n"));
        assert!(!is_ignored_in("SigIgn:\tnonsense\n") && !is_ignored_in(""));
    }
}
