//! The property of the target `rewind`, for its seeds.
#![allow(dead_code, missing_debug_implementations, unreachable_pub)]

#[path = "../properties/input.rs"]
mod input;
#[path = "../properties/rewind.rs"]
mod rewind;
#[path = "../properties/runtime.rs"]
mod runtime;
#[path = "../properties/wire.rs"]
mod wire;

#[test]
fn every_cut_is_the_identity() {
    let seeds = std::fs::read_dir("../seeds/rewind").unwrap();
    for seed in seeds {
        let mut seed = std::fs::read(seed.unwrap().path()).unwrap();
        // Miri is a thousand times slower: of a long input the end, where the choices are.
        let long = seed.len().saturating_sub(2048);
        seed.drain(..long);
        rewind::check(&seed);
    }
}
