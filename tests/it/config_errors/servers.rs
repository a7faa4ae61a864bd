//! `trust`, `ca_file` and `proxy`: whom servers are believed, and where connections go through.

use super::{all, config};
use savehub::model::{Authorities, Route};

#[test]
fn authorities_and_proxies_that_cannot_be_used_are_refused() {
    all(
        r#"
trust = "sytem"
heartbeat_proxy = "proxy.example.com:3128"

[calendar]
ca_file = ""
proxy = "socks5://proxy.example.com"

[[person]]
id = "ana"
phone = "+12025550101"
calendars = [
  { file = "~/a.ics", ca_file = "~/a.pem", proxy = "none" },
  { url = "https://example.com/a.ics", proxy = "nobody" },
]

[email]
host = "smtp.example.com"
from = "savehub@example.com"
proxy = "http://me:s3cr3t@proxy.example.com"
"#,
        r#"
error: unknown trust `sytem`
 --> config.toml:1:9
  |
1 | trust = "sytem"
  |         ^^^^^^^ did you mean "system"?

error: `heartbeat_proxy` is not the address of a proxy
 --> config.toml:2:19
  = help: an address starts with http:// or https://
  = note: the line is not shown, because it may hold a secret

error: `ca_file` is empty
 --> config.toml:5:11
  |
5 | ca_file = ""
  |           ^^ write a path, or take the line out

error: `proxy` is not the address of a proxy
 --> config.toml:6:9
  = help: an address starts with http:// or https://
  = note: the line is not shown, because it may hold a secret

error: `ca_file` is for addresses
 --> config.toml:12:23
  = help: take it out: every tick looks at a file
  = note: the line is not shown, because it may hold a secret

error: `proxy` is for addresses
 --> config.toml:12:44
  = help: take it out: every tick looks at a file
  = note: the line is not shown, because it may hold a secret

error: `proxy` is not the address of a proxy
 --> config.toml:13:48
  = help: an address starts with http:// or https://
  = note: the line is not shown, because it may hold a secret

error: mail cannot go through a proxy
 --> config.toml:19:1
  = help: take `proxy` out: savehub connects to `host` directly. Where that is not allowed, name a mail server of the own network as `host`
  = note: the line is not shown, because it may hold a secret

8 problems in config.toml; nothing was done
"#,
    );
}

#[cfg(feature = "postgres")]
#[test]
fn the_systems_authorities_are_trusted_for_a_server_that_is_the_store() {
    use savehub::config::PostgresTls;
    use savehub::model::Trust;
    let text = "trust = \"system\"\nstore = \"postgres://savehub@db.example.com/savehub\"\nperson = []\n";
    let tls = |more: &str| config(&[], &format!("{more}{text}")).unwrap().store.unwrap().tls;
    let of = |tls| if let PostgresTls::Full(trust) = tls { trust } else { panic!() };
    assert_eq!(of(tls("")), Trust::new(Authorities::System, "store_ca_file"));
    let own = of(tls("store_ca_file = \"db.pem\"\n"));
    assert!(matches!(own.authorities, Authorities::File(file) if file.ends_with("db.pem")));
}

fn authorities(route: &Route) -> &Authorities {
    &route.trust.authorities
}

#[test]
fn the_systems_authorities_are_trusted_for_everything_but_what_has_a_file_of_its_own() {
    let text = r#"
trust = "system"
heartbeat_url = "https://hc.example.com/1"
heartbeat_ca_file = "hc.pem"

[calendar]
proxy = "http://proxy.example.com:3128"

[provider.twilio]
account_sid = "AC00000000000000000000000000000000"
from = "+12025550100"
auth_token = "x"

[call]
provider = "twilio"

[email]
host = "smtp.example.com"
from = "savehub@example.com"

[webhook.lamp]
url = "https://lamp.example.com/1"
proxy = "http://proxy.example.com:3128"

[[person]]
id = "ana"
phone = "+12025550101"
calendars = [
  { url = "https://example.com/a.ics" },
  { url = "https://example.com/b.ics", ca_file = "b.pem" },
  { url = "https://example.com/c.ics", proxy = "none" },
]
"#;
    let config = config(&[], text).unwrap();
    let (twilio, channels) = (config.provider.twilio.as_ref().unwrap(), &config.channels);
    let email = &channels.email.as_ref().unwrap().trust;
    let system = [&twilio.route.trust, email, &channels.webhooks[0].route.trust, &config.calendar.route.trust];
    assert!(system.iter().all(|trust| trust.authorities == Authorities::System), "{system:?}");
    assert!(matches!(authorities(&config.watcher.route), Authorities::File(file) if file.ends_with("hc.pem")));
    let proxy = Some("http://proxy.example.com:3128".to_owned());
    assert_eq!((&channels.webhooks[0].route.proxy, &config.calendar.route.proxy), (&proxy, &proxy));
    let [as_all, own_file, direct] = &config.people[0].calendars[..] else { panic!() };
    assert_eq!(as_all.route, None);
    let (own_file, direct) = (own_file.route.as_ref().unwrap(), direct.route.as_ref().unwrap());
    assert!(matches!(authorities(own_file), Authorities::File(file) if file.ends_with("b.pem")));
    assert_eq!((&own_file.proxy, authorities(direct), &direct.proxy), (&proxy, &Authorities::System, &None));
}
