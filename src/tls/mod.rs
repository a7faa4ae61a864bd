//! TLS: whose certificates are believed. Everything that speaks TLS asks here: providers, calendars, webhooks, the
//! heartbeat, mail, PostgreSQL.
//!
//! A server is believed when an authority vouches for it under its name. A certificate that stands in the file of
//! authorities itself is believed as it is: who put it there knows the server, whatever name it bears, and even if it is
//! marked as an authority, as `openssl req -x509` marks those that it makes. It has to be in date.
//!
//! What nobody vouches for is told with its fingerprint, and with the key of the config that would make it believed. No
//! host is part of an error, since an address may be a password.

mod words;

use crate::model::{Authorities, Trust, hex, printable};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::{WebPkiSupportedAlgorithms, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, OtherError, RootCertStore, SignatureScheme};
use std::path::Path;
use std::sync::Arc;
use words::Unknown;

pub(crate) use words::words;

/// A client that believes these.
///
/// # Errors
/// The file or the system's store cannot be read, in words.
pub(crate) fn client(trust: &Trust) -> Result<Arc<ClientConfig>, String> {
    client_by(Some(Verifier::new(trust)?)).map(Arc::new)
}

/// A client that believes whoever answers.
#[cfg(feature = "postgres")]
pub(crate) fn client_of_anybody() -> Result<ClientConfig, String> {
    client_by(None)
}

fn client_by(verifier: Option<Verifier>) -> Result<ClientConfig, String> {
    let provider = Arc::new(ring::default_provider());
    let judge = Arc::new(Judge { verifier, algorithms: provider.signature_verification_algorithms });
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder = builder.map_err(|error| error.to_string())?;
    Ok(builder.dangerous().with_custom_certificate_verifier(judge).with_no_client_auth())
}

/// Judges servers.
#[derive(Debug)]
pub(crate) struct Verifier {
    trust: Trust,
    roots: RootCertStore,
    /// The certificates of the file, or of the system.
    known: Vec<CertificateDer<'static>>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl Verifier {
    /// Reads who is believed.
    pub(crate) fn new(trust: &Trust) -> Result<Self, String> {
        let (mut roots, mut known) = (RootCertStore::empty(), Vec::new());
        match &trust.authorities {
            Authorities::BuiltIn => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
            Authorities::System => known = of_system(&mut roots)?,
            Authorities::File(file) => {
                let name = printable(&file.to_string_lossy());
                known = of_file(file, &mut roots)
                    .map_err(|why| format!("the certificates in {name} cannot be read: {why}"))?;
            }
        }
        Ok(Self {
            trust: trust.clone(),
            roots,
            known,
            algorithms: ring::default_provider().signature_verification_algorithms,
        })
    }

    /// Is the server that showed this chain, its own certificate first, the one with this name or IP address?
    /// Otherwise says why not.
    pub(crate) fn judge(&self, chain: &[Vec<u8>], host: &str) -> Result<(), String> {
        let chain: Vec<CertificateDer<'_>> = chain.iter().map(|der| CertificateDer::from(der.as_slice())).collect();
        let [own, others @ ..] = chain.as_slice() else { return Err("TLS: the server shows no certificate".into()) };
        let name = ServerName::try_from(host).map_err(|_| "TLS: no certificate has such a name")?;
        let checked = self.check(own, others, &name, UnixTime::now());
        checked.map_err(|error| words(&error).unwrap_or_default())
    }

    fn check(
        &self,
        own: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        now: UnixTime,
    ) -> Result<(), rustls::Error> {
        let certificate = ParsedCertificate::try_from(own)?;
        let signed =
            |roots| verify_server_cert_signed_by_trust_anchor(&certificate, roots, others, now, self.algorithms.all);
        let is_known = self.known.contains(own);
        match signed(&self.roots) {
            Err(error) if !is_unknown(&error) => return Err(error),
            Err(error) if !is_known => {
                let mut alone = RootCertStore::empty();
                let by_itself =
                    is_marked_as_authority(&error) || (alone.add(own.clone()).is_ok() && signed(&alone).is_ok());
                return Err(self.unknown(own, by_itself));
            }
            _ => {}
        }
        if is_known && matches!(self.trust.authorities, Authorities::File(_)) {
            return Ok(());
        }
        verify_server_name(&certificate, name)
    }

    fn unknown(&self, certificate: &CertificateDer<'_>, by_itself: bool) -> rustls::Error {
        let digest = ::ring::digest::digest(&::ring::digest::SHA256, certificate);
        let pairs: Vec<String> = digest.as_ref().iter().map(|byte| hex(&[*byte]).to_uppercase()).collect();
        let unknown = Unknown { by_itself, fingerprint: pairs.join(":"), key: self.trust.key };
        CertificateError::Other(OtherError(Arc::new(unknown))).into()
    }
}

/// What a client asks about a server: that it has the key to what it shows, and whether it is believed.
#[derive(Debug)]
struct Judge {
    /// `None`: whoever it is.
    verifier: Option<Verifier>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl ServerCertVerifier for Judge {
    fn verify_server_cert(
        &self,
        own: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        _: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let checked = self.verifier.as_ref().map_or(Ok(()), |verifier| verifier.check(own, others, name, now));
        checked.map(|()| ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signature, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signature, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

fn of_file(file: &Path, roots: &mut RootCertStore) -> Result<Vec<CertificateDer<'static>>, String> {
    let pem = std::fs::read(file).map_err(|error| error.to_string())?;
    let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    let all = all.map_err(|_| "it is not PEM".to_owned())?;
    for certificate in &all {
        roots.add(certificate.clone()).map_err(|_| "what is in it is not a certificate".to_owned())?;
    }
    if all.is_empty() { Err("it holds none".into()) } else { Ok(all) }
}

/// What cannot be read among hundreds is passed by, as every program does.
fn of_system(roots: &mut RootCertStore) -> Result<Vec<CertificateDer<'static>>, String> {
    let found = rustls_native_certs::load_native_certs();
    roots.add_parsable_certificates(found.certs.iter().cloned());
    if roots.is_empty() {
        let why = found.errors.first().map(|error| format!(": {}", printable(&error.to_string()))).unwrap_or_default();
        return Err(format!("the system has no certificates of authorities (trust = \"system\"){why}"));
    }
    Ok(found.certs)
}

/// Does the chain lead to nobody who is believed? Not to one that only has the name of one who is, either.
fn is_unknown(error: &rustls::Error) -> bool {
    use CertificateError::{BadSignature, UnknownIssuer};
    let unknown = matches!(error, rustls::Error::InvalidCertificate(UnknownIssuer | BadSignature));
    unknown || is_marked_as_authority(error)
}

/// Is it an authority's certificate, which no server should show? Self-made ones often are. The error behind is of a crate
/// that rustls does not show.
fn is_marked_as_authority(error: &rustls::Error) -> bool {
    let rustls::Error::InvalidCertificate(CertificateError::Other(OtherError(why))) = error else { return false };
    why.to_string() == "CaUsedAsEndEntity"
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
    use std::io::Write as _;
    use tempfile::NamedTempFile;

    const KEY: &str = "`ca_file` under [calendar]";

    /// The certificate of a server made by itself, for these names.
    fn by_itself(names: &[&str], change: impl FnOnce(&mut CertificateParams)) -> CertificateDer<'static> {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names).unwrap();
        change(&mut params);
        params.self_signed(&KeyPair::generate().unwrap()).unwrap().der().clone()
    }

    fn as_authority(params: &mut CertificateParams) {
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    }

    fn pem(certificates: &[&CertificateDer<'_>]) -> NamedTempFile {
        let mut file = NamedTempFile::new().unwrap();
        for certificate in certificates {
            let text = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, certificate);
            write!(file, "-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n").unwrap();
        }
        file
    }

    fn judged(authorities: Authorities, own: &CertificateDer<'_>, host: &str) -> Result<(), String> {
        let verifier = Verifier::new(&Trust::new(authorities, KEY)).unwrap();
        verifier.judge(&[own.to_vec()], host)
    }

    #[test]
    fn a_certificate_in_the_file_is_believed_whatever_it_says_of_itself() {
        for own in [
            by_itself(&["nas.example"], |_| {}),
            by_itself(&["nas.example"], as_authority),
            by_itself(&[], as_authority),
            by_itself(&["synology"], |_| {}),
        ] {
            let file = pem(&[&own]);
            let in_file = Authorities::File(file.path().to_owned());
            assert_eq!(judged(in_file.clone(), &own, "nas.example"), Ok(()));
            let other = by_itself(&["nas.example"], as_authority);
            assert!(judged(in_file, &other, "nas.example").unwrap_err().contains("signed by itself (SHA-256 "));
        }
    }

    #[test]
    fn what_an_authority_of_the_file_has_signed_is_believed_under_its_own_name_alone() {
        let mut params = CertificateParams::default();
        as_authority(&mut params);
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let names = CertificateParams::new(["nas.example".to_owned()]).unwrap();
        let own = names.signed_by(&KeyPair::generate().unwrap(), &authority).unwrap().der().clone();
        let (file, of_leaf) = (pem(&[authority.der()]), pem(&[&own]));
        let in_file = || Authorities::File(file.path().to_owned());
        assert_eq!(judged(in_file(), &own, "nas.example"), Ok(()));
        let other = "TLS: the server's certificate is for another name";
        assert_eq!(judged(in_file(), &own, "secret.example"), Err(other.into()));
        assert_eq!(judged(Authorities::File(of_leaf.path().to_owned()), &own, "192.0.2.1"), Ok(()));
        let unknown = judged(Authorities::BuiltIn, &own, "nas.example").unwrap_err();
        assert!(
            unknown.starts_with("TLS: the server's certificate is from an authority that is not trusted (SHA-256 ")
        );
    }

    #[test]
    fn a_certificate_that_has_expired_is_not_believed_even_from_the_file() {
        let own = by_itself(&["nas.example"], |params| {
            as_authority(params);
            (params.not_before, params.not_after) = (date_time_ymd(1999, 1, 1), date_time_ymd(2000, 1, 1));
        });
        let file = pem(&[&own]);
        let expired = "TLS: the server's certificate has expired";
        assert_eq!(judged(Authorities::File(file.path().to_owned()), &own, "nas.example"), Err(expired.into()));
    }

    #[test]
    fn the_fingerprint_and_the_key_that_makes_a_server_trusted_are_told() {
        let own = by_itself(&["nas.example"], |_| {});
        let told = judged(Authorities::BuiltIn, &own, "nas.example").unwrap_err();
        let digest = ::ring::digest::digest(&::ring::digest::SHA256, &own);
        let pairs: Vec<String> = digest.as_ref().iter().map(|byte| format!("{byte:02X}")).collect();
        assert_eq!(
            told,
            format!(
                "TLS: the server's certificate is signed by itself (SHA-256 {}); if this is your server's, write it into a PEM \
                 file and name that with `ca_file` under [calendar]",
                pairs.join(":")
            )
        );
    }

    #[test]
    fn a_file_without_certificates_is_told() {
        let why = |file: &Path| Verifier::new(&Trust::new(Authorities::File(file.to_owned()), KEY)).unwrap_err();
        let empty = NamedTempFile::new().unwrap();
        assert!(why(empty.path()).ends_with(" cannot be read: it holds none"), "{}", why(empty.path()));
        let missing = "the certificates in /nowhere cannot be read: No such file or directory (os error 2)";
        assert_eq!(why(Path::new("/nowhere")), missing);
        let mut broken = NamedTempFile::new().unwrap();
        broken.write_all(b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n").unwrap();
        assert!(why(broken.path()).ends_with("what is in it is not a certificate"));
    }
}
