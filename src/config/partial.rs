//! A look at a config that may be wrong: where it is, who may read it, and what little can be said all the same. Never an
//! error: what cannot be seen stays empty.

use super::{Sources, places, stop};
use std::path::{Path, PathBuf};
use toml::{Table, Value};

/// Keys that end like this name a file that holds a secret, ...
const SECRET_FILE: &str = "_file";

/// ... but for these.
const NO_SECRETS: [&str; 4] = ["ca_file", "store_ca_file", "heartbeat_ca_file", "metrics_file"];

/// With one of these, no file is the database.
const SERVER: [&str; 4] = ["store", "store_env", "store_file", "store_command"];

/// What can be said of a config without trusting it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PartialConfig {
    /// The file, if there is one that can be read.
    pub file: Option<PathBuf>,
    /// Where the database is, as far as the file is TOML.
    pub database: Option<PathBuf>,
    /// Where the STOP file may be: beside the config, and beside the file that it links to.
    pub stop_files: Vec<PathBuf>,
    /// Files that hold secrets.
    pub secret_files: Vec<PathBuf>,
}

/// Looks at the config that [`super::load`] would read.
pub fn partial(sources: &Sources<'_>) -> PartialConfig {
    let found = match places::find(sources.file, sources.env) {
        Ok(Some(found)) => found,
        Ok(None) => return PartialConfig { database: places::database(sources.env), ..PartialConfig::default() },
        Err(_) => return PartialConfig::default(),
    };
    let expand = |path: &str| places::expand(path, Some(&found.path), sources.env);
    let mut stop_files = vec![found.path.with_file_name("STOP")];
    stop_files.extend(stop::beside_target(&found.path).filter(|stop| *stop != stop_files[0]));
    let here = PartialConfig { file: Some(found.path.clone()), stop_files, ..PartialConfig::default() };
    let Some(table) = std::str::from_utf8(&found.bytes).ok().and_then(|text| text.parse::<Table>().ok()) else {
        return here;
    };
    let database = match table.get("database") {
        None if SERVER.iter().any(|key| table.contains_key(*key)) => None,
        None => places::database(sources.env),
        Some(path) => path.as_str().and_then(expand),
    };
    let mut secret_files = Vec::new();
    collect(&Value::Table(table), &expand, &mut secret_files);
    secret_files.sort();
    secret_files.dedup();
    PartialConfig { database, secret_files, ..here }
}

fn collect(value: &Value, expand: &dyn Fn(&str) -> Option<PathBuf>, found: &mut Vec<PathBuf>) {
    match value {
        Value::Table(table) => {
            for (key, value) in table {
                match value.as_str() {
                    Some(path) if is_secret_file(key) => found.extend(expand(path).filter(|p| p != Path::new(""))),
                    _ => collect(value, expand, found),
                }
            }
        }
        Value::Array(list) => list.iter().for_each(|value| collect(value, expand, found)),
        _ => {}
    }
}

fn is_secret_file(key: &str) -> bool {
    key.ends_with(SECRET_FILE) && !NO_SECRETS.contains(&key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::known_keys;

    fn of(text: &str) -> (tempfile::TempDir, PartialConfig) {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("config.toml");
        std::fs::write(&file, text).unwrap();
        let seen = partial(&Sources { file: Some(&file), env: &|name| (name == "HOME").then(|| "/home/ana".into()) });
        (dir, seen)
    }

    #[test]
    fn a_config_with_mistakes_still_says_where_its_database_and_its_secrets_are() {
        let (dir, seen) = of("database = 'x.db'\nnonsense = 1\n[provider.twilio]\nauth_token_file = '~/token'\n\
                              ca_file = 'ca.pem'\n[[person]]\ncalendars = ['a.ics', { url_file = 'ana.url' }]\n\
                              [webhook.a]\nheaders = [{ name = 'X', value_file = '/x' }]\n");
        assert_eq!(seen.database, Some(dir.path().join("x.db")));
        assert_eq!(seen.stop_files, [dir.path().join("STOP")]);
        let mut files = vec![PathBuf::from("/home/ana/token"), "/x".into(), dir.path().join("ana.url")];
        files.sort();
        assert_eq!(seen.secret_files, files);
    }

    #[test]
    fn where_a_server_is_the_store_no_file_is_the_database() {
        for key in SERVER {
            assert_eq!(of(&format!("{key} = 'x'\n")).1.database, None, "{key}");
        }
    }

    #[test]
    fn a_file_that_is_no_toml_says_where_it_is_and_nothing_else() {
        let (dir, seen) = of("database = \n");
        assert_eq!((seen.file, seen.database), (Some(dir.path().join("config.toml")), None));
        let (_dir, usual) = of("");
        assert_eq!(usual.database, Some("/home/ana/.local/state/savehub/savehub.db".into()));
    }

    #[test]
    fn every_key_of_a_secrets_file_is_seen() {
        let files: Vec<_> = known_keys().map(|(_, key)| key).filter(|key| is_secret_file(key)).collect();
        let secrets = ["auth_token_file", "api_key_secret_file", "password_file", "url_file", "value_file"];
        for key in secrets.iter().chain(&["store_file", "heartbeat_url_file"]) {
            assert!(files.contains(key), "{key}");
        }
        for key in NO_SECRETS.iter().chain(&SERVER) {
            assert!(known_keys().any(|(_, known)| known == *key), "{key}");
        }
        assert!(!files.iter().any(|key| key.ends_with("ca_file")), "certificates are for everybody: {files:?}");
    }
}
