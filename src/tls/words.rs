//! Why there is no secure connection, without any part of the address.

use rustls::{CertificateError, OtherError};
use std::error::Error;
use std::{fmt, io};

/// Nobody vouches for a certificate.
#[derive(Debug)]
pub(super) struct Unknown {
    pub(super) by_itself: bool,
    /// As `openssl x509 -fingerprint -sha256` and browsers show it.
    pub(super) fingerprint: String,
    /// The key of the config that would make it believed.
    pub(super) key: &'static str,
}

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let by = if self.by_itself { "signed by itself" } else { "from an authority that is not trusted" };
        write!(
            f,
            "the server's certificate is {by} (SHA-256 {}); if this is your server's, write it into a PEM file and name that \
             with {}",
            self.fingerprint, self.key
        )
    }
}

impl Error for Unknown {}

/// Why there is no secure connection, where this or what caused it says so. rustls names the host in its own words.
pub(crate) fn words(error: &(dyn Error + 'static)) -> Option<String> {
    let mut next = Some(error);
    while let Some(error) = next {
        // What is in an io::Error is not among its sources.
        let inner = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        let error = inner.map_or(error, |inner| inner as &(dyn Error + 'static));
        if let Some(error) = error.downcast_ref() {
            return Some(format!("TLS: {}", told(error)));
        }
        next = error.source();
    }
    None
}

fn told(error: &rustls::Error) -> String {
    use CertificateError as C;
    let rustls::Error::InvalidCertificate(why) = error else { return "no secure connection with the server".into() };
    let told = match why {
        C::Other(OtherError(why)) if let Some(unknown) = why.downcast_ref::<Unknown>() => return unknown.to_string(),
        C::Expired | C::ExpiredContext { .. } => "the server's certificate has expired",
        C::NotValidYet | C::NotValidYetContext { .. } => {
            "the server's certificate is not valid yet; is this machine's clock right?"
        }
        C::NotValidForName | C::NotValidForNameContext { .. } => "the server's certificate is for another name",
        _ => "the server's certificate is of no use",
    };
    told.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_found_in_what_wraps_it() {
        let error: rustls::Error = CertificateError::Expired.into();
        let wrapped = io::Error::new(io::ErrorKind::InvalidData, error.clone());
        let expired = Some("TLS: the server's certificate has expired".to_owned());
        assert_eq!((words(&error), words(&wrapped)), (expired.clone(), expired));
        assert_eq!(words(&io::Error::from(io::ErrorKind::NotFound)), None);
        let alert = rustls::Error::AlertReceived(rustls::AlertDescription::HandshakeFailure);
        assert_eq!(words(&alert), Some("TLS: no secure connection with the server".into()));
    }
}
