//! `[email]`: values that cannot be used.

use super::all;

#[test]
fn values_of_email_that_cannot_be_used_are_refused() {
    all(
        r#"
[email]
host = "https://smtp.example.com"
from = "Ana <ana@example.com>"
port = 99999
security = "ssl"
timeout = "1m"
"#,
        r#"
error: `host` is not the name of a server
 --> config.toml:2:8
  = help: write its name alone, such as "smtp.example.com"; the port goes into `port`
  = note: the line is not shown, because it may hold a secret

error: `from` is not a mail address
 --> config.toml:3:8
  = help: an e-mail address has one `@`, no spaces and no name beside it, such as ana@example.com
  = note: the line is not shown, because it may hold a secret

error: `port` cannot be `99999`
 --> config.toml:4:8
  |
4 | port = 99999
  |        ^^^^^ expected a whole number from 1 to 65535

error: unknown security `ssl`
 --> config.toml:5:12
  |
5 | security = "ssl"
  |            ^^^^^ known: "starttls", "tls", "none"

error: `timeout` cannot be 1m: one try takes some time, and no longer than `request_timeout` under [engine]
 --> config.toml:6:11
  |
6 | timeout = "1m"
  |           ^^^^ write more than 0s, at most 20s

5 problems in config.toml; nothing was done
"#,
    );
}

#[test]
fn a_mail_server_needs_a_host_and_a_sender() {
    all(
        r#"
[email]
security = "none"
"#,
        r#"
error: [email] has no `host`
 --> config.toml:1:1
  |
1 | [email]
  | ^^^^^^^ add host = "smtp.example.com"

error: [email] has no `from`
 --> config.toml:1:1
  |
1 | [email]
  | ^^^^^^^ add from = "savehub@example.com"

2 problems in config.toml; nothing was done
"#,
    );
}

#[test]
fn an_unprotected_connection_stays_on_this_machine_and_a_user_needs_a_password() {
    all(
        r#"
[email]
host = "smtp.example.com"
security = "none"
from = "savehub@example.com"
user = "ana"
"#,
        r#"
error: mail and password would go to this server unprotected
 --> config.toml:2:8
  |
2 | host = "smtp.example.com"
  |        ^^^^^^^^^^^^^^^^^^ write security = "starttls" or "tls"; "none" is for this machine alone

error: there is a `user`, but no password
 --> config.toml:5:8
  |
5 | user = "ana"
  |        ^^^^^
  |
  = help: write password_file = "…" (or _env, _command), or take `user` out

2 problems in config.toml; nothing was done
"#,
    );
}

#[test]
fn a_password_needs_a_user() {
    all(
        r#"
[email]
host = "smtp.example.com"
from = "savehub@example.com"
password_file = "pw"
passwd = 3
"#,
        r#"
error: there is `password_file`, but no `user`
 --> config.toml:4:17
  = help: write user = "…" beside it
  = note: the line is not shown, because it may hold a secret

error: unknown key `passwd`
 --> config.toml:5:1
  = help: did you mean `password`?
  = note: the line is not shown, because it may hold a secret

2 problems in config.toml; nothing was done
"#,
    );
}

#[test]
fn a_password_comes_from_one_place() {
    all(
        r#"
[email]
host = "smtp.example.com"
from = "savehub@example.com"
password = "x"
password_env = "y"
user = ""
"#,
        r#"
error: both `password` and `password_env` are given
 --> config.toml:5:16
  = help: keep one of them
  = note: the line is not shown, because it may hold a secret

error: `user` is not a name to log in with
 --> config.toml:6:8
  |
6 | user = ""
  |        ^^ write it in one line

2 problems in config.toml; nothing was done
"#,
    );
}
