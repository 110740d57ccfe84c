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
    let pem = labelled(decoded(pem.to_vec()));
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    if let (Ok([]) | Err(_), Some(other)) = (found.as_deref(), other_form(&pem)) {
        return Err(other.into());
    }
    if is_encoded_again(&pem) {
        return Err(ENCODED_AGAIN.into());
    }
    match found {
        Ok(found) if !found.is_empty() => Ok(found),
        Ok(_) if lost_line_breaks(&pem).is_none() => Err("holds no PEM certificate".into()),
        found => Err(format!("is not PEM: {}", fault(found.err().as_ref(), &pem))),
    }
}

/// The readable certificates in `pem`, for the system's store and for directories.
pub(super) fn readable_certificates(pem: Vec<u8>) -> Vec<CertificateDer<'static>> {
    CertificateDer::pem_slice_iter(&labelled(decoded(pem))).flatten().collect()
}

/// `pem` with the usual label in place of an old one with the same content, `X509 CERTIFICATE`.
fn labelled(pem: Vec<u8>) -> Vec<u8> {
    const OLD: &[u8] = b" X509 CERTIFICATE-----";
    let Some(mut next) = position(&pem, OLD) else { return pem };
    let (mut text, mut rest) = (Vec::with_capacity(pem.len()), pem.as_slice());
    loop {
        text.extend_from_slice(&rest[..next]);
        text.extend_from_slice(b" CERTIFICATE-----");
        rest = &rest[next + OLD.len()..];
        match position(rest, OLD) {
            Some(more) => next = more,
            None => break,
        }
    }
    text.extend_from_slice(rest);
    text
}

/// The form of certificates that are not PEM, or PEM of another kind, with the command that converts them. OpenSSL's
/// `TRUSTED CERTIFICATE` may also contain a use that the certificate is not trusted for, which would be lost.
fn other_form(file: &[u8]) -> Option<&'static str> {
    const LONG: u8 = 0x80;
    if let [0x30, length, rest @ ..] = file {
        let lengths = if *length > LONG { usize::from(length - LONG) } else { 0 };
        return match rest.get(lengths..)? {
            [0x30, ..] => Some("is DER, not PEM; convert it with: openssl x509 -inform DER -in FILE -out FILE.pem"),
            [2, 1, 3, ..] => {
                Some("is PKCS #12, not PEM; convert it with: openssl pkcs12 -nokeys -in FILE -out FILE.pem")
            }
            [6, 9, ..] => Some(
                "is PKCS #7, not PEM; convert it with: openssl pkcs7 -inform DER -print_certs -in FILE -out FILE.pem",
            ),
            _ => None,
        };
    }
    if position(file, b"-----BEGIN TRUSTED CERTIFICATE-----").is_some() {
        return Some("holds a TRUSTED CERTIFICATE of OpenSSL; convert it with: openssl x509 -in FILE -out FILE.pem");
    }
    let pkcs7 = position(file, b"-----BEGIN PKCS7-----").is_some();
    pkcs7.then_some(
        "holds PKCS #7, not certificates; convert it with: openssl pkcs7 -print_certs -in FILE -out FILE.pem",
    )
}

/// Where `part` begins. Its first byte must be rare in PEM, as a hyphen or a space is: a system's store is 200 KB.
fn position(text: &[u8], part: &[u8]) -> Option<usize> {
    let first = *part.first()?;
    memchr::memchr_iter(first, text).find(|at| text[*at..].starts_with(part))
}

/// The private key in `pem`.
///
/// # Errors
/// As [`certificates`].
pub(super) fn private_key(pem: &[u8]) -> Result<PrivateKeyDer<'static>, String> {
    const OTHER: &str = "is not an unencrypted private key in PEM";
    let pem = decoded(pem.to_vec());
    PrivateKeyDer::from_pem_slice(&pem).map_err(|error| match (error, lost_line_breaks(&pem)) {
        (_, Some(lost)) => format!("is not PEM: {lost}"),
        (Error::NoItemsFound, None) if is_encoded_again(&pem) => ENCODED_AGAIN.into(),
        (Error::NoItemsFound, None) => OTHER.into(),
        // OpenSSL's older form of an encrypted key has headers (RFC 1421).
        (Error::Base64Decode(_), None) if position(&pem, b",ENCRYPTED").is_some() => OTHER.into(),
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
        Some(Error::MissingSectionEnd { .. }) if is_indented(pem) => "the END line is indented",
        Some(Error::MissingSectionEnd { .. }) => "the last BEGIN line has no END line",
        Some(Error::IllegalSectionStart { .. }) => "a BEGIN line does not end with five hyphens",
        Some(Error::Base64Decode(_)) => "what is between a BEGIN and an END line is not base64",
        _ => "it cannot be read",
    }
}

/// Some CI systems keep files in base64.
const ENCODED_AGAIN: &str = "is PEM in base64; decode it with: base64 -d";

/// Whether `text` is the base64 of PEM.
fn is_encoded_again(text: &[u8]) -> bool {
    // The base64 of `-----BEGIN `.
    text.trim_ascii_start().starts_with(b"LS0tLS1CRUdJTi")
}

/// Whether a line with END begins with spaces, as in YAML.
fn is_indented(pem: &[u8]) -> bool {
    let mut lines = pem.split(|byte| matches!(byte, b'\n' | b'\r'));
    lines.any(|line| !line.starts_with(b"-") && line.trim_ascii_start().starts_with(b"-----END "))
}

/// Explains missing line breaks, if more text follows a BEGIN line. Some CI systems keep a variable in one line, and
/// a shell without quotes removes line breaks.
fn lost_line_breaks(pem: &[u8]) -> Option<&'static str> {
    const BEGIN: &[u8] = b"-----BEGIN ";
    pem.split(|byte| matches!(byte, b'\n' | b'\r')).find_map(|line| {
        let label = &line[position(line, BEGIN)? + BEGIN.len()..];
        let rest = label[position(label, b"-----")? + 5..].trim_ascii();
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
            (ONE.replace('\n', "\n  "), "is not PEM: the END line is indented"),
            (STANDARD.encode(ONE), "is PEM in base64; decode it with: base64 -d"),
            (format!(" {}", STANDARD.encode(KEY)), "is PEM in base64; decode it with: base64 -d"),
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
            (
                KEY.replacen('\n', "\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\n", 1),
                "is not an unencrypted private key in PEM",
            ),
            (STANDARD.encode(KEY), "is PEM in base64; decode it with: base64 -d"),
            (KEY.replace('\n', "\\n"), "is not PEM: its line breaks are gone: each is a backslash and an `n`"),
            (KEY.replace('\n', " "), "is not PEM: its line breaks are gone"),
            (KEY.replace("-----END", "----END"), "is not PEM: the last BEGIN line has no END line"),
        ] {
            assert_eq!(private_key(pem.as_bytes()).unwrap_err(), expected, "{pem}");
        }
    }

    #[test]
    fn the_old_label_is_read() {
        let old = ONE.replace(" CERTIFICATE", " X509 CERTIFICATE");
        let found = certificates(format!("{old}text\n{ONE}{old}").as_bytes()).unwrap();
        assert_eq!(text(&found), format!("{ONE}{ONE}{ONE}"));
        assert_eq!(readable_certificates(old.into_bytes()).len(), 1);
    }

    #[test]
    fn another_form_is_named_with_its_command() {
        for (file, form) in [
            (&[0x30, 0x82, 1, 2, 0x30, 0x82][..], "is DER"),
            (&[0x30, 5, 0x30, 3, 1, 1, 0], "is DER"),
            (&[0x30, 0x82, 1, 2, 2, 1, 3, 0x30], "is PKCS #12"),
            (&[0x30, 0x81, 200, 6, 9, 0x2a], "is PKCS #7"),
            (b"-----BEGIN PKCS7-----\nAAEC\n-----END PKCS7-----\n", "holds PKCS #7"),
            (
                b"-----BEGIN TRUSTED CERTIFICATE-----\nAAEC\n-----END TRUSTED CERTIFICATE-----\n",
                "holds a TRUSTED CERTIFICATE",
            ),
            (&[0x30, 0x82, 1, 2, 2, 1, 0, 0x30], "holds no PEM certificate"),
            (&[0x30], "holds no PEM certificate"),
            (&[0x30, 0x84], "holds no PEM certificate"),
            (&[0x30, 0xff, 0, 0], "holds no PEM certificate"),
        ] {
            let why = certificates(file).unwrap_err();
            assert!(why.starts_with(form), "{why}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_read(start in proptest::sample::select(vec![vec![], vec![0x30], b" X509 CERTIFICATE-----".to_vec()]), bytes: Vec<u8>) {
            let file = [start, bytes].concat();
            let _ = (certificates(&file), readable_certificates(file.clone()));
        }

        #[test]
        fn no_text_makes_the_reader_panic(pem in "(-----BEGIN |-----|END |CERTIFICATE|[A \\\\n\n\r-]){0,30}") {
            let _ = (certificates(pem.as_bytes()), private_key(pem.as_bytes()));
        }
    }
}
