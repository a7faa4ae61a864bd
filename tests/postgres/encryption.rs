//! TLS and passwords.

use crate::cluster::{Cluster, cluster};
use crate::support::cli::{ANA, Cli};
use crate::support::{direct, in_file};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use savehub::store::postgres::{PostgresStore, Server, Tls};
use savehub::store::sqlite::Create;
use std::path::{Path, PathBuf};

/// Makes the server speak TLS with a certificate for this host name of an authority of its own, whose file this is; and ask
/// the user `guest` for the password `open sesame` there.
fn encrypt(cluster: &Cluster) -> PathBuf {
    let mut authority = CertificateParams::default();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap().signed_by(&key, &authority).unwrap();
    let put = |name: &str, text: &str| Cluster::put(&cluster.dir.join(name), text);
    put("server.crt", &certificate.pem());
    put("server.key", &key.serialize_pem());
    put("ca.crt", &authority.pem());
    let hba = cluster.dir.join("data/pg_hba.conf");
    let rest = std::fs::read_to_string(&hba).unwrap();
    Cluster::put(&hba, &format!("hostssl all guest 127.0.0.1/32 scram-sha-256\nhost all guest all reject\n{rest}"));
    let dir = cluster.dir.display();
    for statement in [
        "create role guest superuser login password 'open sesame'".to_owned(),
        format!("alter system set ssl_cert_file = '{dir}/server.crt'"),
        format!("alter system set ssl_key_file = '{dir}/server.key'"),
        "alter system set ssl = on".to_owned(),
        "select pg_reload_conf()".to_owned(),
    ] {
        cluster.sql("postgres", &statement);
    }
    while cluster.sql("postgres", "show ssl") != "on" {}
    cluster.dir.join("ca.crt")
}

fn open(url: &str, tls: Tls) -> Result<(), String> {
    let server = Server { url: url.to_owned().into(), tls, name: "the server".into(), beside: None };
    PostgresStore::open(server, Create::Yes).map(drop).map_err(|error| error.to_string())
}

#[test]
fn a_server_is_believed_for_its_certificate_and_a_user_for_the_password() {
    let Some(cluster) = cluster() else { return };
    let (ca, database) = (encrypt(cluster), cluster.database());
    let guest = database.url().replace("savehub@", "guest:open%20sesame@");
    let full = |file: &Path| Tls::Full(in_file(file));
    assert_eq!(open(&guest, full(&ca)), Ok(()));
    assert_eq!(open(&guest, Tls::Unverified), Ok(()));

    let unknown = open(&guest, Tls::Full(direct().trust)).unwrap_err();
    let words = "TLS: the server's certificate is from an authority that is not trusted (SHA-256 ";
    assert!(unknown.contains(words), "{unknown}");
    let other_name = open(&guest.replace("127.0.0.1", "localhost"), full(&ca)).unwrap_err();
    assert!(other_name.contains("TLS: the server's certificate is for another name"), "{other_name}");
    let open_wire = open(&guest, Tls::Off).unwrap_err();
    assert!(open_wire.contains("pg_hba.conf"), "{open_wire}");
    let wrong = open(&guest.replace("sesame", "canary"), full(&ca)).unwrap_err();
    assert!(wrong.contains("password authentication failed") && !wrong.contains("canary"), "{wrong}");
    let no_file = open(&guest, full(Path::new("/nonexistent/ca.pem"))).unwrap_err();
    assert!(no_file.contains("/nonexistent/ca.pem"), "{no_file}");
    copies(&database.url(), ca.to_str().unwrap());
}

/// A copy to a typed address goes by the same certificate, and says how a config names it.
fn copies(url: &str, ca: &str) {
    let cli = Cli::with(&format!("[call]\nprovider = \"mock\"\n{ANA}"));
    cli.ok(&["tick"]);
    let database = cli.database();
    let copy = |to: &str, more: &[&str]| {
        let from = ["db", "copy", "--from", database.to_str().unwrap(), "--to", to];
        cli.run(&[&from, more].concat())
    };
    let guest = copy(&url.replace("savehub@", "guest@"), &["--ca-file", ca]);
    assert!(guest.code == 3 && guest.err.contains("it asks for a password"), "{guest:?}");
    let unknown = copy(&format!("{url}?sslmode=verify-full"), &[]);
    assert!(unknown.code == 3 && unknown.err.contains("certificate"), "{unknown:?}");
    let ran = copy(url, &["--ca-file", ca]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{ran:?}");
    let lines = format!("  store = \"{url}\"\n  store_ca_file = \"{ca}\"\n");
    assert!(ran.out.contains(&lines), "{ran:?}");
}
