//! The guard over where an address that somebody else wrote may lead: the public internet, unless told otherwise.

use super::{Names, is_loopback};
use crate::model::is_public;
use std::net::IpAddr;
use ureq::Error;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;

/// Names, and the guard over what they lead to.
#[derive(Debug)]
pub(super) struct Guarded {
    pub(super) names: Names,
    /// It leads to addresses that are not public, too.
    pub(super) allow_private: bool,
}

impl Resolver for Guarded {
    fn resolve(&self, uri: &Uri, config: &Config, timeout: NextTimeout) -> Result<ResolvedSocketAddrs, Error> {
        let host = uri.host().unwrap_or_default();
        let mut allowed = self.empty();
        for addr in &self.names.resolve(uri, config, timeout)? {
            if may_reach(host, addr.ip(), self.allow_private) {
                allowed.push(*addr);
            }
        }
        if allowed.is_empty() { Err(Error::Other(Box::new(NotPublic))) } else { Ok(allowed) }
    }
}

/// This machine by its plain names leads to this machine and nowhere else, everything else to the public internet.
fn may_reach(host: &str, ip: IpAddr, allow_private: bool) -> bool {
    if is_loopback(host) { ip.is_loopback() } else { allow_private || is_public(ip) }
}

/// The guard refused every address of a name.
#[derive(Debug, thiserror::Error)]
#[error("no public address")]
pub(super) struct NotPublic;

#[cfg(test)]
mod tests {
    use super::super::Lookup;
    use super::*;
    use std::io;
    use std::net::SocketAddr;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    /// Answers one list of addresses after the other.
    #[derive(Debug, Default)]
    struct Turns(Vec<Vec<&'static str>>, AtomicUsize);

    impl Lookup for Turns {
        fn lookup(&self, _: &str, port: u16, _: Duration) -> Option<io::Result<Vec<SocketAddr>>> {
            let turn = self.1.fetch_add(1, Ordering::SeqCst);
            Some(Ok(self.0[turn].iter().map(|ip| SocketAddr::new(ip.parse().unwrap(), port)).collect()))
        }
    }

    fn reached(guard: &Guarded, url: &str) -> Option<Vec<String>> {
        let (uri, timeout) = (url.parse().unwrap(), NextTimeout::default());
        match guard.resolve(&uri, &Config::default(), timeout) {
            Ok(addrs) => Some(addrs.iter().map(ToString::to_string).collect()),
            Err(Error::Other(why)) if why.is::<NotPublic>() => None,
            Err(other) => panic!("{other:?}"),
        }
    }

    #[test]
    fn every_lookup_is_judged_so_that_a_second_answer_cannot_lead_inside() {
        let turns = vec![vec!["8.8.8.8"], vec!["10.0.0.1", "::1"], vec!["169.254.169.254", "2606:4700::1111"]];
        let guard = Guarded { names: Names::new(Arc::new(Turns(turns, AtomicUsize::new(0)))), allow_private: false };
        let forget = || guard.names.forget(&"https://a.example/".parse().unwrap());
        assert_eq!(reached(&guard, "https://a.example/"), Some(vec!["8.8.8.8:443".into()]));
        assert_eq!(reached(&guard, "https://a.example/"), Some(vec!["8.8.8.8:443".into()]), "no second answer");
        forget();
        assert_eq!(reached(&guard, "https://a.example/"), None);
        forget();
        assert_eq!(reached(&guard, "https://a.example/"), Some(vec!["[2606:4700::1111]:443".into()]));
    }

    #[test]
    fn this_machine_is_reached_by_its_plain_names_alone_and_by_any_name_when_private_is_allowed() {
        let turns = || Arc::new(Turns(vec![vec!["127.0.0.1"]; 9], AtomicUsize::new(0)));
        for (url, plain) in [
            ("http://localhost/", true),
            ("http://127.0.0.1/", true),
            ("https://localhost.example/", false),
            ("https://0x7f.1/", false),
            ("https://2130706433/", false),
            ("https://[::ffff:127.0.0.1]/", false),
        ] {
            let strict = Guarded { names: Names::new(turns()), allow_private: false };
            assert_eq!(reached(&strict, url).is_some(), plain, "{url}");
            let open = Guarded { names: Names::new(turns()), allow_private: true };
            assert!(reached(&open, url).is_some(), "{url}");
        }
        let elsewhere = Arc::new(Turns(vec![vec!["8.8.8.8"]], AtomicUsize::new(0)));
        let guard = Guarded { names: Names::new(elsewhere), allow_private: true };
        assert_eq!(reached(&guard, "http://localhost/"), None);
    }

    #[test]
    fn odd_notations_of_an_address_are_judged_by_what_they_lead_to() {
        let guard = Guarded { names: Names::of_system(), allow_private: false };
        for url in [
            "https://0x7f.1/",
            "https://2130706433/",
            "https://0177.0.0.1/",
            "https://[::ffff:127.0.0.1]/",
            "https://0/",
        ] {
            assert_eq!(reached(&guard, url), None, "{url}");
        }
    }
}
