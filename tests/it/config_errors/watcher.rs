//! `heartbeat_url` and `metrics_file`: every mistake, and no part of the address.

use super::{config, one};

#[test]
fn an_address_that_shows_itself_to_everybody_is_refused_without_being_shown() {
    one(
        "heartbeat_url = \"http://hc.example/c4n4ry\"\n",
        "\
error: this address cannot be pinged
 --> config.toml:1:17
  = help: http:// shows the address to everybody on the way: write https://
  = note: the line is not shown, because it may hold a secret
",
    );
}

#[test]
fn one_way_to_the_address_is_enough() {
    let both = "heartbeat_url_env = \"A\"\nheartbeat_url_file = \"b\"\n";
    let told = config(&[], both).unwrap_err().to_string();
    assert!(told.starts_with("error: both `heartbeat_url_env` and `heartbeat_url_file` are given\n"), "{told}");
    let empty = config(&[], "heartbeat_url = \"\"\n").unwrap_err().to_string();
    assert!(empty.starts_with("error: `heartbeat_url` is empty\n"), "{empty}");
}

#[test]
fn the_address_may_stand_on_this_machine_or_be_https() {
    for url in ["https://hc-ping.com/0a", "http://127.0.0.1:8000/ping/0a", "https://u:p@hc.example/0a?create=1"] {
        let config = config(&[], &format!("heartbeat_url = \"{url}\"\n")).unwrap();
        assert!(config.watcher.heartbeat_url().unwrap().is_ok(), "{url}");
        assert!(!format!("{config:?}").contains("0a"), "not even the debug form shows it");
    }
    assert!(config(&[], "").unwrap().watcher.heartbeat_url().is_none());
}

#[test]
fn a_slip_in_the_name_of_the_key_does_not_show_the_address() {
    let told = config(&[], "heartbeat_ulr = \"https://hc-ping.com/c4n4ry\"\n").unwrap_err().to_string();
    assert!(told.contains("did you mean `heartbeat_url`?") && !told.contains("c4n4ry"), "{told}");
}

#[test]
fn an_empty_metrics_file_is_refused_and_a_path_is_beside_the_config() {
    let told = config(&[], "metrics_file = \"\"\n").unwrap_err().to_string();
    assert!(told.starts_with("error: `metrics_file` is empty\n"), "{told}");
    let config = config(&[], "metrics_file = \"~/savehub.prom\"\n").unwrap();
    assert_eq!(config.watcher.metrics_file.unwrap().to_str(), Some("/home/ana/savehub.prom"));
}
