//! `calendars` of a person: what becomes of sound ones.

use super::config;
use savehub::config::{CalendarPlace, CalendarSource, Sources};
use secrecy::ExposeSecret as _;
use std::os::unix::fs::PermissionsExt as _;

const PERSON: &str = "[[person]]\nid = \"ana\"\nphone = \"+12025550101\"\n";

fn place(calendar: &CalendarSource) -> String {
    match &calendar.place {
        CalendarPlace::File(path) => path.display().to_string(),
        CalendarPlace::Web(address) => address.get().map_or_else(|why| why, |a| a.expose_secret().to_owned()),
        CalendarPlace::CalDav(place) => {
            let password = place.password().map_or_else(|why| why, |password| password.expose_secret().to_owned());
            format!("{} {} {password}", place.address.expose_secret(), place.login.user)
        }
    }
}

#[test]
fn calendars_are_read_with_their_names_and_keys() {
    let dir = tempfile::tempdir().unwrap();
    let address = dir.path().join("ana.url");
    std::fs::write(&address, "webcal://calendar.example.com/private-2/basic.ics\n").unwrap();
    let calendars = format!(
        "calendars = [\"file:///home/ana/work.ics\", \"~/private.ics\", \"https://calendar.example.com/private-1\",
         {{ url_file = {address:?} }}, {{ url_env = \"TEAM\", name = \"team\", refresh = \"2m\" }}]"
    );
    let env = [("TEAM", "HTTP://localhost:8080/team")];
    let config = config(&env, &format!("{PERSON}{calendars}\n")).unwrap();
    let calendars = &config.people[0].calendars;
    let told: Vec<_> = calendars.iter().map(|c| (c.name.as_str(), place(c), c.refresh.map(|r| r.as_secs()))).collect();
    assert_eq!(
        told,
        [
            ("work.ics", "/home/ana/work.ics".into(), None),
            ("private.ics", "/home/ana/private.ics".into(), None),
            ("calendar.example.com", "https://calendar.example.com/private-1".into(), None),
            ("calendar", "https://calendar.example.com/private-2/basic.ics".into(), None),
            ("team", "http://localhost:8080/team".into(), Some(120)),
        ]
    );
    // printf 'ana\0/home/ana/work.ics' | sha256sum
    assert_eq!(calendars[0].key, ["b10f5ff024679448", "e8801a7c3c43fba2"].concat());
    let debug = format!("{config:?}");
    assert!(["private-1", "private-2", "8080"].iter().all(|secret| !debug.contains(secret)), "{debug}");
}

#[test]
fn the_same_address_of_two_people_is_two_calendars() {
    let bo = PERSON.replace("ana", "bo").replace("0101", "0102");
    let calendars = "calendars = [\"https://example.com/a.ics\"]\n";
    let config = config(&[], &format!("{PERSON}{calendars}{bo}{calendars}")).unwrap();
    let keys: Vec<_> = config.people.iter().map(|person| &person.calendars[0].key).collect();
    assert_ne!(keys[0], keys[1]);
}

#[test]
fn plain_http_passes_where_it_is_allowed() {
    let text = format!("{PERSON}calendars = [\"http://example.com/a.ics\"]\n[calendar]\nallow_http = true\n");
    assert_eq!(place(&config(&[], &text).unwrap().people[0].calendars[0]), "http://example.com/a.ics");
}

#[test]
fn an_address_in_a_file_others_can_read_is_refused_and_one_elsewhere_is_not() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("config.toml");
    let load = |calendars: &str| {
        std::fs::write(&file, format!("{PERSON}{calendars}\n")).unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
        let env = |name: &str| (name == "HOME").then(|| "/home/ana".to_owned());
        savehub::config::load(&Sources { file: Some(&file), env: &env }).map_err(|error| error.to_string())
    };
    assert!(load("calendars = [\"~/work.ics\"]").is_ok());
    for calendars in
        ["calendars = [\"https://example.com/a.ics\"]", "calendars = [{ url = \"https://example.com/a.ics\" }]"]
    {
        let said = load(calendars).unwrap_err();
        assert!(said.contains("stands in a file that others can read (mode 644)"), "{said}");
        assert!(said.contains("run: chmod 600 ") && !said.contains("a.ics"), "{said}");
    }
    let proxied = |proxy: &str| load(&format!("[calendar]\nproxy = \"http://{proxy}proxy.example.com:3128\""));
    assert!(proxied("").is_ok());
    let said = proxied("ana:pw@").unwrap_err();
    assert!(said.contains("`proxy` stands in a file that others can read") && !said.contains("pw@"), "{said}");
}

#[test]
fn an_address_that_cannot_be_had_is_no_fault_of_the_config_and_is_told_with_each_look() {
    let calendars =
        r#"calendars = [{ url_env = "ANA" }, { url_command = ["printf", "work.ics"] }, { url_file = "/none" }]"#;
    let config = config(&[], &format!("{PERSON}{calendars}\n")).unwrap();
    let why: Vec<_> = config.people[0]
        .calendars
        .iter()
        .map(|c| match &c.place {
            CalendarPlace::Web(address) => address.get().map(drop),
            CalendarPlace::File(_) | CalendarPlace::CalDav(_) => Ok(()),
        })
        .collect();
    assert_eq!(
        why,
        [
            Err("no address comes from `url_env`: the environment variable it names is not set".to_owned()),
            Err("no address comes from `url_command`: an address starts with https://".to_owned()),
            Err("no address comes from `url_file`: the file cannot be read (there is none)".to_owned()),
        ]
    );
}

#[test]
fn an_address_that_changes_where_it_stands_is_the_same_calendar() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("ana.url");
    let read = |address: &str| {
        std::fs::write(&file, address).unwrap();
        let config = config(&[], &format!("{PERSON}calendars = [{{ url_file = {file:?} }}]\n")).unwrap();
        let calendar = config.people[0].calendars[0].clone();
        (place(&calendar), calendar.key)
    };
    let (before, after) = (read("https://example.com/private-1"), read("https://example.com/private-2"));
    assert_ne!(before.0, after.0);
    assert_eq!(before.1, after.1);
}

#[test]
fn a_calendar_on_a_server_has_a_login_and_is_asked_every_minute() {
    let calendars = r#"calendars = [
        { caldav = "https://cloud.example.com/dav/ana/work/", user = "ana", password_env = "PW", name = "work" },
        { caldav = "http://localhost/dav/ana/work/", user = "bo", password = "p w", refresh = "5m" },
    ]"#;
    let config = config(&[("PW", "s3cret pässword")], &format!("{PERSON}{calendars}\n")).unwrap();
    let told: Vec<_> = config.people[0]
        .calendars
        .iter()
        .map(|c| (c.name.as_str(), place(c), c.refresh(&config.calendar).as_secs()))
        .collect();
    assert_eq!(
        told,
        [
            ("work", "https://cloud.example.com/dav/ana/work/ ana s3cret pässword".into(), 60),
            ("localhost", "http://localhost/dav/ana/work/ bo p w".into(), 300),
        ]
    );
    let debug = format!("{config:?}");
    assert!(["s3cret", "p w", "cloud.example.com"].iter().all(|secret| !debug.contains(secret)), "{debug}");
}

#[test]
fn a_calendar_on_a_server_that_cannot_be_read_is_refused_with_what_to_write() {
    for (calendar, title, label) in [
        (r#"caldav = "https://a.example/""#, "a CalDAV server wants a login", "write user = "),
        (r#"caldav = "https://a.example/", user = "ana""#, "there is a `user`, but no password", "password_file"),
        (
            r#"caldav = "https://a.example/", password_env = "PW""#,
            "there is `password_env`, but no `user`",
            "beside it",
        ),
        (r#"caldav = "ftp://a.example/", user = "a", password_env = "PW""#, "this is not a calendar", "write https://"),
        (
            r#"caldav = "https://a:b@a.example/", user = "a", password_env = "PW""#,
            "this is not a calendar",
            "as `user`",
        ),
        (r#"caldav = "http://a.example/", user = "a", password_env = "PW""#, "this is not a calendar", "allow_http"),
        (r#"caldav = "https://a.example/", file = "a.ics""#, "both `file` and `caldav` are given", "keep one"),
        (r#"caldav = "https://a.example/", url_env = "PW""#, "both `url_env` and `caldav` are given", "keep one"),
        (r#"file = "a.ics", user = "ana", password_env = "PW""#, "`user` is for `caldav`", "beside it, or take it out"),
        (r#"url = "caldav://a.example/""#, "this is not a calendar", "write { caldav = "),
    ] {
        let said = config(&[("PW", "secret")], &format!("{PERSON}calendars = [{{ {calendar} }}]\n")).unwrap_err();
        let said = said.to_string();
        assert!(said.contains(title) && said.contains(label), "{calendar}: {said}");
        assert!(!said.contains("a.example"), "{said}");
    }
}
