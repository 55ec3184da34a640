//! `bench-scale` with the allocator that the features name, else the system's.

#[path = "../../support/scale.rs"]
mod scale;

#[cfg(feature = "jemalloc")]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

#[cfg(feature = "mimalloc")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> scale::Result {
    scale::main()
}
