//! The type of all secrets, and the filters that remove secrets from messages.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};

use crate::text::printable;

/// A secret text: a token, a key, a password.
///
/// It has no `Display`, `Serialize` or `Deref`. `Debug` prints a placeholder, and the memory is zeroed on drop.
/// [`Secret::reveal`] is the only way to read it.
///
/// ```
/// use oidc_exchange::secret::Secret;
///
/// let password = Secret::new("hunter2".into());
/// assert_eq!(format!("{password:?}"), "[redacted]");
/// assert_eq!(password.reveal(), "hunter2");
/// ```
#[derive(Clone)]
pub struct Secret(SecretString);

impl Secret {
    /// Makes a secret of `text`.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(SecretString::from(text))
    }

    /// The secret itself. Every caller passes it on: to a request, or to the job's own environment.
    #[must_use]
    pub fn reveal(&self) -> &str {
        self.0.expose_secret()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

const PLACEHOLDER: &str = "[redacted]";

/// `text` with everything that looks like a JWT replaced: users paste tokens in place of names.
///
/// A JOSE header is a JSON object, so its base64url form starts with `eyJ` (RFC 7515, section 3.1).
#[must_use]
pub fn redact_jwt_shaped(text: &str) -> String {
    const MARK: &str = "eyJ";
    const SHORTEST: usize = 16;
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(MARK) {
        let (before, candidate) = rest.split_at(start);
        let end =
            candidate.find(|c: char| !(c.is_ascii_alphanumeric() || "-_.=".contains(c))).unwrap_or(candidate.len());
        out.push_str(before);
        out.push_str(if end >= SHORTEST { PLACEHOLDER } else { &candidate[..end] });
        rest = &candidate[end..];
    }
    out.push_str(rest);
    out
}

/// `text` without private keys and certificates in PEM (RFC 7468). Each is removed from its first BEGIN line to its
/// last END line, or to the end of the text. Users often set a variable for a file's name to the file's content.
#[must_use]
pub fn redact_pem(text: &str) -> String {
    const BEGIN: &str = "-----BEGIN ";
    const END: &str = "-----END ";
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, block)) = rest.split_once(BEGIN) {
        out.push_str(before);
        out.push_str(PLACEHOLDER);
        let after = block.split_once(END).map(|(_, end)| end.split_once("-----").map_or("", |(_, after)| after));
        rest = after.unwrap_or_default();
    }
    out.push_str(rest);
    out
}

/// `text` with every sequence of characters replaced that looks like a base64 key: users paste keys in place of other
/// values. Names, paths and hexadecimal digits are kept. A key changes between capitals, small letters and digits
/// more often than readable text.
#[must_use]
pub fn redact_key_shaped(text: &str) -> String {
    /// The length of an AWS secret access key, the shortest of the keys with a fixed format.
    const SHORTEST: usize = 40;
    /// The length of the last line of a key that has several lines.
    const SHORTEST_REST: usize = 16;
    let is_base64 = |c: char| c.is_ascii_alphanumeric() || "+/=".contains(c);
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let mut goes_on = false;
    while !rest.is_empty() {
        let (row, after) = rest.split_at(rest.find(|c| !is_base64(c)).unwrap_or(rest.len()));
        let is_key = row.len() >= SHORTEST && is_random(row) || row.len() >= SHORTEST_REST && goes_on;
        out.push_str(if is_key { PLACEHOLDER } else { row });
        let (between, next) = after.split_at(after.find(is_base64).unwrap_or(after.len()));
        out.push_str(between);
        goes_on = is_key && between.chars().all(char::is_whitespace);
        rest = next;
    }
    out
}

/// Whether neighbours in `row` are of different kinds as often as in random base64 (two of three).
fn is_random(row: &str) -> bool {
    let kind = |byte: &u8| (byte.is_ascii_uppercase(), byte.is_ascii_lowercase(), byte.is_ascii_digit());
    let has = |is: fn(&u8) -> bool| row.as_bytes().iter().any(is);
    let changes = row.as_bytes().windows(2).filter(|pair| kind(&pair[0]) != kind(&pair[1])).count();
    has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase) && has(u8::is_ascii_digit) && changes * 5 > row.len() * 2
}

/// `text` with the user name and the password of each address replaced. A password may contain `/`, which must be
/// encoded there. Digits before it are a port.
#[must_use]
pub fn redact_userinfo(text: &str) -> String {
    const MARK: &str = "://";
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let mut is_quoted = false;
    while let Some((before, address)) = rest.split_once(MARK) {
        is_quoted ^= before.matches('`').count() % 2 == 1;
        let (address, after) = address.split_at(address_end(address, is_quoted));
        out.extend([before, MARK]);
        let is_user = |user: &str| !user.contains('/') || has_password(user);
        match address.rsplit_once('@').filter(|(user, _)| is_user(user)) {
            Some((_, host)) => out.extend([PLACEHOLDER, "@", host]),
            None => out.push_str(address),
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

/// Where an address ends, in bytes. Messages put a value into backticks: it ends at the closing one, and a password in it
/// may have spaces and backticks.
fn address_end(text: &str, is_quoted: bool) -> usize {
    let closes = |at: usize| text[at + 1..].chars().next().is_none_or(|c| c.is_whitespace() || ".,:;)".contains(c));
    let ends = |(at, c): &(usize, char)| c.is_whitespace() || *c == '"' || (*c == '`' && (!is_quoted || closes(*at)));
    let word = text.char_indices().find(ends).map_or(text.len(), |(at, _)| at);
    if is_quoted && has_password(&text[..word]) {
        text.match_indices('`').map(|(at, _)| at).find(|at| closes(*at)).unwrap_or(text.len())
    } else {
        word
    }
}

/// Whether an address starts with a name, a colon and something else than a port.
fn has_password(address: &str) -> bool {
    let start = address.split('/').next().unwrap_or_default();
    start.split_once(':').is_some_and(|(_, port)| !port.bytes().all(|byte| byte.is_ascii_digit()))
}

/// `text` that is safe to show in a log and a terminal ([`printable`]), without token-shaped parts, PEM and passwords
/// of addresses. It is for texts from others: a policy, a claim, the command line.
///
/// ```
/// use oidc_exchange::secret::sanitized;
///
/// let line = "no variable eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln\u{1b}[2J";
/// assert_eq!(sanitized(line), "no variable [redacted][2J");
/// ```
#[must_use]
pub fn sanitized(text: &str) -> String {
    // Invisible characters go first, because they could hide a token.
    redact_userinfo(&redact_jwt_shaped(&redact_pem(&printable(text))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_says_nothing() {
        assert_eq!(format!("{:?}", Secret::new("hunter2".into())), "[redacted]");
    }

    #[test]
    fn jwt_shaped_text_goes_and_the_rest_stays() {
        let text = "no variable 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln' here";
        assert_eq!(redact_jwt_shaped(text), "no variable '[redacted]' here");
        assert_eq!(redact_jwt_shaped("eyJ is a short word"), "eyJ is a short word");
    }

    #[test]
    fn pem_goes_and_the_rest_stays() {
        let key = "-----BEGIN PRIVATE KEY-----\nMIGH\n-----END PRIVATE KEY-----";
        assert_eq!(sanitized(&format!("cannot read {key}: no such file")), "cannot read [redacted]: no such file");
        assert_eq!(sanitized(&format!("{key}{key} twice")), "[redacted][redacted] twice");
        assert_eq!(sanitized(&key[..40]), "[redacted]", "cut");
        assert_eq!(sanitized("-----END CERTIFICATE-----"), "-----END CERTIFICATE-----");
    }

    #[test]
    fn passwords_of_addresses_go_and_the_rest_stays() {
        for (text, expected) in [
            ("`https://u:p@h:1/x` is no host", "`https://[redacted]@h:1/x` is no host"),
            ("http://token@h", "http://[redacted]@h"),
            ("http://jdoe:x@Summer2026/9@proxy:3128 'b'", "http://[redacted]@proxy:3128 'b'"),
            ("https://u:a/b@c@h, ftp://u:p@i", "https://[redacted]@h, ftp://[redacted]@i"),
            ("'https://u:it's@h'", "'https://[redacted]@h'"),
            ("`https://u:my pass@h` is no host", "`https://[redacted]@h` is no host"),
            ("`https://u:a`b \"c@h`, `d`", "`https://[redacted]@h`, `d`"),
            ("`a`: `https://u:p@h`", "`a`: `https://[redacted]@h`"),
        ] {
            assert_eq!(redact_userinfo(text), expected);
        }
        for plain in [
            "https://h:8443/v1/a@b",
            "docker://h/web@sha256:00",
            "https://h and a@b",
            "`run https://h --account a@b`",
            "`https://h:80 --account a@b`",
            "a@b",
            "://",
            "https://h/deploy@p.iam.gserviceaccount.com",
        ] {
            assert_eq!(redact_userinfo(plain), plain);
        }
    }

    #[test]
    fn keys_go_and_names_stay() {
        let key = "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgevZzL1gdAFr88hb2";
        assert_eq!(redact_key_shaped(&format!("`{key}` is no region")), "`[redacted]` is no region");
        assert_eq!(redact_key_shaped("k7Qp2Vx9LmN4bT1Zy/8cW5uHs0EaJ3oGfD6iKqXv!"), "[redacted]!");
        for name in [
            "projects/123456/locations/global/workloadIdentityPools/sandbox-ci/providers/semaphore",
            "arn:aws:iam::123456789012:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_AdministratorAccess_0123456789abcdef",
            "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
            "/home/semaphore/MyCompany/ProductionDeployment2026/certificates/RootAuthority2.pem",
            "org:acme:project:936a5312-a3b8-4921-8b3f-2cec8baac574:repo:web:ref_type:branch:ref:refs/heads/JIRA1234FixEverything",
            "InvalidIdentityTokenExceptionFromTheAssumeRoleWithWebIdentityCallOfVersion20110615",
        ] {
            assert_eq!(redact_key_shaped(name), name);
        }
    }

    proptest::proptest! {
        #[test]
        fn random_base64_goes(bytes in proptest::collection::vec(proptest::num::u8::ANY, 48..400)) {
            use base64::Engine;
            let key = base64::engine::general_purpose::STANDARD.encode(bytes);
            proptest::prop_assume!(is_random(&key));
            proptest::prop_assert_eq!(redact_key_shaped(&format!("AWS_REGION: {key}")), "AWS_REGION: [redacted]");
        }
    }
}
