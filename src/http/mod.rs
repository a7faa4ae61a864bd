//! What everything that speaks HTTP shares: our sockets, names, dates, and how loud ureq may be; and how an address that
//! somebody else wrote is read.
//!
//! | file | answers |
//! |---|---|
//! | `connect`, `socket`, `secure`, `names` | how is a connection made? |
//! | `whole` | is a kept connection still good when a request leaves? |
//! | `dates` | what times stand in an answer? |
//! | `address` | where does an address, or a redirect from it, lead? |
//! | `logins`, `digest` | how does a request log in? |
//! | `get`, `guard` | what is there, and may we look? |
//! | `ping` | who is told that we are alive? |
//! | `reach` | is anybody there? |

mod address;
mod connect;
mod dates;
mod digest;
mod get;
mod guard;
mod logins;
mod names;
mod ping;
mod reach;
mod secure;
mod socket;
mod whole;

pub use address::Address;
pub(crate) use connect::{Connections, NoRoute};
pub(crate) use dates::{date, http_date, retry_after};
pub(crate) use get::{Getter, Got, Question, Unanswered};
pub(crate) use names::Names;
pub use names::{Lookup, SystemLookup};
pub(crate) use ping::ping;
pub(crate) use reach::reach;
pub(crate) use socket::IDLE_MAX;
pub(crate) use whole::is_stale;

use log::LevelFilter;

/// The loudest level at which these modules may log: below it ureq prints whole requests, the Authorization header
/// included (seen with ureq 3.5). Every logger savehub installs must obey it.
pub const LOG_CAPS: &[(&str, LevelFilter)] =
    &[("ureq", LevelFilter::Warn), ("ureq_proto", LevelFilter::Warn), ("rustls", LevelFilter::Warn)];

/// What a request was at when its time was over.
pub(crate) fn phase_words(phase: ureq::Timeout) -> &'static str {
    match phase {
        ureq::Timeout::Resolve => "resolving the host name",
        ureq::Timeout::Connect => "connecting",
        ureq::Timeout::SendRequest | ureq::Timeout::SendBody => "sending the request",
        ureq::Timeout::RecvResponse => "waiting for the response",
        ureq::Timeout::RecvBody => "reading the response",
        _ => "in all",
    }
}

/// Why a proxy gave no connection, by the reason that ureq gives.
pub(crate) fn proxy_words(reason: &str) -> String {
    match reason.rsplit('/').next().and_then(|status| status.parse::<u16>().ok()) {
        Some(407) => "the proxy wants a login, or refused it (HTTP 407)".into(),
        Some(status) => format!("the proxy refused the connection (HTTP {status})"),
        None => "the proxy refused the connection".into(),
    }
}

/// 127.0.0.0/8, ::1 or `localhost`.
pub(crate) fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost") || bare.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}
