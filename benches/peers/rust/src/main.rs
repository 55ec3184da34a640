//! The Rust servers that are compared, and the generator of their load.
//!
//! `peers prepare DIR` makes what all servers share: a certificate with its key,
//! and the file for large bodies.
//! `peers serve SERVER DIR` prints its address, and ends with its standard input.
//! `peers load DIR` takes workloads from its standard input: see `load`.

mod app;
mod load;
mod prepare;
mod servers;
mod tls;

type Result<T = ()> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

fn main() -> Result {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["prepare", directory] => prepare::files(directory.as_ref()),
        ["serve", server, directory] => on_one_thread(servers::run(server, directory.as_ref())),
        ["load", directory] => on_one_thread(load::run(directory.as_ref())),
        _ => Err("prepare DIR, serve SERVER DIR, or load DIR".into()),
    }
}

fn on_one_thread(work: impl Future<Output = Result>) -> Result {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(work)
}
