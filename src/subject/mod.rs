//! The subject token: the JWT that the job already has, and its claims.

pub mod allowed_jobs;
pub mod claims;
mod claims_file;
mod error;
pub mod other_jobs;
mod wrapping;

use std::ffi::OsString;
use std::io::IsTerminal;
use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

pub use claims::Claims;
pub use claims_file::ClaimsFile;
pub use error::Error;

use crate::host::{Env, Host};
use crate::http::retry::Deadline;
use crate::input::{self, Fault, Kind};
use crate::json;
use crate::secret::Secret;
use crate::shell::{Name, posix};

/// The source of the token. It is never the command line, which other users can read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A variable.
    Variable(Name),
    /// A file.
    File(PathBuf),
    /// Standard input.
    Stdin,
}

impl Source {
    /// The variable that Semaphore sets: <https://docs.semaphore.io/reference/openid>.
    pub const DEFAULT_VARIABLE: &str = "SEMAPHORE_OIDC_TOKEN";

    /// The option for the source, with a space before it, for a command in a hint; empty if none is needed.
    fn option(&self) -> String {
        match self {
            Self::Variable(name) if name.as_str() == Self::DEFAULT_VARIABLE => String::new(),
            Self::Variable(name) => format!(" --token-env {name}"),
            Self::File(path) => format!(" --token-file {}", posix::word(&path.display().to_string())),
            Self::Stdin => " --token-file -".into(),
        }
    }
}

/// The token's header (RFC 7515, section 4.1). A member that is not a text counts as missing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Header {
    /// The algorithm.
    pub alg: Option<String>,
    /// The key's id.
    pub kid: Option<String>,
    /// The type of the token.
    pub typ: Option<String>,
    /// Whether it must be read by rules that this program does not support.
    pub critical: bool,
}

impl Header {
    fn new(members: &Map<String, Value>) -> Self {
        let text = |name: &str| members.get(name).and_then(Value::as_str).map(str::to_owned);
        Self { alg: text("alg"), kid: text("kid"), typ: text("typ"), critical: members.contains_key("crit") }
    }

    /// Whether it is unsigned (RFC 7519, section 6).
    fn is_unsecured(&self) -> bool {
        self.alg.as_deref() == Some("none")
    }
}

/// The token and its payload. The payload is not trusted: it is only for messages and early refusals. The provider
/// verifies the token.
#[derive(Debug)]
pub struct SubjectToken {
    jwt: Secret,
    header: Header,
    claims: Claims,
    source: Source,
}

impl SubjectToken {
    /// The token in the form for the provider.
    #[must_use]
    pub fn jwt(&self) -> &Secret {
        &self.jwt
    }

    /// Its header.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Its claims.
    #[must_use]
    pub fn claims(&self) -> &Claims {
        &self.claims
    }

    /// The option for its source, with a space before it, for a command in a hint; empty if none is needed.
    #[must_use]
    pub fn option(&self) -> String {
        self.source.option()
    }

    /// The option and its value with which a later run of this job finds the same token; `None` if only this run can
    /// read it.
    #[must_use]
    pub fn lasting_place(&self) -> Option<Vec<String>> {
        match &self.source {
            Source::Variable(name) => Some(vec!["--token-env".into(), name.to_string()]),
            Source::File(_) | Source::Stdin => self.lasting_file(),
        }
    }

    /// The same for a file that remains, unlike a pipe.
    #[must_use]
    pub fn lasting_file(&self) -> Option<Vec<String>> {
        let Source::File(path) = &self.source else { return None };
        let path = std::path::absolute(path).ok().filter(|path| path.is_file())?;
        Some(vec!["--token-file".into(), path.into_os_string().into_string().ok()?])
    }

    /// The variables of `env` that contain the token, for any source of the token.
    #[must_use]
    pub fn copies(&self, env: &Env) -> Vec<OsString> {
        let is_copy = |value: &OsString| value.to_str().is_some_and(|value| value.trim() == self.jwt.reveal());
        env.all().into_iter().filter(|(_, value)| is_copy(value)).map(|(name, _)| name).collect()
    }

    /// Whether it was read from standard input, which is then at its end.
    #[must_use]
    pub fn is_from_stdin(&self) -> bool {
        self.source == Source::Stdin
    }

    fn check_time(&self, now: i64) -> Result<(), Error> {
        match self.claims.expiry() {
            Some(expiry) if expiry.saturating_add(LEEWAY) < now => Err(Error::Expired { expiry, now }),
            _ => Ok(()),
        }
    }
}

/// The tolerated clock difference to the issuer, in seconds. Google and Vault tolerate the same.
pub(crate) const LEEWAY: i64 = 60;

/// Reads the token from `source`, before `deadline`.
///
/// # Errors
/// If it is missing, empty, not a JWT, not signed, or expired for more than [`LEEWAY`].
pub async fn read(source: &Source, host: &Host, deadline: Deadline) -> Result<SubjectToken, Error> {
    let token = look_at(source, host, deadline).await?;
    if token.header.is_unsecured() {
        return Err(Error::NotJwt { why: "it is not signed (`alg` is none)".into() });
    }
    token.check_time(host.clock.unix())?;
    Ok(token)
}

/// Parses a token that an earlier run has kept.
///
/// # Errors
/// As for [`read`].
pub fn of_text(jwt: &Secret, host: &Host) -> Result<SubjectToken, Error> {
    let token = parse(jwt.reveal(), &Source::Variable(Name::fixed(Source::DEFAULT_VARIABLE)))?;
    token.check_time(host.clock.unix())?;
    Ok(token)
}

/// Reads the token from `source`, before `deadline`, to show it. It may be expired or unsigned.
///
/// # Errors
/// If it is missing, empty, or not a JWT.
pub async fn look_at(source: &Source, host: &Host, deadline: Deadline) -> Result<SubjectToken, Error> {
    let text = match source {
        Source::Variable(name) => {
            let value = host.env.raw(name.as_str()).ok_or_else(|| Error::Absent {
                variable: name.clone(),
                in_semaphore: host.env.raw("SEMAPHORE").is_some(),
            })?;
            value.into_string().map_err(|_| Error::NotJwt { why: "it is not text".into() })?
        }
        Source::Stdin if std::io::stdin().is_terminal() => {
            return Err(Error::Unreadable { place: place(source), why: "it is a terminal".into() });
        }
        Source::File(_) | Source::Stdin => read_apart(source.clone(), deadline).await?,
    };
    parse(text.trim_start_matches('\u{feff}').trim(), source)
}

/// The text of a file or of standard input, with at most the size of [`Kind::Token`].
async fn read_apart(source: Source, deadline: Deadline) -> Result<String, Error> {
    const OPTION: &str = "--token-file";
    let from = source.clone();
    let reading = input::apart(deadline.remaining(), move |reader| match from {
        Source::File(path) => reader.text(OPTION, &path, Kind::Token),
        Source::Stdin | Source::Variable(_) => reader.stdin(OPTION, Kind::Token).and_then(input::text),
    });
    let unreadable = |why: String| Error::Unreadable { place: place(&source), why };
    let read = reading.await.map_err(|_| unreadable("it did not end before --timeout".into()))?;
    read.map_err(|fault| match fault {
        Fault::TooLarge(largest) => Error::NotJwt { why: format!("it is longer than {} KiB", largest >> 10) },
        Fault::NotText | Fault::Nul => Error::NotJwt { why: "it is not text".into() },
        Fault::Directory
        | Fault::Special
        | Fault::Link
        | Fault::NotOwn
        | Fault::OwnOutput
        | Fault::Outside
        | Fault::NotHere
        | Fault::System(_) => unreadable(fault.to_string()),
    })
}

fn place(source: &Source) -> String {
    match source {
        Source::Variable(name) => name.to_string(),
        Source::File(path) => path.display().to_string(),
        Source::Stdin => "standard input".into(),
    }
}

/// Parses `text` as a signed JWT (RFC 7519, RFC 7515 section 7.1).
fn parse(text: &str, source: &Source) -> Result<SubjectToken, Error> {
    if text.is_empty() {
        return Err(Error::Empty { place: place(source) });
    }
    let not_jwt = |why: &str| match wrapping::around(text) {
        Some((what, fix)) => Error::Wrapped { what, fix },
        None => Error::NotJwt { why: why.into() },
    };
    if text.starts_with(['"', '\'']) {
        return Err(Error::NotJwt { why: "it is wrapped in quotes".into() });
    }
    let parts: Vec<&str> = text.split('.').collect();
    let [header, payload, signature] = parts[..] else {
        let count = parts.len();
        return Err(not_jwt(&format!("a signed JWT has three parts with dots between them; this has {count}")));
    };
    let decode = |part: &str, which: &str| {
        let bytes = URL_SAFE_NO_PAD.decode(part).ok().filter(|bytes| !bytes.is_empty());
        bytes.ok_or_else(|| not_jwt(&format!("its {which} is not base64url")))
    };
    let header = decode(header, "header")?;
    let payload = decode(payload, "payload")?;
    let header = Header::new(&object(&header, "header")?);
    if !(signature.is_empty() && header.is_unsecured()) {
        decode(signature, "signature")?;
    }
    let claims = Claims::new(object(&payload, "payload")?);
    Ok(SubjectToken { jwt: Secret::new(text.to_owned()), header, claims, source: source.clone() })
}

/// The members of a part. A duplicate name is refused (RFC 7515, section 4; RFC 7519, section 4). Parsers differ in
/// which of the two they use, but the provider must read the same value as this program.
fn object(part: &[u8], which: &str) -> Result<Map<String, Value>, Error> {
    match json::parse(part) {
        Ok(Value::Object(members)) => Ok(members),
        Err(json::Fault::Twice { name, .. }) => Err(Error::NotJwt { why: format!("its {which} has `{name}` twice") }),
        Ok(_) | Err(json::Fault::NotJson(_) | json::Fault::TooLarge) => {
            Err(Error::NotJwt { why: format!("its {which} is not a JSON object") })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(payload: &str) -> String {
        format!("{}.{}.c2ln", URL_SAFE_NO_PAD.encode(r#"{"alg":"RS256"}"#), URL_SAFE_NO_PAD.encode(payload))
    }

    fn why(text: &str) -> String {
        match parse(text, &Source::Stdin) {
            Err(Error::NotJwt { why }) => why,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_token_is_taken_apart_without_trusting_it() {
        let read = parse(&token(r#"{"iss":"https://acme.semaphoreci.com","exp":2000}"#), &Source::Stdin).unwrap();
        assert_eq!(read.claims().text("iss"), Some("https://acme.semaphoreci.com"));
        assert_eq!(read.header().alg.as_deref(), Some("RS256"));
        assert!(!format!("{read:?}").contains("c2ln"));
    }

    #[test]
    fn what_is_no_jwt_is_told_why() {
        assert!(matches!(parse("", &Source::Stdin), Err(Error::Empty { .. })));
        assert_eq!(why("abc"), "a signed JWT has three parts with dots between them; this has 1");
        assert_eq!(why("a.b.c.d.e"), "a signed JWT has three parts with dots between them; this has 5");
        assert_eq!(why("\"a.b.c\""), "it is wrapped in quotes");
        assert_eq!(why("!.e30.c2ln"), "its header is not base64url");
        assert_eq!(why("e30.e30."), "its signature is not base64url");
        assert_eq!(why("e30.!!.c2ln"), "its payload is not base64url");
        assert_eq!(why("W10.e30.c2ln"), "its header is not a JSON object");
        assert_eq!(why(&token("[1]")), "its payload is not a JSON object");
        assert_eq!(why(&token("{oops")), "its payload is not a JSON object");
        assert_eq!(why(&token(r#"{"sub":"a","sub":"b"}"#)), "its payload has `sub` twice");
        assert_eq!(why(&token(r#"{"m":{"a":1,"\u0061":2}}"#)), "its payload has `a` twice");
        let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"RS256","alg":"none"}"#);
        assert_eq!(why(&format!("{header}.e30.c2ln")), "its header has `alg` twice");
    }

    #[test]
    fn a_token_that_nobody_signed_can_be_looked_at() {
        let unsecured = format!("{}.e30.", URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#));
        assert!(parse(&unsecured, &Source::Stdin).unwrap().header().is_unsecured());
        let header = parse(&token("{}"), &Source::Stdin).unwrap().header().clone();
        assert_eq!((header.alg.as_deref(), header.kid, header.critical), (Some("RS256"), None, false));
    }

    #[test]
    fn a_command_line_names_the_place_unless_it_is_the_usual_one() {
        let option = |source: Source| source.option();
        assert_eq!(option(Source::Variable(Name::fixed(Source::DEFAULT_VARIABLE))), "");
        assert_eq!(option(Source::Variable(Name::fixed("MY_TOKEN"))), " --token-env MY_TOKEN");
        assert_eq!(option(Source::File("a b".into())), " --token-file 'a b'");
        assert_eq!(option(Source::Stdin), " --token-file -");
    }

    #[test]
    fn an_expired_token_has_a_minute_of_leeway() {
        let check = |payload: &str| parse(&token(payload), &Source::Stdin).unwrap().check_time(1_000);
        assert_eq!(check(r#"{"exp":940}"#), Ok(()));
        assert_eq!(check(r#"{"exp":939}"#), Err(Error::Expired { expiry: 939, now: 1_000 }));
        assert_eq!(check("{}"), Ok(()), "whether a token without expiry is good is for the provider to say");
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text in ".{0,200}") {
            let _ = parse(&text, &Source::Stdin);
        }
    }
}
