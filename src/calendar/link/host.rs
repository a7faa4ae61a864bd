//! The host of a link.

/// The host in lower case, without user and port; and what stands behind it.
pub(super) fn host_and_path(link: &str) -> (String, &str) {
    let behind = link.split_once("://").map(|(_, behind)| behind).unwrap_or_default();
    let end = behind.find(['/', '?', '#']).unwrap_or(behind.len());
    let (authority, path) = behind.split_at(end);
    let host = authority.rsplit('@').next().unwrap_or_default().split(':').next().unwrap_or_default();
    (host.to_ascii_lowercase(), path)
}
