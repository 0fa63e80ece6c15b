//! What breaks around the bridge: clocks, networks, keychains, sleep, a day and its hours. Nobody has to sign in again,
//! nothing sticks, and no memory is written twice. Killed processes and full disks are in `system`.

mod apps;
mod clocks;
mod coming_and_going;
mod day;
mod flapping;
mod keychain;
mod phases;
mod sleeping;
mod wire;
mod world;
