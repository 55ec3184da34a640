//! A network that delays, loses and divides, around `serve` and `Acceptor`.
//!
//! It is turmoil's: simulated hosts and links on a simulated clock, with a seed
//! for what the network does. turmoil sends nothing twice: what a partition has
//! swallowed never comes, and what comes after it waits for it. That is how a
//! partition looks until TCP gives up. One that ends before is `hold`, then
//! `release`: all arrives, late.
#![allow(clippy::unwrap_used, clippy::large_futures)] // tests

#[path = "../in_memory/mod.rs"]
mod in_memory;
#[path = "../support/mod.rs"]
mod support;

mod acceptor;
mod crash;
mod deadlines;
mod drain;
mod good;
mod slots;
mod stuck;
mod weather;
mod world;
