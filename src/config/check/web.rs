//! Web addresses, as far as a config needs them taken apart.

/// The parts of an address that decide whether it may be used.
pub(in crate::config) struct Address<'a> {
    pub(in crate::config) scheme: &'a str,
    pub(in crate::config) has_login: bool,
    pub(in crate::config) has_query: bool,
    pub(in crate::config) host: &'a str,
}

impl Address<'_> {
    /// Does it stay on this machine?
    pub(in crate::config) fn is_loopback(&self) -> bool {
        is_loopback(self.host)
    }
}

/// Is this host this machine?
pub(in crate::config) fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
        || host.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// Takes an http or https address apart; otherwise says what is wrong, without repeating any of it.
pub(in crate::config) fn address(text: &str) -> Result<Address<'_>, &'static str> {
    let Some((scheme, rest)) = text.split_once("://") else { return Err("an address starts with https://") };
    if !matches!(scheme, "http" | "https") {
        return Err("an address starts with https://");
    }
    if !text.bytes().all(|b| b.is_ascii_graphic()) {
        return Err("an address holds no spaces and no letters outside of ASCII");
    }
    let authority = &rest[..rest.find(['/', '?', '#']).unwrap_or(rest.len())];
    let (login, host_port) = authority.rsplit_once('@').map_or((None, authority), |(l, h)| (Some(l), h));
    // The colons of an IPv6 address stand in brackets.
    let after_host = host_port.find(']').map_or(0, |at| at + 1);
    let (host, port) = match host_port[after_host..].split_once(':') {
        Some((host, port)) => (&host_port[..after_host + host.len()], Some(port)),
        None => (host_port, None),
    };
    if host.is_empty() {
        return Err("the name of the host is missing");
    }
    if port.is_some_and(|port| port.parse::<u16>().is_err()) {
        return Err("the port is not a number from 0 to 65535");
    }
    Ok(Address { scheme, has_login: login.is_some(), has_query: rest.contains(['?', '#']), host })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_and_numbers_of_this_machine_are_loopback() {
        for (text, loopback) in [
            ("http://localhost:8080", true),
            ("http://127.0.0.1/x", true),
            ("http://[::1]:80", true),
            ("http://127.0.0.1.example.com", false),
            ("http://localhost@example.com", false),
            ("http://10.0.0.1", false),
        ] {
            assert_eq!(address(text).map(|a| a.is_loopback()), Ok(loopback), "{text}");
        }
    }

    #[test]
    fn what_is_not_an_address_is_refused() {
        for text in ["", "example.com", "ftp://x", "https://", "https:///x", "https://x y", "https://x:99999"] {
            assert!(address(text).is_err(), "{text}");
        }
    }
}
