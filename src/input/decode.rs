//! Decodes the bytes of a file: skips a byte order mark, and converts UTF-16.

use super::Fault;

/// Converts `bytes` to UTF-8 without a byte order mark. UTF-16 is recognized by its mark, which Windows PowerShell
/// writes. Anything else is unchanged.
///
/// Source: [Unicode, section 23.8](https://www.unicode.org/versions/latest/core-spec/chapter-23/#G19635).
#[must_use]
pub fn decoded(bytes: Vec<u8>) -> Vec<u8> {
    let unit: fn([u8; 2]) -> u16 = match bytes.as_slice() {
        [0xef, 0xbb, 0xbf, rest @ ..] => return rest.to_vec(),
        [0xff, 0xfe, ..] => u16::from_le_bytes,
        [0xfe, 0xff, ..] => u16::from_be_bytes,
        _ => return bytes,
    };
    let (units, odd) = bytes[2..].as_chunks();
    let text = String::from_utf16(&units.iter().copied().map(unit).collect::<Vec<u16>>());
    match text {
        Ok(text) if odd.is_empty() => text.into_bytes(),
        _ => bytes,
    }
}

/// The same as text.
///
/// # Errors
/// If it is not UTF-8, or contains a NUL: most likely it is UTF-16 without its mark.
pub fn text(bytes: Vec<u8>) -> Result<String, Fault> {
    let text = String::from_utf8(decoded(bytes)).map_err(|_| Fault::NotText)?;
    if text.contains('\0') { Err(Fault::Nul) } else { Ok(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utf16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(bytes).collect()
    }

    #[test]
    fn a_mark_is_skipped_and_utf_16_is_read() {
        for sample in ["", "a", "{\"a\": 1}\r\n", "ключ 🔑"] {
            assert_eq!(decoded(sample.into()), sample.as_bytes());
            assert_eq!(decoded(format!("\u{feff}{sample}").into()), sample.as_bytes());
            assert_eq!(decoded(utf16(sample, u16::to_le_bytes)), sample.as_bytes());
            assert_eq!(decoded(utf16(sample, u16::to_be_bytes)), sample.as_bytes());
        }
    }

    #[test]
    fn what_is_no_text_stays_as_it_is() {
        for sample in [&b"caf\xe9"[..], b"\xff\xfea", b"\xff\xfe\x00\xd8", b"\xfe", b"\xff"] {
            assert_eq!(decoded(sample.into()), sample);
            assert!(matches!(text(sample.into()), Err(Fault::NotText)), "{sample:?}");
        }
        assert!(matches!(text(b"a\0b\0".into()), Err(Fault::Nul)));
    }

    proptest::proptest! {
        #[test]
        fn every_text_is_read_in_every_form(sample in "[^\0\u{feff}].{0,40}") {
            proptest::prop_assume!(!sample.contains('\0'));
            for bytes in [sample.clone().into_bytes(), utf16(&sample, u16::to_le_bytes), utf16(&sample, u16::to_be_bytes)] {
                proptest::prop_assert_eq!(text(bytes).unwrap(), sample.clone());
            }
        }
    }
}
