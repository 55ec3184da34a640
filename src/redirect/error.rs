//! Names that nothing can be redirected to.

use std::fmt;

/// Why a [`Redirect`](super::Redirect) cannot be made of these names.
///
/// ```
/// use oneport::{Redirect, RedirectError};
///
/// let error = Redirect::to_host("example.com:443").unwrap_err();
/// assert_eq!(error, RedirectError::WithPort("example.com:443".to_owned()));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RedirectError {
    /// An empty list of names.
    NoNames,
    /// Neither a DNS name nor an IP address.
    NotAHost(String),
    /// A wildcard where one host has to be named.
    Wildcard(String),
    /// A name with a port: that is set by [`Redirect::port`](super::Redirect::port).
    WithPort(String),
}

impl fmt::Display for RedirectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoNames => f.write_str("no name to redirect to: give at least one"),
            Self::NotAHost(name) => write!(
                f,
                "{name:?} is no host: give a DNS name such as example.com, or an IP address"
            ),
            Self::Wildcard(name) => write!(
                f,
                "{name:?} names many hosts: give one, or redirect to the matching ones"
            ),
            Self::WithPort(name) => {
                write!(
                    f,
                    "{name:?} has a port: give the name alone, and the port apart from it"
                )
            }
        }
    }
}

impl std::error::Error for RedirectError {}
