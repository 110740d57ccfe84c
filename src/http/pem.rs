//! Certificates and private keys in PEM (RFC 7468). Errors describe the fault, and never contain bytes of the file:
//! they may be part of a key.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rustls::pki_types::pem::{Error, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::input::decoded;

/// All certificates in `pem`; at least one.
///
/// # Errors
/// What `pem` is instead.
pub(super) fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
    let pem = decoded(pem.to_vec());
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    match found {
        Ok(found) if !found.is_empty() => Ok(found),
        Ok(_) if lost_line_breaks(&pem).is_none() => Err("holds no PEM certificate".into()),
        found => Err(format!("is not PEM: {}", fault(found.err().as_ref(), &pem))),
    }
}

/// The readable certificates in `pem`, for the system's store and for directories.
pub(super) fn readable_certificates(pem: Vec<u8>) -> Vec<CertificateDer<'static>> {
    CertificateDer::pem_slice_iter(&decoded(pem)).flatten().collect()
}

/// The private key in `pem`.
///
/// # Errors
/// As [`certificates`].
pub(super) fn private_key(pem: &[u8]) -> Result<PrivateKeyDer<'static>, String> {
    let pem = decoded(pem.to_vec());
    PrivateKeyDer::from_pem_slice(&pem).map_err(|error| match (error, lost_line_breaks(&pem)) {
        (_, Some(lost)) => format!("is not PEM: {lost}"),
        (Error::NoItemsFound, None) => "is not an unencrypted private key in PEM".into(),
        (error, None) => format!("is not PEM: {}", fault(Some(&error), &pem)),
    })
}

/// `certificates` as PEM, in lines of 64 characters.
pub(super) fn text(certificates: &[CertificateDer<'_>]) -> String {
    const LINE: usize = 64;
    let mut text = String::new();
    for certificate in certificates {
        text.push_str("-----BEGIN CERTIFICATE-----\n");
        let encoded = STANDARD.encode(certificate);
        for start in (0..encoded.len()).step_by(LINE) {
            text.push_str(&encoded[start..encoded.len().min(start + LINE)]);
            text.push('\n');
        }
        text.push_str("-----END CERTIFICATE-----\n");
    }
    text
}

/// A text for an error. The library's own text contains the invalid line.
fn fault(error: Option<&Error>, pem: &[u8]) -> &'static str {
    if let Some(lost) = lost_line_breaks(pem) {
        return lost;
    }
    match error {
        Some(Error::MissingSectionEnd { .. }) => "the last BEGIN line has no END line",
        Some(Error::IllegalSectionStart { .. }) => "a BEGIN line does not end with five hyphens",
        Some(Error::Base64Decode(_)) => "what is between a BEGIN and an END line is not base64",
        _ => "it cannot be read",
    }
}

/// Explains missing line breaks, if more text follows a BEGIN line. Some CI systems keep a variable in one line, and
/// a shell without quotes removes line breaks.
fn lost_line_breaks(pem: &[u8]) -> Option<&'static str> {
    const BEGIN: &[u8] = b"-----BEGIN ";
    let within = |text: &[u8], part: &[u8]| text.windows(part.len()).position(|window| window == part);
    pem.split(|byte| matches!(byte, b'\n' | b'\r')).find_map(|line| {
        let label = &line[within(line, BEGIN)? + BEGIN.len()..];
        let rest = label[within(label, b"-----")? + 5..].trim_ascii();
        match rest {
            [] => None,
            [b'\\', b'n' | b'r', ..] => Some("its line breaks are gone: each is a backslash and an `n`"),
            _ => Some("its line breaks are gone"),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Valid PEM, but not a certificate.
    const ONE: &str = "-----BEGIN CERTIFICATE-----\nAAECAwQF\n-----END CERTIFICATE-----\n";
    const KEY: &str = "-----BEGIN PRIVATE KEY-----\nAAECAwQF\n-----END PRIVATE KEY-----\n";

    fn why(pem: &str) -> String {
        let why = certificates(pem.as_bytes()).unwrap_err();
        assert!(!why.contains("AAEC"), "{why}");
        why
    }

    #[test]
    fn certificates_are_read_and_written() {
        let found = certificates(format!("text\n{KEY}{ONE}text\r{}", ONE.replace('\n', "\r\n")).as_bytes()).unwrap();
        assert_eq!(text(&found), format!("{ONE}{ONE}"));
        let long = CertificateDer::from(vec![7; 100]);
        let written = text(std::slice::from_ref(&long));
        assert_eq!(written.lines().map(str::len).max(), Some(64));
        assert_eq!(certificates(written.as_bytes()).unwrap(), [long]);
    }

    #[test]
    fn a_byte_order_mark_is_skipped() {
        assert!(certificates(format!("\u{feff}{ONE}").as_bytes()).is_ok());
        assert!(private_key(format!("\u{feff}{KEY}").as_bytes()).is_ok());
    }

    #[test]
    fn what_is_no_certificate_is_told_in_words() {
        let escaped = "is not PEM: its line breaks are gone: each is a backslash and an `n`";
        let gone = "is not PEM: its line breaks are gone";
        for (pem, expected) in [
            (String::new(), "holds no PEM certificate"),
            ("AAECAwQF".into(), "holds no PEM certificate"),
            (KEY.into(), "holds no PEM certificate"),
            (ONE.replace('\n', "\\n"), escaped),
            (ONE.replace('\n', "\\r\\n"), escaped),
            (KEY.replace('\n', "\\n"), escaped),
            (format!("{KEY}{ONE}").replace('\n', "\\n"), escaped),
            (ONE.replace('\n', " "), gone),
            (ONE.replace('\n', ""), gone),
            (format!("{KEY}{ONE}").replace('\n', " "), gone),
            (format!("{ONE}{}", ONE.replace('\n', " ")), gone),
            (ONE.replace("-----END", "----END"), "is not PEM: the last BEGIN line has no END line"),
            (
                ONE.replace("CERTIFICATE-----\nA", "CERTIFICATE----\nA"),
                "is not PEM: a BEGIN line does not end with five hyphens",
            ),
            (
                ONE.replace('A', "?").replace("CERTIFIC?TE", "CERTIFICATE"),
                "is not PEM: what is between a BEGIN and an END line is not base64",
            ),
        ] {
            assert_eq!(why(&pem), expected, "{pem}");
        }
    }

    #[test]
    fn what_is_no_key_is_told_in_words() {
        for (pem, expected) in [
            (String::new(), "is not an unencrypted private key in PEM"),
            (ONE.into(), "is not an unencrypted private key in PEM"),
            (KEY.replace("PRIVATE", "ENCRYPTED PRIVATE"), "is not an unencrypted private key in PEM"),
            (KEY.replace('\n', "\\n"), "is not PEM: its line breaks are gone: each is a backslash and an `n`"),
            (KEY.replace('\n', " "), "is not PEM: its line breaks are gone"),
            (KEY.replace("-----END", "----END"), "is not PEM: the last BEGIN line has no END line"),
        ] {
            assert_eq!(private_key(pem.as_bytes()).unwrap_err(), expected, "{pem}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(pem in "(-----BEGIN |-----|END |CERTIFICATE|[A \\\\n\n\r-]){0,30}") {
            let _ = (certificates(pem.as_bytes()), private_key(pem.as_bytes()));
        }
    }
}
