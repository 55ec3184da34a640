//! What makes two lines the same, and the line of the repeated ones.

use std::fmt;
use std::net::IpAddr;

use super::Spoke;
#[cfg(feature = "serve")]
use super::words::Words;
use crate::credentials::Credentials;
use crate::mismatch::Mismatch;
use crate::peer::Peer;

/// What makes two lines the same: not the port.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct Line {
    pub(super) from: From,
    pub(super) says: Says,
}

/// Nothing that clients can vary at will.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) enum Says {
    /// A refused request carried these in the clear.
    Credentials(Credentials),
    /// A limit fired, or something else went wrong before there was a request.
    #[cfg(feature = "serve")]
    Failed(Words),
    Refused(Spoke, Mismatch),
    /// One of so many that they are not told apart.
    Several(Sort),
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Sort {
    Credentials,
    #[cfg(feature = "serve")]
    Failed,
    Refused,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum From {
    /// One of so many that they are not told apart.
    Anybody,
    Ip(IpAddr),
    Unix,
}

impl Line {
    /// What it counts as when there is no room for it.
    pub(super) fn on_top(self) -> Self {
        let sort = match self.says {
            Says::Credentials(_) => Sort::Credentials,
            #[cfg(feature = "serve")]
            Says::Failed(_) => Sort::Failed,
            Says::Refused(..) => Sort::Refused,
            Says::Several(sort) => sort,
        };
        Self {
            from: From::Anybody,
            says: Says::Several(sort),
        }
    }
}

impl fmt::Display for From {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Anybody => f.write_str("many addresses"),
            Self::Ip(ip) => ip.fmt(f),
            Self::Unix => Peer::Unix.fmt(f),
        }
    }
}
