//! Paths, and addresses of servers that were written in their place.

use std::path::Path;

/// The words of a connection string of libpq that tell it from a path.
const LIBPQ: [&str; 4] = ["host=", "hostaddr=", "dbname=", "password="];

/// Is this the address of a server (`postgres://…`, `host=… dbname=…`) and not a path?
pub fn is_address(path: &Path) -> bool {
    open_end(&path.to_string_lossy()).is_some()
}

/// A path, for messages. Of an address in its place only the beginning is shown: a password may stand behind that.
pub fn path_text(path: &Path) -> String {
    without_address(&path.to_string_lossy())
}

/// A text from outside that may name such a path.
pub fn without_address(text: &str) -> String {
    open_end(text).map_or_else(|| text.to_owned(), |end| format!("{}…", &text[..end]))
}

/// The bits of a secret file's mode by which others read or change it. A group that root chose is meant to.
pub const fn others_of_secret(mode: u32, owner: u32) -> u32 {
    let others = if owner == 0 { 0o026 } else { 0o066 };
    mode & others
}

/// Where what may be shown of an address ends; `None`: there is none.
fn open_end(text: &str) -> Option<usize> {
    let scheme = text.find("://").map(|at| at + "://".len());
    let starts_word = |at: usize| text[..at].ends_with([' ', '/']) || at == 0;
    let words = LIBPQ.iter().filter_map(|word| text.find(word).filter(|at| starts_word(*at)));
    scheme.into_iter().chain(words).min()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_an_address_in_the_place_of_a_path_nothing_secret_is_shown() {
        for (path, shown) in [
            ("/home/ana/postgres://u:canary@db/d", "/home/ana/postgres://…"),
            ("postgresql://db/d?password=canary", "postgresql://…"),
            ("/etc/host=db user=u password=canary", "/etc/…"),
            ("mysql://u:canary@db/d", "mysql://…"),
        ] {
            assert!(is_address(Path::new(path)), "{path}");
            assert_eq!(path_text(Path::new(path)), shown);
        }
        for path in ["/var/lib/savehub/savehub.db", "a b.db", "/srv/localhost=1/x.db", "C:/x.db"] {
            assert!(!is_address(Path::new(path)), "{path}");
            assert_eq!(path_text(Path::new(path)), path);
        }
    }
}
