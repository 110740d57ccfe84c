//! Random names and secrets, from the system's generator.

use ring::rand::{SecureRandom, SystemRandom};

/// Access key ids use the alphabet of base 32.
const BASE32: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const BASE32_HEX_LOWER: &[u8] = b"0123456789abcdefghijklmnopqrstuv";
const BASE64: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

pub(crate) fn base32(length: usize) -> String {
    pick(BASE32, length)
}

pub(crate) fn base32_hex(length: usize) -> String {
    pick(BASE32_HEX_LOWER, length)
}

pub(crate) fn digits(length: usize) -> String {
    pick(b"123456789", length)
}

pub(crate) fn base64(length: usize) -> String {
    pick(BASE64, length)
}

/// A version 4 UUID.
pub(crate) fn uuid() -> String {
    let mut bytes = bytes::<16>();
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex = hex(&bytes);
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from_digit(nibble.into(), 16).unwrap_or('?');
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// The slight bias of the remainder is harmless: nothing is protected by these values.
fn pick(alphabet: &[u8], length: usize) -> String {
    (0..length).map(|_| alphabet[usize::from(bytes::<1>()[0]) % alphabet.len()] as char).collect()
}

fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    assert!(SystemRandom::new().fill(&mut bytes).is_ok(), "the system's random generator failed");
    bytes
}
