//! Which addresses are on the public internet: those a calendar may come from, and a provider can call back.
//!
//! The address of a subscription is somebody else's text, and a redirect is the server's. Neither may make savehub ask
//! the printer, the router or a cloud's metadata service. A name is no protection: what it leads to is judged when it
//! is looked up for the connection that is made, so that no second lookup can give another answer (DNS rebinding).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// IPv4 blocks that are not global (IANA IPv4 Special-Purpose Address Registry, and multicast).
const SPECIAL_V4: &[(Ipv4Addr, u32)] = &[
    (Ipv4Addr::UNSPECIFIED, 8),           // this network, RFC 791
    (Ipv4Addr::new(10, 0, 0, 0), 8),      // private, RFC 1918
    (Ipv4Addr::new(100, 64, 0, 0), 10),   // shared, RFC 6598
    (Ipv4Addr::new(127, 0, 0, 0), 8),     // loopback, RFC 1122
    (Ipv4Addr::new(169, 254, 0, 0), 16),  // link-local and cloud metadata, RFC 3927
    (Ipv4Addr::new(172, 16, 0, 0), 12),   // private, RFC 1918
    (Ipv4Addr::new(192, 0, 0, 0), 24),    // protocol assignments, RFC 6890
    (Ipv4Addr::new(192, 0, 2, 0), 24),    // documentation, RFC 5737
    (Ipv4Addr::new(192, 88, 99, 0), 24),  // 6to4 relays, RFC 7526
    (Ipv4Addr::new(192, 168, 0, 0), 16),  // private, RFC 1918
    (Ipv4Addr::new(198, 18, 0, 0), 15),   // benchmarks, RFC 2544
    (Ipv4Addr::new(198, 51, 100, 0), 24), // documentation, RFC 5737
    (Ipv4Addr::new(203, 0, 113, 0), 24),  // documentation, RFC 5737
    (Ipv4Addr::new(224, 0, 0, 0), 4),     // multicast, RFC 5771
    (Ipv4Addr::new(240, 0, 0, 0), 4),     // reserved and broadcast, RFC 1112
];

/// IPv6 blocks in 2000::/3 that are not global (IANA IPv6 Special-Purpose Address Registry).
const SPECIAL_V6: &[(Ipv6Addr, u32)] = &[
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23), // protocol assignments: Teredo, benchmarks, ORCHID; RFC 2928
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32), // documentation, RFC 3849
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20), // documentation, RFC 9637
];

/// Global unicast, RFC 4291 section 2.4. Everything outside (unique local, link-local, multicast, IPv4-compatible) is
/// special, except addresses that stand for an IPv4 address.
const GLOBAL_V6: (Ipv6Addr, u32) = (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);

/// Is it an address of the public internet? One that carries an IPv4 address (mapped, NAT64, 6to4) is what that one is.
pub fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => !SPECIAL_V4.iter().any(|(net, bits)| same(ip.into(), (*net).into(), *bits)),
        IpAddr::V6(ip) => match carried(ip) {
            Some(v4) => is_public(v4.into()),
            None => in_v6(ip, &GLOBAL_V6) && !SPECIAL_V6.iter().any(|block| in_v6(ip, block)),
        },
    }
}

/// The IPv4 address that packets to `ip` end up at.
fn carried(ip: Ipv6Addr) -> Option<Ipv4Addr> {
    match ip.segments() {
        // IPv4-mapped (RFC 4291 section 2.5.5.2), NAT64 (RFC 6052), 6to4 (RFC 3056).
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => {
            Some(Ipv4Addr::from(u32::from(high) << 16 | u32::from(low)))
        }
        _ => None,
    }
}

fn in_v6(ip: Ipv6Addr, (net, bits): &(Ipv6Addr, u32)) -> bool {
    // The upper half: no block here is longer than 64 bits.
    let upper = |ip: Ipv6Addr| u64::try_from(u128::from(ip) >> 64).unwrap_or(0);
    upper(ip) >> (64 - bits) == upper(*net) >> (64 - bits)
}

fn same(ip: u32, net: u32, bits: u32) -> bool {
    ip >> (32 - bits) == net >> (32 - bits)
}

/// Names that lead nowhere on the public internet (RFC 6761, RFC 6762, RFC 8375), and what private networks use.
const PRIVATE_NAMES: &[&str] =
    &["localhost", "local", "internal", "intranet", "lan", "home", "corp", "private", "home.arpa", "test", "invalid"];

/// Can nobody reach this host from outside, as it is written? No name is looked up. Numbers that are no address in plain
/// notation count as private: inet_aton(3) reads them as one.
pub fn is_private_host(host: &str) -> bool {
    let host = host.trim_matches(['[', ']']).trim_end_matches('.').to_ascii_lowercase();
    if let Ok(ip) = host.parse::<IpAddr>() {
        return !is_public(ip);
    }
    let last = host.rsplit('.').next().unwrap_or_default();
    let number = last
        .strip_prefix("0x")
        .map_or(last.bytes().all(|b| b.is_ascii_digit()), |hex| hex.bytes().all(|b| b.is_ascii_hexdigit()));
    number || !host.contains('.') || PRIVATE_NAMES.iter().any(|name| is_at_or_below(&host, name))
}

/// Is this host the domain, or a name below it? Both are in the same case. Nothing is below an empty domain.
pub fn is_at_or_below(host: &str, domain: &str) -> bool {
    // `evil-a.example` is not below `a.example`.
    host.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || (rest.ends_with('.') && !domain.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(text: &str) -> bool {
        is_public(text.parse().unwrap())
    }

    #[test]
    fn addresses_of_the_public_internet_are_public_up_to_the_edges_of_the_special_blocks() {
        for text in [
            "1.0.0.0",
            "8.8.8.8",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.0",
            "169.253.255.255",
            "169.255.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.1.0",
            "192.0.3.0",
            "192.167.255.255",
            "192.169.0.0",
            "198.17.255.255",
            "198.20.0.0",
            "203.0.112.255",
            "203.0.114.0",
            "223.255.255.255",
            "2000::",
            "2001:200::",
            "2606:4700::1111",
            "2a00:1450::1",
            "3ffe:ffff::",
            "3fff:1000::",
            "::ffff:8.8.8.8",
            "64:ff9b::8.8.8.8",
            "2002:808:808::1",
        ] {
            assert!(judged(text), "{text}");
        }
    }

    #[test]
    fn private_loopback_link_local_and_other_special_addresses_are_not() {
        for text in [
            "0.0.0.0",
            "0.255.255.255",
            "10.0.0.0",
            "10.255.255.255",
            "100.64.0.0",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.255.255",
            "169.254.0.0",
            "169.254.169.254",
            "172.16.0.0",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.0.1",
            "192.168.255.255",
            "198.18.0.0",
            "198.19.255.255",
            "198.51.100.7",
            "203.0.113.7",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.0",
            "255.255.255.255",
            "::",
            "::1",
            "::127.0.0.1",
            "::8.8.8.8",
            "100::1",
            "1fff::1",
            "2001::1",
            "2001:0:4136:e378:8000:63bf:3fff:fdd2",
            "2001:2::1",
            "2001:10::1",
            "2001:1ff::1",
            "2001:db8::1",
            "3fff::1",
            "3fff:fff::1",
            "4000::1",
            "5f00::1",
            "fc00::1",
            "fd12:3456::1",
            "fe80::1",
            "febf::1",
            "fec0::1",
            "ff02::1",
            "64:ff9b:1::8.8.8.8",
        ] {
            assert!(!judged(text), "{text}");
        }
    }

    #[test]
    fn an_address_that_carries_a_special_one_is_special() {
        for text in [
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::ffff:169.254.169.254",
            "::ffff:0.0.0.0",
            "64:ff9b::192.168.1.1",
            "64:ff9b::7f00:1",
            "64:ff9b::a9fe:a9fe",
            "2002:7f00:1::1",
            "2002:a00:1::1",
            "2002:c0a8:101::1",
        ] {
            assert!(!judged(text), "{text}");
        }
    }

    #[test]
    fn a_host_that_nobody_reaches_from_outside_is_private_host() {
        for host in [
            "localhost",
            "a.LOCALHOST",
            "10.1.2.3",
            "192.168.0.9",
            "[::1]",
            "[fd00::1]",
            "nas",
            "nas.local.",
            "x.lan",
            "0x7f.1",
            "0177.0.0.1",
        ] {
            assert!(is_private_host(host), "{host}");
        }
        for host in ["example.com", "8.8.8.8", "[2606:4700::1111]", "local.example.com", "mylan.example", "homelab.de"]
        {
            assert!(!is_private_host(host), "{host}");
        }
    }
}
