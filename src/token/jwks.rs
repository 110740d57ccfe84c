//! Parses an issuer's published keys (RFC 7517), and selects the token's key.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use super::algorithm::{Algorithm, ED25519_NAME, Scheme};
use super::issuer::{Page, quoted};
use super::provider_errors::on;
use crate::cloud::TokenFault;
use crate::explanation::{Check, Mark};
use crate::subject::Header;

/// A key. Members of private keys are ignored.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Jwk {
    kid: Option<String>,
    /// `use`: signatures, or something else.
    purpose: Option<String>,
    /// `key_ops`: the allowed operations.
    operations: Option<Vec<String>>,
    alg: Option<String>,
    pub(super) key: Key,
}

/// The key material (RFC 7518, section 6).
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Key {
    /// An RSA key, without leading zeros.
    Rsa { n: Vec<u8>, e: Vec<u8> },
    /// A point on a curve, uncompressed.
    Ec { curve: &'static str, point: Vec<u8> },
    /// A point on Ed25519 (RFC 8037, section 2).
    Ed25519(Vec<u8>),
    /// A key on a curve that is not supported.
    Unchecked { curve: String },
    /// Another key, or an invalid one; its description.
    Other(String),
}

/// The minimum is from RFC 7518, section 3.3; the maximum is that of ring.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;

impl Jwk {
    pub(super) fn read(value: &Value) -> Self {
        let text = |name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
        let operations = value.get("key_ops").and_then(Value::as_array);
        let operations =
            operations.map(|list| list.iter().filter_map(Value::as_str).map(str::to_owned).collect::<Vec<_>>());
        Self { kid: text("kid"), purpose: text("use"), operations, alg: text("alg"), key: Key::read(value) }
    }

    /// Why it cannot have made such a signature.
    pub(super) fn unfit(&self, alg: &str) -> Option<String> {
        if self.purpose.as_deref().is_some_and(|purpose| purpose != "sig") {
            return Some("it is not published for signatures (`use`)".into());
        }
        if self.operations.as_ref().is_some_and(|operations| !operations.iter().any(|one| one == "verify")) {
            return Some("it is not published for verifying (`key_ops`)".into());
        }
        // RFC 9864 defines another name for EdDSA on this curve.
        let general = |name: &str| if name == ED25519_NAME { "EdDSA".to_owned() } else { name.to_owned() };
        if let Some(own) = self.alg.as_deref().filter(|own| general(own) != general(alg)) {
            return Some(format!("it is published for {}", quoted(own)));
        }
        let one_on = |curve: &str| Some(format!("{alg} requires a key on {curve}"));
        match (&self.key, Algorithm::named(alg)) {
            (Key::Other(what), _) => Some(format!("it is {what}")),
            (_, Algorithm::Unsound) | (Key::Ed25519(_), Algorithm::Known(Scheme::Edwards)) => None,
            (Key::Rsa { n, .. }, Algorithm::Known(Scheme::Rsa(_))) => (!RSA_BITS.contains(&bits(n)))
                .then(|| format!("a key must have {} to {} bits", RSA_BITS.start(), RSA_BITS.end())),
            (Key::Rsa { .. }, _) | (_, Algorithm::Known(Scheme::Rsa(_))) => {
                Some(format!("{alg} requires another kind of key"))
            }
            (Key::Ec { curve, .. }, Algorithm::Known(Scheme::Ec { curve: wanted, .. })) if *curve == wanted => None,
            (Key::Unchecked { curve }, Algorithm::Known(Scheme::Edwards)) if curve == "Ed448" && alg == "EdDSA" => None,
            (Key::Unchecked { curve }, Algorithm::Unknown(wanted)) if curve == wanted => None,
            (_, Algorithm::Known(Scheme::Ec { curve, .. }) | Algorithm::Unknown(curve)) => one_on(curve),
            (_, Algorithm::Known(Scheme::Edwards)) => one_on(ED25519_NAME),
        }
    }

    fn words(&self) -> String {
        match &self.key {
            Key::Rsa { n, .. } => format!("an RSA key of {} bits", bits(n)),
            Key::Ec { curve, .. } => format!("a key on {curve}"),
            Key::Ed25519(_) => format!("a key on {ED25519_NAME}"),
            Key::Unchecked { curve } => format!("a key on {curve}"),
            Key::Other(_) => "a key that can be used here".into(),
        }
    }
}

impl Key {
    fn read(value: &Value) -> Self {
        let part = |name: &str| {
            let bytes = value.get(name).and_then(Value::as_str).and_then(|text| URL_SAFE_NO_PAD.decode(text).ok());
            bytes.filter(|bytes| !bytes.is_empty())
        };
        let broken = || Self::Other("not whole: a part of it is missing or not base64url".into());
        let curve = value.get("crv").and_then(Value::as_str).unwrap_or_default();
        match value.get("kty").and_then(Value::as_str).unwrap_or_default() {
            "RSA" => match (part("n"), part("e")) {
                // Some issuers write a zero byte for the sign before the number.
                (Some(n), Some(e)) => Self::Rsa { n: trimmed(n), e: trimmed(e) },
                _ => broken(),
            },
            "EC" => {
                let (curve, length) = match curve {
                    "P-256" => ("P-256", 32),
                    "P-384" => ("P-384", 48),
                    other => return Self::Unchecked { curve: quoted(other).to_string() },
                };
                match (part("x"), part("y")) {
                    (Some(x), Some(y)) if x.len() == length && y.len() == length => {
                        Self::Ec { curve, point: [&[4], x.as_slice(), y.as_slice()].concat() }
                    }
                    _ => broken(),
                }
            }
            "OKP" if curve == ED25519_NAME => {
                part("x").filter(|point| point.len() == 32).map_or_else(broken, Self::Ed25519)
            }
            "OKP" => Self::Unchecked { curve: quoted(curve).to_string() },
            other => Self::Other(format!("of the kind \"{}\"", quoted(other))),
        }
    }
}

fn trimmed(number: Vec<u8>) -> Vec<u8> {
    number.into_iter().skip_while(|byte| *byte == 0).collect()
}

fn bits(n: &[u8]) -> usize {
    n.first().map_or(0, |first| n.len() * 8 - first.leading_zeros() as usize)
}

/// The entries of a key set.
fn entries(set: &Map<String, Value>) -> Option<&Vec<Value>> {
    set.get("keys")?.as_array()
}

/// The most keys with the same id for which the report states why they do not match.
const TOLD: usize = 16;

/// Selects the token's keys among those at `address`.
pub(super) fn check(page: &Page, address: &str, header: &Header) -> (Check, Vec<Jwk>) {
    let title = format!("keys at {address}");
    let set = match page.json() {
        Ok(set) => set,
        Err((mark, why)) => return (on(TokenFault::NoKeys, Check::new(mark, title).fact("because", why)), Vec::new()),
    };
    let Some(entries) = entries(&set) else {
        let check = Check::new(Mark::Fails, title).fact("because", "it holds no list `keys`");
        return (on(TokenFault::NoKeys, check), Vec::new());
    };
    let alg = header.alg.as_deref().unwrap_or_default();
    let (named, mut own): (Check, Vec<Jwk>) = match &header.kid {
        None => {
            // There may be many keys: those that cannot match are dropped.
            let keys = entries.iter().map(Jwk::read).filter(|key| key.unfit(alg).is_none()).collect();
            let check = Check::new(Mark::Fails, "the token names its key")
                .fact("because", "its header has no `kid`, and an issuer's keys rotate");
            (on(TokenFault::NoKeyNamed, check), keys)
        }
        Some(kid) => {
            let own = entries.iter().filter(|entry| entry.get("kid").and_then(Value::as_str) == Some(kid));
            let own: Vec<Jwk> = own.map(Jwk::read).collect();
            let check = if own.is_empty() {
                let check = Check::new(Mark::Fails, format!("the token's key is published: {kid}"));
                let because = format!(
                    "it is not among the {} there; keys rotate, and a token with a removed key stays invalid: a new job gets a new token",
                    entries.len()
                );
                on(TokenFault::KeyNotPublished, check.fact("because", because))
            } else {
                Check::new(Mark::Holds, format!("the token's key is published: {kid}"))
            };
            (check, own)
        }
    };
    let mut parts = vec![named];
    if header.kid.is_some() {
        // Keys of different kinds may have the same id (RFC 7517, section 4.5). If one matches, the others are not
        // faults.
        let fits = own.iter().any(|key| key.unfit(alg).is_none());
        let told = own.iter().filter_map(|key| match key.unfit(alg) {
            None => Some(Check::new(Mark::Holds, format!("it is {}", key.words()))),
            Some(_) if fits => None,
            Some(why) => Some(Check::new(Mark::Fails, format!("it is {}", key.words())).fact("because", why)),
        });
        parts.extend(told.take(TOLD));
    }
    own.retain(|key| key.unfit(alg).is_none());
    (Check::all(title, parts), own)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn key(value: &Value) -> Jwk {
        Jwk::read(value)
    }

    #[test]
    fn a_key_is_read_without_alg_and_use() {
        let n = URL_SAFE_NO_PAD.encode([&[0, 0x80][..], &[1; 255]].concat());
        let rsa = key(&json!({ "kty": "RSA", "n": n, "e": "AQAB", "kid": "a" }));
        assert_eq!((rsa.words().as_str(), rsa.unfit("RS256")), ("an RSA key of 2048 bits", None));
        assert!(rsa.unfit("ES256").is_some());
        let point = URL_SAFE_NO_PAD.encode([7; 32]);
        let ec = key(&json!({ "kty": "EC", "crv": "P-256", "x": point, "y": point }));
        assert_eq!((ec.words().as_str(), ec.unfit("ES256")), ("a key on P-256", None));
        assert!(ec.unfit("ES384").is_some() && ec.unfit("RS256").is_some());
    }

    #[test]
    fn a_key_that_cannot_have_signed_is_told_why() {
        let n = |bytes: usize| URL_SAFE_NO_PAD.encode(vec![0xff; bytes]);
        let unfit = |value: &Value| key(value).unfit("RS256").unwrap();
        assert_eq!(unfit(&json!({ "kty": "RSA", "n": n(128), "e": "AQAB" })), "a key must have 2048 to 8192 bits");
        assert_eq!(
            unfit(&json!({ "kty": "RSA", "n": n(256), "e": "AQAB", "use": "enc" })),
            "it is not published for signatures (`use`)"
        );
        assert_eq!(
            unfit(&json!({ "kty": "RSA", "n": n(256), "e": "AQAB", "alg": "RS512" })),
            "it is published for RS512"
        );
        for broken in [json!({ "kty": "RSA", "n": "!" }), json!({ "kty": "EC", "crv": "P-256", "x": "AA", "y": "AA" })]
        {
            assert!(unfit(&broken).starts_with("it is not whole"));
        }
        assert!(
            unfit(&json!({ "kty": "RSA", "n": n(256), "e": "AQAB", "key_ops": ["encrypt"] })).ends_with("(`key_ops`)")
        );
        assert_eq!(unfit(&json!({ "kty": "oct", "k": "AA" })), "it is of the kind \"oct\"");
        assert_eq!(unfit(&json!(3)), "it is of the kind \"\"");
        assert_eq!(unfit(&json!({ "kty": "RSA", "n": "AAAA", "e": "AQAB" })), "a key must have 2048 to 8192 bits");
    }

    proptest::proptest! {
        #[test]
        fn no_key_makes_the_reader_panic(kty in "RSA|EC|x", crv in "P-256|P-384|x", n in "[A-Za-z0-9_=!-]{0,90}", alg in "RS256|ES256|ES384|none|") {
            let value = json!({ "keys": [{ "kty": kty, "crv": crv, "n": n, "e": n, "x": n, "y": n, "kid": 3, "use": n }] });
            for key in entries(value.as_object().unwrap()).unwrap().iter().map(Jwk::read) {
                let _ = (key.unfit(&alg), key.words());
            }
        }
    }
}
