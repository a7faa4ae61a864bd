//! Which addresses are those of meetings: services by their hosts, companies' own servers by their rooms.

use super::host::host_and_path;
use std::collections::HashMap;
use std::sync::LazyLock;

/// Meeting services, one a line: the host, or what it ends in after a dot; how the path of a meeting begins; an example.
const SERVICES: &str = include_str!("services.tsv");

/// The beginnings of paths of the service that a host belongs to; of several the one with the longest name.
fn service(host: &str) -> Option<impl Iterator<Item = &'static str>> {
    static PATHS: LazyLock<HashMap<&str, &str>> = LazyLock::new(|| {
        let lines = SERVICES.lines().filter(|line| !line.starts_with('#'));
        lines.filter_map(|line| line.split_once('\t')).map(|(host, rest)| (host, column(rest))).collect()
    });
    let column_of = |host: &str| PATHS.get(host).copied();
    let families = std::iter::successors(Some(host), |host| host.split_once('.').map(|(_, family)| family));
    Some(families.into_iter().find_map(column_of)?.split(' '))
}

fn column(line: &str) -> &str {
    line.split_once('\t').map_or(line, |(column, _)| column)
}

/// Names that hosts of people's own meeting servers (Jitsi, BigBlueButton) begin with.
const OWN_SERVERS: [&str; 2] = ["jitsi.", "bbb."];

/// Names that they begin with, and other hosts too: only a path like that of a room makes it a meeting.
const MAYBE_SERVERS: [&str; 2] = ["meet.", "conference."];

/// Names that companies' own Skype for Business servers begin with.
const SKYPE_SERVERS: [&str; 3] = ["meet.", "join.", "lync."];

/// What hosts of meeting services begin with that hold no meetings.
const NO_MEETINGS: [&str; 4] = ["help.", "support.", "status.", "www.webex.com"];

/// Is this the address of a meeting?
pub(super) fn is_meeting(link: &str) -> bool {
    let (host, path) = host_and_path(link);
    if NO_MEETINGS.iter().any(|start| host.starts_with(start)) {
        return false;
    }
    let begins = |start: &&str| path.strip_prefix(*start).is_some_and(|rest| !rest.is_empty());
    match service(&host) {
        Some(mut starts) => starts.any(|start| begins(&start)),
        None if OWN_SERVERS.iter().any(|start| host.starts_with(start)) => begins(&"/"),
        None if MAYBE_SERVERS.iter().any(|start| host.starts_with(start)) && is_room(path) => true,
        None => is_talk(path) || (SKYPE_SERVERS.iter().any(|start| host.starts_with(start)) && is_skype(path)),
    }
}

/// `/call/ab12cd34`, perhaps behind `/index.php`: a room of Nextcloud Talk, whose servers have any name.
fn is_talk(path: &str) -> bool {
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let (_, token) = path.rsplit_once("/call/").filter(|(before, _)| is_root(before)).unwrap_or_default();
    (6..=32).contains(&token.len()) && token.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
}

fn is_root(path: &str) -> bool {
    matches!(path.trim_end_matches("/index.php"), "" | "/nextcloud" | "/cloud")
}

/// `/bo.example/AB12CD34` or `/example/meet/bo`: a meeting of a company's own Skype for Business server.
fn is_skype(path: &str) -> bool {
    let parts: Vec<&str> = path.split(['?', '#']).next().unwrap_or_default().split('/').skip(1).collect();
    let is_code = |code: &str| {
        (6..=12).contains(&code.len()) && code.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
    };
    match parts.as_slice() {
        ["meet", user, code] | [user, code] => !user.is_empty() && is_code(code),
        [company, "meet", rest @ ..] => !company.is_empty() && rest.iter().any(|part| !part.is_empty()),
        _ => false,
    }
}

/// `/standup`: one part, and no file.
fn is_room(path: &str) -> bool {
    let room = path.split(['?', '#']).next().and_then(|path| path.strip_prefix('/'));
    room.is_some_and(|room| !room.is_empty() && !room.contains(['/', '.']))
}

#[cfg(test)]
mod tests {
    use super::super::{From, link};
    use super::*;
    use crate::model::is_at_or_below;

    fn link_in(from: From, text: &str) -> Option<String> {
        link(&[(from, text.to_owned())])
    }

    #[test]
    fn each_service_of_the_list_knows_a_link_of_its_own_and_no_other_line_does() {
        for line in SERVICES.lines().filter(|line| !line.starts_with('#')) {
            let [host, starts, example] = line.split('\t').collect::<Vec<_>>().try_into().unwrap();
            let (its_host, path) = host_and_path(example);
            assert!(
                is_at_or_below(&its_host, host) && starts.split(' ').any(|start| path.starts_with(start)),
                "{line}"
            );
            assert_eq!(link_in(From::Other, &format!("see {example} for more")).as_deref(), Some(example));
            assert_eq!(service(&its_host).unwrap().collect::<Vec<_>>().join(" "), starts, "{line}");
        }
    }

    #[test]
    fn rooms_of_own_servers_are_meetings_by_their_path() {
        for (link, is_one) in [
            ("https://cloud.example.org/index.php/call/ab12cd34", true),
            ("https://cloud.example.org/call/ab12cd34?x=1", true),
            ("https://example.org/nextcloud/index.php/call/ab12cd34", true),
            ("https://example.com/call/7", false),
            ("https://example.com/call/Support-Team", false),
            ("https://example.com/blog/call/ab12cd34", false),
            ("https://meet.example.com/bo.li/AB12CD34", true),
            ("https://join.example.com/meet/bo.li/AB12CD34", true),
            ("https://meet.example.com/acme/meet/bo.li", true),
            ("https://join.example.com/our/newsletter", false),
            ("https://www.example.com/bo.li/AB12CD34", false),
        ] {
            assert_eq!(link_in(From::Other, link).is_some(), is_one, "{link}");
        }
    }
}
