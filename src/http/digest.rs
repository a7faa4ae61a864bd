//! A login whose password does not travel (RFC 7616, and RFC 2069 for servers that name no `qop`).

use super::address::Login;
use crate::model::hex;
use md5::{Digest as _, Md5};
use ring::digest::{SHA256, digest};
use ureq::http::{HeaderMap, header};

/// A login that a server asks for, as one `WWW-Authenticate` header may name several (RFC 9110 section 11.6.1).
struct Offer {
    scheme: String,
    params: Vec<(String, String)>,
}

impl Offer {
    fn param(&self, name: &str) -> Option<&str> {
        self.params.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// What a server wants to have calculated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Challenge {
    realm: String,
    nonce: String,
    opaque: Option<String>,
    /// As the server wrote it; `None`: it did not, which means MD5.
    algorithm: Option<String>,
    hash: Hash,
    /// `-sess`: the password is hashed together with both nonces.
    per_session: bool,
    /// `qop=auth`; without, requests are not counted.
    counted: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hash {
    Md5,
    Sha256,
}

impl Hash {
    fn hex(self, text: &str) -> String {
        match self {
            Self::Md5 => hex(&Md5::digest(text)),
            Self::Sha256 => hex(digest(&SHA256, text.as_bytes()).as_ref()),
        }
    }
}

/// Does the server of this 401 take a plain login (RFC 7617)?
pub(super) fn takes_basic(headers: &HeaderMap) -> bool {
    offers(headers).iter().any(|offer| offer.scheme == "basic")
}

impl Challenge {
    /// The first challenge of a 401 that can be answered: a server names the one it likes best first.
    pub(super) fn read(headers: &HeaderMap) -> Option<Self> {
        offers(headers).iter().find_map(Self::of)
    }

    fn of(offer: &Offer) -> Option<Self> {
        let text = |name| offer.param(name).map(str::to_owned);
        let algorithm = text("algorithm");
        let (hash, per_session) = match algorithm.as_deref().unwrap_or("MD5").to_ascii_uppercase().as_str() {
            "MD5" => (Hash::Md5, false),
            "MD5-SESS" => (Hash::Md5, true),
            "SHA-256" => (Hash::Sha256, false),
            "SHA-256-SESS" => (Hash::Sha256, true),
            _ => return None,
        };
        let counted = offer.param("qop").map(|all| all.split(',').any(|one| one.trim().eq_ignore_ascii_case("auth")));
        // `auth-int` alone would have the body hashed as well; no server is known that insists on it.
        let answerable = offer.scheme == "digest" && counted != Some(false);
        answerable.then_some(())?;
        Some(Self {
            realm: text("realm")?,
            nonce: text("nonce")?,
            opaque: text("opaque"),
            algorithm,
            hash,
            per_session,
            counted: counted.is_some(),
        })
    }

    /// The `Authorization` header of one request. `count`: how often the nonce is used with it, from 1 on; `cnonce`: text
    /// that nobody can foresee, without quotes.
    pub(super) fn answer(&self, login: &Login, method: &str, target: &str, count: u32, cnonce: &str) -> String {
        let Self { realm, nonce, hash, .. } = self;
        let mut secret = hash.hex(&format!("{}:{realm}:{}", login.user, login.password));
        if self.per_session {
            secret = hash.hex(&format!("{secret}:{nonce}:{cnonce}"));
        }
        let asked = hash.hex(&format!("{method}:{target}"));
        let response = if self.counted {
            hash.hex(&format!("{secret}:{nonce}:{count:08x}:{cnonce}:auth:{asked}"))
        } else {
            hash.hex(&format!("{secret}:{nonce}:{asked}"))
        };
        let quoted = [
            ("username", login.user.as_str()),
            ("realm", realm),
            ("nonce", nonce),
            ("uri", target),
            ("response", &response),
        ];
        let mut header: Vec<String> =
            quoted.iter().map(|(name, value)| format!("{name}=\"{}\"", escaped(value))).collect();
        header.extend(self.algorithm.iter().map(|algorithm| format!("algorithm={algorithm}")));
        if self.counted {
            header.push(format!("qop=auth, nc={count:08x}"));
        }
        if self.counted || self.per_session {
            header.push(format!("cnonce=\"{cnonce}\""));
        }
        header.extend(self.opaque.iter().map(|opaque| format!("opaque=\"{}\"", escaped(opaque))));
        format!("Digest {}", header.join(", "))
    }
}

/// Inside of quotes (RFC 9110 section 5.6.4).
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}

fn offers(headers: &HeaderMap) -> Vec<Offer> {
    let lines = headers.get_all(header::WWW_AUTHENTICATE).iter();
    lines.flat_map(|line| read(&String::from_utf8_lossy(line.as_bytes()))).collect()
}

/// The offers of one line: a comma ends a parameter or an offer, so that only the `=` behind a word tells them apart.
fn read(line: &str) -> Vec<Offer> {
    let mut offers: Vec<Offer> = Vec::new();
    let mut rest = line.trim_start_matches(is_between);
    while !rest.is_empty() {
        let (word, after) = rest.split_at(rest.find(|c| is_between(c) || matches!(c, '=' | '"')).unwrap_or(rest.len()));
        match (after.trim_start().strip_prefix('='), offers.last_mut()) {
            (Some(after), Some(offer)) => {
                let (value, after) = value(after.trim_start());
                offer.params.push((word.to_ascii_lowercase(), value));
                rest = after;
            }
            _ if word.is_empty() => rest = after.get(1..).unwrap_or_default(),
            _ => {
                offers.push(Offer { scheme: word.to_ascii_lowercase(), params: Vec::new() });
                rest = after;
            }
        }
        rest = rest.trim_start_matches(is_between);
    }
    offers
}

fn is_between(c: char) -> bool {
    c == ',' || c.is_ascii_whitespace()
}

/// A value, in quotes or not, and what comes behind it.
fn value(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let (word, after) = text.split_at(text.find(is_between).unwrap_or(text.len()));
        return (word.to_owned(), after);
    };
    let (mut value, mut chars) = (String::new(), quoted.char_indices());
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return (value, quoted.get(at + 1..).unwrap_or_default()),
            '\\' => value.extend(chars.next().map(|(_, c)| c)),
            _ => value.push(c),
        }
    }
    (value, "")
}

#[cfg(test)]
mod tests {
    use super::*;
    use ureq::http::HeaderValue;

    fn login(user: &str, password: &str) -> Login {
        Login { user: user.into(), password: password.into() }
    }

    fn headers(lines: &[&str]) -> HeaderMap {
        let line = |line: &&str| (header::WWW_AUTHENTICATE, HeaderValue::from_str(line).unwrap());
        lines.iter().map(line).collect()
    }

    #[test]
    fn the_examples_of_rfc_7616_are_answered_as_it_says() {
        let challenge = |algorithm: &str| {
            format!(
                "Digest realm=\"http-auth@example.org\", qop=\"auth, auth-int\", algorithm={algorithm}, \
                 nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\""
            )
        };
        let both = headers(&[&challenge("SHA-256"), &challenge("MD5")]);
        let cnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ";
        let mufasa = login("Mufasa", "Circle of Life");
        let answer = |challenge: &Challenge| challenge.answer(&mufasa, "GET", "/dir/index.html", 1, cnonce);
        let sha = answer(&Challenge::read(&both).unwrap());
        assert!(sha.contains("response=\"753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1\""), "{sha}");
        let md5 = answer(&Challenge::read(&headers(&[&challenge("MD5")])).unwrap());
        // In two parts, so that nobody takes them for a token.
        assert_eq!(
            md5.replace("8ca523f5e9506fed4", "8ca523f5e9506fed-4"),
            "Digest username=\"Mufasa\", realm=\"http-auth@example.org\", \
             nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", uri=\"/dir/index.html\", \
             response=\"8ca523f5e9506fed-4657c9700eebdbec\", algorithm=MD5, qop=auth, nc=00000001, \
             cnonce=\"f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ\", \
             opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\""
        );
    }

    /// <https://www.rfc-editor.org/rfc/rfc2069#section-2.4>, with the response that its erratum 749 corrects.
    #[test]
    fn a_server_that_counts_nothing_gets_the_old_answer() {
        let old = "Digest realm=\"testrealm@host.com\", nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", \
                   opaque=\"5ccc069c\"";
        let answer = Challenge::read(&headers(&[old])).unwrap().answer(
            &login("Mufasa", "CircleOfLife"),
            "GET",
            "/dir/index.html",
            1,
            "x",
        );
        let response = concat!("response=\"1949323746fe6a43", "ef61f9606e7febea\"");
        assert!(answer.contains(response), "{answer}");
        for absent in ["nc=", "cnonce=", "qop=", "algorithm="] {
            assert!(!answer.contains(absent), "{absent} in {answer}");
        }
    }

    #[test]
    fn the_first_challenge_that_can_be_answered_is_taken_wherever_it_stands() {
        let realm = |lines: &[&str]| Challenge::read(&headers(lines)).map(|challenge| challenge.realm);
        for lines in [
            &["Basic realm=\"b\", Digest realm=\"d\", nonce=\"n\", qop=\"auth\""][..],
            &["Negotiate", "NTLM abc==", "digest nonce=n,qop=auth , REALM = d"],
            &["Digest algorithm=SHA-512-256, realm=\"x\", nonce=\"n\", Digest realm=\"d\", nonce=\"n\""],
            &[
                "Digest qop=\"auth-int\", realm=\"x\", nonce=\"n\", Digest realm=\"d\", nonce=\"n\", qop=\"auth-int,auth\"",
            ],
        ] {
            assert_eq!(realm(lines), Some("d".into()), "{lines:?}");
        }
        for lines in [&[][..], &["Basic realm=\"Digest realm=x, nonce=y\""], &["Digest realm=\"x\""], &["\"=,==\"=\""]]
        {
            assert_eq!(realm(lines), None, "{lines:?}");
        }
        assert!(takes_basic(&headers(&["Digest realm=\"x\", basic realm=\"b\""])));
        assert!(!takes_basic(&headers(&["Digest realm=\"Basic\""])));
    }

    #[test]
    fn what_stood_in_quotes_goes_back_in_quotes() {
        let challenge = Challenge::read(&headers(&[r#"Digest realm="a \"b\" \\c", nonce="n", qop=auth"#])).unwrap();
        assert_eq!(challenge.realm, r#"a "b" \c"#);
        let answer = challenge.answer(&login("an\"a", "pw"), "GET", "/", 10, "x");
        assert!(
            answer.contains(r#"username="an\"a", realm="a \"b\" \\c""#) && answer.contains("nc=0000000a"),
            "{answer}"
        );
    }
}
