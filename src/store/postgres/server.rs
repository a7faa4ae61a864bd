//! Where the server is, and how the connection is protected.

use crate::model::Trust;
use secrecy::SecretString;
use std::path::PathBuf;

/// The server, and how to speak to it.
#[derive(Debug, Clone)]
pub struct Server {
    /// `postgres://…`, without `sslmode`: what this build's driver understands.
    pub url: SecretString,
    /// Is the connection encrypted, and to whom?
    pub tls: Tls,
    /// Host and database, for messages.
    pub name: String,
    /// What the paths of this host's files begin with; `None`: there is no place for them here.
    pub beside: Option<PathBuf>,
}

/// How the connection is protected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tls {
    /// Not at all: for a server on this host.
    Off,
    /// Encrypted, to whoever answers.
    Unverified,
    /// Encrypted, to a server that is believed.
    Full(Trust),
}
