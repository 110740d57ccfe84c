//! Describes the fault of a certificate.

use std::fmt::Write as _;

use rustls::CertificateError;
use rustls::pki_types::{ServerName, UnixTime};

use super::key_length::KeyLength;

/// The hint if a certificate is not accepted, or not known.
pub(super) const AUTHORITY: &str =
    "for a private CA, name its certificate with --ca-file; for a proxy that opens TLS, name the proxy's CA";

/// What to do about `fault`.
#[allow(clippy::wildcard_enum_match_arm, reason = "the other faults have one hint")]
pub(super) fn hint(fault: &CertificateError) -> &'static str {
    match fault {
        CertificateError::ExpiredContext { .. } | CertificateError::NotValidYetContext { .. } => {
            "check this machine's clock; if it is right, the server needs another certificate"
        }
        CertificateError::NotValidForNameContext { expected, presented }
            if names(presented).any(|name| is_written(name, expected)) =>
        {
            "issue that certificate again, with the address as an IP address in its subjectAltName, not as a DNS name"
        }
        CertificateError::NotValidForNameContext { .. } | CertificateError::NotValidForName => {
            "write a name of the certificate into the address, or add this name to the certificate's subjectAltName"
        }
        CertificateError::Other(other) if other.0.is::<KeyLength>() => {
            "issue that certificate again with an RSA key of 2048 bits or more"
        }
        _ => AUTHORITY,
    }
}

/// Why a certificate is not accepted.
#[allow(clippy::wildcard_enum_match_arm, reason = "what is met hardly ever keeps the library's own word")]
pub(super) fn in_words(fault: &CertificateError) -> String {
    let date = |time: &UnixTime| crate::text::time(time.as_secs().try_into().unwrap_or(i64::MAX));
    match fault {
        CertificateError::ExpiredContext { not_after, .. } => format!("its time is over since {}", date(not_after)),
        CertificateError::NotValidYetContext { not_before, .. } => {
            format!("its time is yet to come, at {}", date(not_before))
        }
        CertificateError::UnknownIssuer => "no trusted authority signed it".into(),
        CertificateError::BadSignature => "its signature does not fit the key of the authority that it names".into(),
        CertificateError::BadEncoding => "it cannot be read".into(),
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            "its extended key usage does not include servers".into()
        }
        CertificateError::NotValidForNameContext { expected, presented } => {
            let names: Vec<&str> = names(presented).collect();
            if names.iter().any(|name| is_written(name, expected)) {
                format!("its subjectAltName has {} as a DNS name, not as an IP address", expected.to_str())
            } else if names.is_empty() {
                let expected = expected.to_str();
                format!("its subjectAltName has no DNS name and no IP address, and {expected} is required there")
            } else {
                format!("it is for {}, not for {}", names.join(", "), expected.to_str())
            }
        }
        CertificateError::UnsupportedSignatureAlgorithmContext { signature_algorithm_id, .. } => {
            format!("its signature is of a kind that is not supported: {}", identifiers(signature_algorithm_id))
        }
        CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext {
            signature_algorithm_id,
            public_key_algorithm_id,
        } => format!(
            "its signature is of a kind that is not supported: {} with a key of {}",
            identifiers(signature_algorithm_id),
            identifiers(public_key_algorithm_id)
        ),
        CertificateError::Other(other) => match other.0.downcast_ref() {
            Some(fault) => chain_fault(fault).into(),
            // This text is from our own code.
            None => other.0.to_string(),
        },
        CertificateError::UnhandledCriticalExtension => {
            chain_fault(&webpki::Error::UnsupportedCriticalExtension).into()
        }
        CertificateError::Revoked => "its authority has revoked it".into(),
        CertificateError::UnknownRevocationStatus => "whether it is revoked is not known".into(),
        CertificateError::NotValidForName => "it is for another name".into(),
        CertificateError::ApplicationVerificationFailure => "its authority may not sign for that name".into(),
        _ => UNUSABLE.into(),
    }
}

const UNUSABLE: &str = "it or the certificate of one of its authorities cannot be used";

/// Texts for faults that the library describes only by names from its code. Each can concern the server's
/// certificate, or an intermediate one.
#[allow(clippy::wildcard_enum_match_arm, reason = "the others are no certificate's, or are told with the server's own")]
fn chain_fault(fault: &webpki::Error) -> &'static str {
    use webpki::Error;
    match fault {
        Error::CaUsedAsEndEntity => "it is an authority's certificate, and not itself one of the trusted certificates",
        Error::EndEntityUsedAsCa => "a certificate in its chain is used as an authority's and is not one",
        Error::UnsupportedCertVersion => "it is not of version 3",
        Error::NameConstraintViolation => "the name constraints of its authority do not allow its names",
        Error::PathLenConstraintViolated => {
            "its chain is longer than the path length constraint of one of its authorities allows"
        }
        Error::InvalidCertValidity => "the end of its time is before the start",
        Error::InvalidSerialNumber => "its serial number is not valid",
        Error::SignatureAlgorithmMismatch => "it names two different signature algorithms",
        Error::EmptyEkuExtension => "its extended key usage is empty",
        Error::ExtensionValueInvalid | Error::MalformedExtensions => "one of its extensions is not valid",
        Error::UnsupportedCriticalExtension => "one of its critical extensions is not supported",
        Error::MalformedDnsIdentifier => "one of its DNS names is not valid",
        Error::UnsupportedNameType => "one of its names is of a kind that is not supported",
        Error::InvalidNetworkMaskConstraint | Error::MalformedNameConstraint => {
            "the name constraints of its authority are not valid"
        }
        Error::MaximumNameConstraintComparisonsExceeded => "its names and name constraints are too many to compare",
        Error::MaximumPathDepthExceeded
        | Error::MaximumPathBuildCallsExceeded
        | Error::MaximumSignatureChecksExceeded => {
            "the server shows too many certificates to find a way to an authority"
        }
        Error::BadDer | Error::BadDerTime | Error::TrailingData(_) => "it cannot be read",
        _ => UNUSABLE,
    }
}

/// The names of a certificate, from the library's debug form of them.
fn names(presented: &[String]) -> impl Iterator<Item = &str> {
    presented.iter().filter_map(|name| plain(name))
}

/// Whether `name` is written like the expected name. Since the certificate is not accepted, it is then of another kind:
/// an IP address as a DNS name, which is not one (RFC 5280, section 4.2.1.6).
fn is_written(name: &str, expected: &ServerName<'_>) -> bool {
    name == expected.to_str()
}

/// Extracts `elsewhere.test` from `DnsName("elsewhere.test")`, the library's debug form of a name. `None` if it is
/// another kind of name, which no server has: an e-mail address, a URI.
fn plain(name: &str) -> Option<&str> {
    let inner = name.strip_prefix("DnsName(").or_else(|| name.strip_prefix("IpAddress("))?;
    Some(inner.strip_suffix(')').unwrap_or(inner).trim_matches('"'))
}

/// The object identifiers of an algorithm. Common ones are replaced by their names (RFC 3279, RFC 5480, RFC 8410).
fn identifiers(der: &[u8]) -> String {
    let mut rest = der;
    let mut found = Vec::new();
    while let [6, length, after @ ..] = rest
        && let Some((identifier, after)) = after.split_at_checked(usize::from(*length))
    {
        found.push(dotted(identifier));
        rest = after;
    }
    let named = found.iter().map(|dotted| named(dotted).unwrap_or(dotted));
    let named: Vec<&str> = named.filter(|name| *name != "ecPublicKey").collect();
    if named.is_empty() { "an algorithm that cannot be read".into() } else { named.join(" ") }
}

fn dotted(identifier: &[u8]) -> String {
    let (mut arcs, mut arc) = (Vec::new(), 0_u64);
    for byte in identifier {
        arc = (arc << 7) | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            arcs.push(std::mem::take(&mut arc));
        }
    }
    let (first, rest) = arcs.split_first().unwrap_or((&0, &[]));
    let mut text = format!("{}.{}", (first / 40).min(2), first - 40 * (first / 40).min(2));
    for arc in rest {
        let _ = write!(text, ".{arc}");
    }
    text
}

fn named(dotted: &str) -> Option<&'static str> {
    Some(match dotted {
        "1.2.840.113549.1.1.4" => "md5WithRSAEncryption",
        "1.2.840.113549.1.1.5" => "sha1WithRSAEncryption",
        "1.2.840.113549.1.1.10" => "RSASSA-PSS with these parameters",
        "1.2.840.113549.1.1.14" => "sha224WithRSAEncryption",
        "1.2.840.10040.4.3" => "dsa-with-SHA1",
        "2.16.840.1.101.3.4.3.2" => "dsa-with-SHA256",
        "1.2.840.10045.2.1" => "ecPublicKey",
        "1.2.840.10045.4.1" => "ecdsa-with-SHA1",
        "1.2.840.10045.4.3.1" => "ecdsa-with-SHA224",
        "1.2.840.10045.4.3.2" => "ecdsa-with-SHA256",
        "1.2.840.10045.4.3.3" => "ecdsa-with-SHA384",
        "1.2.840.10045.4.3.4" => "ecdsa-with-SHA512",
        "1.3.132.0.10" => "secp256k1",
        "1.3.36.3.3.2.8.1.1.7" => "brainpoolP256r1",
        "1.3.36.3.3.2.8.1.1.11" => "brainpoolP384r1",
        "1.3.36.3.3.2.8.1.1.13" => "brainpoolP512r1",
        "1.3.101.113" => "Ed448",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_algorithm_has_its_name() {
        assert_eq!(identifiers(&[6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 5, 5, 0]), "sha1WithRSAEncryption");
        assert_eq!(identifiers(&[6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 1]), "ecdsa-with-SHA1");
        assert_eq!(identifiers(&[6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1, 6, 5, 0x2b, 0x81, 4, 0, 0x0a]), "secp256k1");
        assert_eq!(identifiers(&[6, 3, 0x88, 0x37, 3]), "2.999.3");
        assert_eq!(identifiers(&[6, 9, 1]), "an algorithm that cannot be read");
    }

    #[test]
    fn a_name_is_what_the_certificate_has() {
        assert_eq!(plain("DnsName(\"elsewhere.test\")"), Some("elsewhere.test"));
        assert_eq!(plain("IpAddress(127.0.0.1)"), Some("127.0.0.1"));
        for other in ["Unsupported(0x01)", "DirectoryName", "UniformResourceIdentifier(\"https://a.test\")", "other"] {
            assert_eq!(plain(other), None);
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(der in proptest::collection::vec(any::<u8>(), 0..60)) {
            prop_assert!(!identifiers(&der).is_empty());
        }
    }
}
