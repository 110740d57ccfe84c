//! The texts that an answer has as base64.

use base64::Engine;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::forms::hexadecimal;

/// Accepts what any reader accepts.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// The decoded form of each base64 text in `text`, without escapes: as text, or its bytes as hexadecimal digits. Line
/// breaks within base64 are ignored.
pub(in crate::http) fn from_base64(text: &str) -> Vec<String> {
    let separates =
        |c: char| !(c.is_ascii_alphanumeric() || c.is_whitespace() || matches!(c, '+' | '/' | '-' | '_' | '\\'));
    text.split(separates).filter_map(whole_from_base64).collect()
}

/// The decoded form of `text`, as in [`from_base64`], if all of it is base64.
pub(in crate::http) fn whole_from_base64(text: &str) -> Option<String> {
    let packed = text.chars().filter(|c| !(c.is_whitespace() || *c == '\\'));
    let mut packed: String = packed
        .map(|c| {
            if c == '+' {
                '-'
            } else if c == '/' {
                '_'
            } else {
                c
            }
        })
        .collect();
    // One letter alone encodes nothing.
    if packed.len() % 4 == 1 {
        packed.pop();
    }
    let bytes = LENIENT.decode(packed).ok().filter(|bytes| !bytes.is_empty())?;
    Some(String::from_utf8(bytes).unwrap_or_else(|error| hexadecimal(error.as_bytes(), "")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_base64_text_is_decoded() {
        let texts = from_base64("{\"a\": \"QVdT\n OnB3\", \"b\":\"8J-S\\/w.cHc=.A\"}");
        assert!(["AWS:pw", "f09f92ff", "pw"].iter().all(|text| texts.iter().any(|found| found == text)), "{texts:?}");
        assert_eq!(from_base64("..: {}"), [""; 0]);
    }
}
