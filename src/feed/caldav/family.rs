//! Which hosts may have the login of a calendar.

use crate::model::is_at_or_below;

/// Services whose calendars live on hosts beside the one that people write into their config.
const SERVICES: &[&str] = &["icloud.com"];

/// May the login for `first` go to `host`, where a server's redirect or address leads? The same host and those below it
/// may have it, and the hosts of one service among themselves: nobody else can be behind these names.
pub(super) fn may_have_login(first: &str, host: &str) -> bool {
    let (first, host) = (first.to_ascii_lowercase(), host.to_ascii_lowercase());
    let is_of = |service: &str| is_at_or_below(&first, service) && is_at_or_below(&host, service);
    // An IP address has nothing below it: `4.1.2.3` is not below `1.2.3`, which is no whole address.
    is_at_or_below(&host, &first) || SERVICES.iter().any(|service| is_of(service))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_stays_with_its_host_those_below_it_and_its_service() {
        for (first, host, may) in [
            ("a.example", "A.example", true),
            ("a.example", "cloud.a.example", true),
            ("cloud.a.example", "a.example", false),
            ("www.a.example", "cloud.a.example", false),
            ("a.example", "evil-a.example", false),
            ("a.example", "b.example", false),
            ("caldav.icloud.com", "p42-caldav.icloud.com", true),
            ("caldav.icloud.com", "icloud.com.evil.example", false),
            ("evil.example", "p42-caldav.icloud.com", false),
            ("caldav.icloud.com", "xicloud.com", false),
            ("127.0.0.1", "127.0.0.1", true),
            ("localhost", "127.0.0.1", false),
            ("", "a.example", false),
        ] {
            assert_eq!(may_have_login(first, host), may, "{first} -> {host}");
        }
    }
}
