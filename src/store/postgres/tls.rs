//! TLS to the server.

use super::server::Tls;
use crate::tls::{client, client_of_anybody};
use tokio_postgres_rustls::MakeRustlsConnect;

/// `None`: without TLS. Otherwise why not, in words.
pub(super) fn connector(tls: &Tls) -> Result<Option<MakeRustlsConnect>, String> {
    let config = match tls {
        Tls::Off => return Ok(None),
        // `sslmode=require`: encrypted, to whoever answers.
        Tls::Unverified => client_of_anybody()?,
        Tls::Full(trust) => client(trust)?.as_ref().clone(),
    };
    Ok(Some(MakeRustlsConnect::new(config)))
}
