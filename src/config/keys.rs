//! Every key a config may hold. `config.example.toml` explains the same keys; a test compares the two.

/// A table: its path, the keys in it that take a value, and the tables in it.
type Keys = (&'static str, &'static [&'static str], &'static [&'static str]);

macro_rules! keys {
    ($($path:literal: $($key:ident)*; $($table:ident)*;)*) => {
        &[$(($path, &[$(stringify!($key)),*], &[$(stringify!($table)),*])),*]
    };
}

/// All tables and keys, in the order of `config.example.toml`.
const TABLES: &[Keys] = keys! {
    "":
        database store store_env store_file store_command store_ca_file
        heartbeat_url heartbeat_url_env heartbeat_url_file heartbeat_url_command heartbeat_ca_file heartbeat_proxy
        metrics_file trust;
        call guards engine calendar hear report provider email webhook command person contact ladder;
    "call": provider test_mode webhook_url message voice language repeat machine_detection last_good_config; ;
    "guards":
        critical_window max_calls max_calls_per max_sms daily_cap_per_person daily_cap number_gap allowed_prefixes; ;
    "engine":
        ring_timeout request_timeout hard_timeout lease settle tick_limit parallel grace retention preflight
        on_unknown; ;
    "calendar":
        refresh timeout max_size parallel allow_http allow_private user_agent ca_file proxy
        include skip_titles min_attendees need_link working_hours mark; ;
    "hear": replies confirm call_back joined missed key_bin; ;
    "report": budget; ;
    "provider": ; mock twilio;
    "provider.mock": outcomes calls_per_second; ;
    "provider.twilio":
        account_sid from calls_per_second calls_per_second_per_number
        auth_token auth_token_env auth_token_file auth_token_command
        api_key_sid api_key_secret api_key_secret_env api_key_secret_file api_key_secret_command
        base_url ca_file proxy; ;
    "person":
        id name phone email ring_timeout zone message voice language shared_phone calendars addresses presence_command
        include skip_titles min_attendees need_link working_hours mark; ;
    "calendars":
        file url url_env url_file url_command caldav user password password_env password_file password_command
        name refresh own ca_file proxy; ;
    "contact": name phone email; ;
    "ladder": step before after to when use message; ;
    "email":
        host port security user password password_env password_file password_command from timeout ca_file; ;
    "webhook": url url_env url_file url_command format headers allow_http timeout ca_file proxy; ;
    "headers": name value value_env value_file value_command; ;
    "command": run timeout; ;
};

fn table(path: &str) -> Keys {
    TABLES.iter().find(|(table, ..)| *table == path).copied().unwrap_or_default()
}

/// The paths of all tables.
pub(super) fn paths() -> impl Iterator<Item = &'static str> {
    TABLES.iter().map(|(path, ..)| *path)
}

/// The keys of a table that take a value.
pub(super) fn of_table(path: &str) -> &'static [&'static str] {
    table(path).1
}

/// What a table may hold: its keys and the tables in it.
pub(super) fn known_in(path: &str) -> impl Iterator<Item = &'static str> + Clone {
    let (_, keys, tables) = table(path);
    keys.iter().chain(tables).copied()
}

/// Is this word the name of a table or of a key, anywhere?
pub(super) fn is_known(word: &str) -> bool {
    TABLES.iter().any(|(_, keys, tables)| keys.contains(&word) || tables.contains(&word))
}

/// Every key that takes a value, as (path of its table, key): `("provider.twilio", "from")`; the path of a key outside
/// of all tables is empty, that of one calendar of a person is `calendars`.
pub fn known_keys() -> impl Iterator<Item = (&'static str, &'static str)> {
    TABLES.iter().flat_map(|(path, keys, _)| keys.iter().map(move |key| (*path, *key)))
}
