//! Signing keys: RSA of 2048 bits, made once per process and shared by its issuers.

use std::sync::{Arc, Mutex, OnceLock};

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine};
use md5::{Digest, Md5};
use ring::rand::SystemRandom;
use ring::rsa::{KeyPair, PublicKeyComponents};
use ring::signature::RSA_PKCS1_SHA256;
use rsa::RsaPrivateKey;
use rsa::pkcs1::EncodeRsaPrivateKey;
use serde_json::{Map, Value, json};

use crate::random;
use crate::server::lock;

pub(super) struct SigningKey {
    pair: KeyPair,
    modulus: String,
    exponent: String,
    id: String,
}

/// The process's nth key: making one takes long enough to share them among issuers.
pub(super) fn shared(index: usize) -> Arc<SigningKey> {
    static KEYS: Mutex<Vec<Arc<SigningKey>>> = Mutex::new(Vec::new());
    let mut keys = lock(&KEYS);
    while keys.len() <= index {
        keys.push(Arc::new(SigningKey::generate()));
    }
    Arc::clone(&keys[index])
}

/// A key that no issuer publishes.
pub(super) fn unpublished() -> &'static SigningKey {
    static KEY: OnceLock<SigningKey> = OnceLock::new();
    KEY.get_or_init(SigningKey::generate)
}

/// A token without a signature.
pub(super) fn unsigned(header: &Value, claims: &Map<String, Value>) -> String {
    format!("{}.", unsecured(header, claims))
}

impl SigningKey {
    /// ring signs and verifies but makes no RSA keys. A sandbox without a key cannot go on: hence the panic.
    #[allow(clippy::expect_used, reason = "a freshly made key always encodes; without one there is nothing to test")]
    fn generate() -> Self {
        let key = RsaPrivateKey::new(&mut rsa::rand_core::OsRng, 2048).expect("an RSA key can be made");
        let der = key.to_pkcs1_der().expect("an RSA key can be encoded");
        let pair = KeyPair::from_der(der.as_bytes()).expect("ring reads the key");
        let public = PublicKeyComponents::<Vec<u8>>::from(pair.public());
        let modulus = BASE64_URL_SAFE_NO_PAD.encode(public.n);
        Self {
            id: random::hex(&Md5::digest(&modulus)),
            exponent: BASE64_URL_SAFE_NO_PAD.encode(public.e),
            modulus,
            pair,
        }
    }

    pub(super) fn header(&self) -> Value {
        json!({ "alg": "RS256", "kid": self.id, "typ": "JWT" })
    }

    /// As Semaphore publishes it: without `alg` and `use`.
    pub(super) fn published(&self) -> Value {
        json!({ "kty": "RSA", "n": self.modulus, "e": self.exponent, "kid": self.id })
    }

    #[allow(clippy::expect_used, reason = "a signature fails only when memory or randomness does")]
    pub(super) fn sign(&self, header: &Value, claims: &Map<String, Value>) -> String {
        let message = unsecured(header, claims);
        let mut signature = vec![0; self.pair.public().modulus_len()];
        self.pair
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message.as_bytes(), &mut signature)
            .expect("ring signs");
        format!("{message}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature))
    }
}

fn unsecured(header: &Value, claims: &Map<String, Value>) -> String {
    let claims = Value::Object(claims.clone());
    [header, &claims].map(|part| BASE64_URL_SAFE_NO_PAD.encode(part.to_string())).join(".")
}
