//! Signing keys. RSA keys of 2048 bits are in files, because a library that makes them takes long to compile and run.
//! Keys on a curve are new in each process. No real cloud trusts an issuer on loopback, so the files contain no
//! secret.

use std::sync::{Arc, OnceLock};

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine};
use md5::{Digest, Md5};
use ring::rand::SystemRandom;
use ring::rsa::{KeyPair, PublicKeyComponents};
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_SHA256,
    RSA_PKCS1_SHA384, RSA_PKCS1_SHA512,
};
use serde_json::{Map, Value, json};

use crate::random;

pub(super) struct SigningKey {
    pair: Pair,
    alg: &'static str,
    public: Value,
    id: String,
}

enum Pair {
    Rsa(KeyPair),
    Ec(EcdsaKeyPair),
}

/// The curves of ES256 and ES384.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Curve {
    /// P-256.
    P256,
    /// P-384.
    P384,
}

/// The keys that an issuer publishes, in the order of their use (PKCS #8, DER).
const PUBLISHED: [&[u8]; 3] =
    [include_bytes!("keys/1.pk8"), include_bytes!("keys/2.pk8"), include_bytes!("keys/3.pk8")];

/// The nth key of every issuer. The list starts again after the last one.
pub(super) fn shared(index: usize) -> Arc<SigningKey> {
    static KEYS: [OnceLock<Arc<SigningKey>>; PUBLISHED.len()] = [const { OnceLock::new() }; PUBLISHED.len()];
    let index = index % PUBLISHED.len();
    Arc::clone(KEYS[index].get_or_init(|| Arc::new(SigningKey::read(PUBLISHED[index]))))
}

/// A key that no issuer publishes.
pub(super) fn unpublished() -> &'static SigningKey {
    static KEY: OnceLock<SigningKey> = OnceLock::new();
    KEY.get_or_init(|| SigningKey::read(include_bytes!("keys/unpublished.pk8")))
}

/// A token without a signature.
pub(super) fn unsigned(header: &Value, claims: &Map<String, Value>) -> String {
    format!("{}.", unsecured(header, claims))
}

impl SigningKey {
    #[allow(clippy::expect_used, reason = "the keys are part of this program")]
    fn read(pkcs8: &[u8]) -> Self {
        let pair = KeyPair::from_pkcs8(pkcs8).expect("ring reads the key");
        let public = PublicKeyComponents::<Vec<u8>>::from(pair.public());
        let modulus = BASE64_URL_SAFE_NO_PAD.encode(public.n);
        Self {
            id: random::hex(&Md5::digest(&modulus)),
            public: json!({ "kty": "RSA", "n": modulus, "e": BASE64_URL_SAFE_NO_PAD.encode(public.e) }),
            pair: Pair::Rsa(pair),
            alg: "RS256",
        }
    }

    /// A key on that curve.
    #[allow(clippy::expect_used, reason = "a freshly made key always encodes; without one there is nothing to test")]
    pub(super) fn on(curve: Curve) -> Self {
        let (name, alg, scheme) = match curve {
            Curve::P256 => ("P-256", "ES256", &ECDSA_P256_SHA256_FIXED_SIGNING),
            Curve::P384 => ("P-384", "ES384", &ECDSA_P384_SHA384_FIXED_SIGNING),
        };
        let random = SystemRandom::new();
        let der = EcdsaKeyPair::generate_pkcs8(scheme, &random).expect("a key can be made");
        let pair = EcdsaKeyPair::from_pkcs8(scheme, der.as_ref(), &random).expect("ring reads its own key");
        let point = &pair.public_key().as_ref()[1..];
        let [x, y] =
            [&point[..point.len() / 2], &point[point.len() / 2..]].map(|part| BASE64_URL_SAFE_NO_PAD.encode(part));
        Self {
            id: random::hex(&Md5::digest(&x)),
            public: json!({ "kty": "EC", "crv": name, "x": x, "y": y }),
            pair: Pair::Ec(pair),
            alg,
        }
    }

    pub(super) fn header(&self) -> Value {
        json!({ "alg": self.alg, "kid": self.id, "typ": "JWT" })
    }

    pub(super) fn alg(&self) -> &'static str {
        self.alg
    }

    /// The form in which Semaphore publishes it: without `alg` and `use`.
    pub(super) fn published(&self) -> Value {
        let mut published = self.public.clone();
        published["kid"] = self.id.as_str().into();
        published
    }

    #[allow(clippy::expect_used, reason = "a signature fails only when memory or randomness does")]
    pub(super) fn sign(&self, header: &Value, claims: &Map<String, Value>) -> String {
        let message = unsecured(header, claims);
        let random = SystemRandom::new();
        let signature = match &self.pair {
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                let encoding = match header["alg"].as_str() {
                    Some("RS384") => &RSA_PKCS1_SHA384,
                    Some("RS512") => &RSA_PKCS1_SHA512,
                    _ => &RSA_PKCS1_SHA256,
                };
                pair.sign(encoding, &random, message.as_bytes(), &mut signature).expect("ring signs");
                signature
            }
            Pair::Ec(pair) => pair.sign(&random, message.as_bytes()).expect("ring signs").as_ref().to_vec(),
        };
        format!("{message}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature))
    }
}

fn unsecured(header: &Value, claims: &Map<String, Value>) -> String {
    let claims = Value::Object(claims.clone());
    [header, &claims].map(|part| BASE64_URL_SAFE_NO_PAD.encode(part.to_string())).join(".")
}
