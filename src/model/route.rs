//! How a server is reached, as the config says it.

use std::fmt;
use std::path::PathBuf;

/// Whose certificates are believed, and where connections go through.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Route {
    /// Whose certificates are believed.
    pub trust: Trust,
    /// The address of a proxy, which may hold its password. Never taken from the environment, since cron's differs.
    pub proxy: Option<String>,
}

/// Whose certificates are believed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Trust {
    /// Who vouches for a server.
    pub authorities: Authorities,
    /// The key of the config that names a file of others, for messages: "`ca_file` under `[calendar]`".
    pub key: &'static str,
}

/// Who vouches for a server.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub enum Authorities {
    /// The authorities that browsers believe, as they were when savehub was built.
    #[default]
    BuiltIn,
    /// The system's store of certificates, or what `SSL_CERT_FILE` and `SSL_CERT_DIR` name.
    System,
    /// Those of this PEM file alone. A server's own certificate may stand there, too.
    File(PathBuf),
}

impl Trust {
    /// In these, with the key that names others.
    pub const fn new(authorities: Authorities, key: &'static str) -> Self {
        Self { authorities, key }
    }

    /// In the built-in authorities.
    pub const fn built_in(key: &'static str) -> Self {
        Self::new(Authorities::BuiltIn, key)
    }
}

impl Route {
    /// Without a proxy.
    pub const fn direct(trust: Trust) -> Self {
        Self { trust, proxy: None }
    }
}

impl fmt::Debug for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Route").field("trust", &self.trust).field("proxied", &self.proxy.is_some()).finish()
    }
}
