//! `store`: a PostgreSQL server in the place of the database file.

use crate::model::Trust;
use secrecy::SecretString;

/// A PostgreSQL database that several hosts share.
#[derive(Debug, Clone)]
pub struct PostgresConfig {
    /// `postgres://…`, without what stands in the other fields.
    pub url: SecretString,
    /// How the connection is protected.
    pub tls: PostgresTls,
    /// Host and database, for messages; neither user nor password.
    pub name: String,
}

/// How the connection to PostgreSQL is protected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PostgresTls {
    /// `disable`, and the default for a server on this host: not at all.
    Off,
    /// `require`: encrypted, to whoever answers.
    Unverified,
    /// `verify-full`, and the default elsewhere: encrypted, to a server that is believed.
    Full(Trust),
}
