//! Independent signatures: the vectors of the Wycheproof project.
//!
//! Covered: RSA PKCS #1 v1.5 and PSS with 2,048 to 8,192 bits, ECDSA on P-256 and P-384 in JWS's form, and Ed25519. Not
//! covered: everything outside of JWS's algorithms (other digests, other salt lengths, DER signatures).

use std::fs;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use oidc_exchange::token::is_made_by;
use serde_json::{Value, json};

use crate::support::peers;

/// Files of vectors, and the algorithm that a token's header would name.
const FILES: [(&str, &str); 19] = [
    ("rsa_signature_2048_sha256", "RS256"),
    ("rsa_signature_2048_sha384", "RS384"),
    ("rsa_signature_2048_sha512", "RS512"),
    ("rsa_signature_3072_sha256", "RS256"),
    ("rsa_signature_3072_sha384", "RS384"),
    ("rsa_signature_3072_sha512", "RS512"),
    ("rsa_signature_4096_sha256", "RS256"),
    ("rsa_signature_4096_sha384", "RS384"),
    ("rsa_signature_4096_sha512", "RS512"),
    ("rsa_signature_8192_sha256", "RS256"),
    ("rsa_pss_2048_sha256_mgf1_32", "PS256"),
    ("rsa_pss_2048_sha384_mgf1_48", "PS384"),
    ("rsa_pss_3072_sha256_mgf1_32", "PS256"),
    ("rsa_pss_4096_sha256_mgf1_32", "PS256"),
    ("rsa_pss_4096_sha384_mgf1_48", "PS384"),
    ("rsa_pss_4096_sha512_mgf1_64", "PS512"),
    ("ecdsa_secp256r1_sha256_p1363", "ES256"),
    ("ecdsa_secp384r1_sha384_p1363", "ES384"),
    ("ed25519", "EdDSA"),
];

fn hex(text: &Value) -> Vec<u8> {
    let text = text.as_str().unwrap();
    let digits = if text.len().is_multiple_of(2) { text.to_owned() } else { format!("0{text}") };
    (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap()).collect()
}

/// The key of a group of vectors, as an issuer would publish it.
fn jwk(group: &Value, alg: &str) -> Value {
    let key = &group["publicKey"];
    let part = |name: &str| URL_SAFE_NO_PAD.encode(hex(&key[name]));
    // A coordinate has its curve's length. Some have a leading zero for the sign in the files.
    let coordinate = |name: &str, length: usize| {
        let bytes = hex(&key[name]);
        let kept = bytes.iter().copied().skip_while(|byte| *byte == 0).collect::<Vec<_>>();
        URL_SAFE_NO_PAD.encode([vec![0; length - kept.len()], kept].concat())
    };
    let curve = |name: &str, length| json!({ "kty": "EC", "crv": name, "x": coordinate("wx", length), "y": coordinate("wy", length) });
    match alg {
        "ES256" => curve("P-256", 32),
        "ES384" => curve("P-384", 48),
        "EdDSA" => json!({ "kty": "OKP", "crv": "Ed25519", "x": part("pk") }),
        _ => json!({ "kty": "RSA", "n": part("modulus"), "e": part("publicExponent") }),
    }
}

#[test]
fn wycheproofs_vectors_come_out_as_they_say() {
    let directory = peers::wycheproof();
    let (mut valid, mut invalid, mut acceptable) = (0, 0, 0);
    for (file, alg) in FILES {
        let text = fs::read(directory.join(format!("{file}_test.json"))).unwrap();
        let suite: Value = serde_json::from_slice(&text).unwrap();
        for group in suite["testGroups"].as_array().unwrap() {
            let key = jwk(group, alg);
            for test in group["tests"].as_array().unwrap() {
                let found = is_made_by(&key, alg, &hex(&test["msg"]), &hex(&test["sig"]));
                let context = || format!("{file} {}: {found:?}", test["tcId"]);
                match test["result"].as_str().unwrap() {
                    "valid" => {
                        valid += 1;
                        assert_eq!(found, Some(true), "{}", context());
                    }
                    "invalid" => {
                        invalid += 1;
                        assert_ne!(found, Some(true), "{}", context());
                    }
                    // Legacy forms, which implementations may accept. This one refuses them.
                    _ => {
                        acceptable += 1;
                        assert_ne!(found, Some(true), "{}", context());
                    }
                }
            }
        }
    }
    eprintln!("Wycheproof: {valid} valid, {invalid} invalid, {acceptable} acceptable");
    assert!(valid > 500 && invalid > 2_000, "{valid} {invalid}");
}
