//! One short message to a secret address: it tells a watcher that we are alive.
//!
//! No redirect is followed, since it would lead the secret to where nobody sent it. Nothing of the address or of the answer
//! is part of an error.

use super::address::Login;
use super::get::words;
use super::{Address, Connections, Names};
use crate::model::Route;
use std::time::Duration;
use ureq::{Agent, Error};

/// The longest head of an answer, in bytes.
const HEAD_MAX: usize = 32 * 1024;

/// Posts a text, or with none asks with GET, and gives the status of the answer. `within` is for everything: name,
/// connection, answer.
pub(crate) fn ping(to: &Address, text: Option<&str>, route: &Route, within: Duration) -> Result<u16, String> {
    let names = Names::of_system();
    let connections = Connections::new(route, within, &names).map_err(|why| why.to_string())?;
    let config = Agent::config_builder()
        .max_redirects(0)
        .max_redirects_will_error(false)
        .http_status_as_error(false)
        .max_response_header_size(HEAD_MAX)
        .input_buffer_size(2 * HEAD_MAX)
        .timeout_global(Some(within))
        .user_agent(concat!("savehub/", env!("CARGO_PKG_VERSION")))
        .proxy(connections.proxy())
        .build();
    let agent = Agent::with_parts(config, connections.connector(), names);
    let login = to.login().map(Login::plain);
    let answer = match text {
        None => login.iter().fold(agent.get(to.uri()), |r, login| r.header("Authorization", login)).call(),
        Some(text) => {
            let post = agent.post(to.uri()).header("Content-Type", "text/plain; charset=utf-8");
            login.iter().fold(post, |r, login| r.header("Authorization", login)).send(text)
        }
    };
    match answer {
        Ok(answer) => Ok(answer.status().as_u16()),
        Err(Error::Http(_)) => Err("the request cannot be written".into()),
        Err(error) => Err(words(&error, within)),
    }
}
