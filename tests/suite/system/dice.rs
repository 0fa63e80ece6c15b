//! Random choices that can be made again: a generator with a seed that a failing test prints.

/// Runs a test again with the choices of a run that failed.
const SEED: &str = "BRIDGE_TESTS_SEED";

/// `SplitMix64` (Steele, Lea, Flood 2014): small, and good enough to choose moments.
pub(crate) struct Dice(u64);

impl Dice {
    /// With the seed of the environment, or a new one; printed, which a passing test hides.
    #[expect(clippy::disallowed_methods, reason = "not for the programs under test")]
    pub(crate) fn new() -> Self {
        let given = std::env::var(SEED).ok().map(|seed| seed.parse().expect("a number"));
        let seed = given.unwrap_or_else(|| getrandom::u64().expect("randomness"));
        println!("the choices of this run come back with {SEED}={seed}");
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// One of `0..sides`.
    pub(crate) fn below(&mut self, sides: u64) -> u64 {
        self.next() % sides
    }
}
