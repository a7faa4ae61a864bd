//! The login at the mail server, and what of it must never be shown.

use super::classify::not_sent;
use crate::config::Login;
use crate::model::{NotSentCause, Outcome};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret as _, SecretString};

/// Who we are, with the password.
pub(super) struct Credentials {
    pub(super) user: String,
    pub(super) password: SecretString,
}

impl Credentials {
    /// Those of the config; the password is read now.
    pub(super) fn fetch(login: &Login) -> Result<Self, Outcome> {
        let password = login.password.fetch_line().map_err(|why| {
            let why = format!("no password comes from `{}`: {why}", login.password.key());
            not_sent(NotSentCause::Locked, &why)
        })?;
        Ok(Self { user: login.user.clone(), password })
    }

    /// Every form in which a login travels (RFC 4616, and `AUTH LOGIN`).
    pub(super) fn secrets(&self) -> Vec<String> {
        let password = self.password.expose_secret();
        let plain = STANDARD.encode(format!("\0{}\0{password}", self.user));
        vec![plain, STANDARD.encode(password), password.to_owned()]
    }
}
