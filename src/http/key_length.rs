//! The length of an RSA key. The library reports a key of another length than it accepts as a wrong signature.

use std::fmt;
use std::ops::RangeInclusive;

use der::asn1::{AnyRef, BitStringRef, UintRef};
use der::{Decode, Reader, SliceReader};
use rustls::pki_types::{CertificateDer, TrustAnchor};

/// The accepted lengths in bits.
const ACCEPTED: RangeInclusive<usize> = 2048..=8192;

/// The fault that an RSA key has another length than is accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct KeyLength {
    bits: usize,
    /// Whether it is the key of an authority.
    authority: bool,
}

impl KeyLength {
    /// The fault of the key of `certificate`.
    pub(super) fn of_server(certificate: &CertificateDer<'_>) -> Option<Self> {
        Some(Self { bits: unusual(read(certificate)?.1)?, authority: false })
    }

    /// The fault of the key of one of the authorities of `certificate`: those in `others` and those in `roots` that
    /// issued one of them.
    pub(super) fn of_authority(
        certificate: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        roots: &[TrustAnchor<'_>],
    ) -> Option<Self> {
        let chain = || std::iter::once(certificate).chain(others);
        let issued = |root: &&TrustAnchor<'_>| {
            chain().any(|one| read(one).is_some_and(|(issuer, _)| issuer == root.subject.as_ref()))
        };
        let others = others.iter().filter_map(|other| unusual(read(other)?.1));
        let roots = roots.iter().filter(issued).filter_map(|root| unusual(root.subject_public_key_info.as_ref()));
        others.chain(roots).next().map(|bits| Self { bits, authority: true })
    }
}

impl fmt::Display for KeyLength {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whose = if self.authority { "the RSA key of its authority" } else { "its RSA key" };
        let side = if self.bits < *ACCEPTED.start() { "short" } else { "long" };
        let (least, most) = (ACCEPTED.start(), ACCEPTED.end());
        write!(f, "{whose} has {} bits and is too {side}: {least} bits at least, {most} at most", self.bits)
    }
}

impl std::error::Error for KeyLength {}

/// The names of the issuer, and the content of the public key's field (RFC 5280, section 4.1).
fn read<'a>(certificate: &'a CertificateDer<'_>) -> Option<(&'a [u8], &'a [u8])> {
    const VERSION: u8 = 0xa0;
    let whole = AnyRef::from_der(certificate).ok()?;
    let body: AnyRef<'a> = SliceReader::new(whole.value()).ok()?.decode().ok()?;
    let mut body = SliceReader::new(body.value()).ok()?;
    if body.peek_byte() == Some(VERSION) {
        body.tlv_bytes().ok()?;
    }
    let (_serial, _algorithm) = (body.tlv_bytes().ok()?, body.tlv_bytes().ok()?);
    let issuer: AnyRef<'a> = body.decode().ok()?;
    let (_time, _subject) = (body.tlv_bytes().ok()?, body.tlv_bytes().ok()?);
    let key: AnyRef<'a> = body.decode().ok()?;
    Some((issuer.value(), key.value()))
}

/// The length of an RSA key that is not accepted (RFC 8017, section A.1.1).
fn unusual(key: &[u8]) -> Option<usize> {
    const RSA: &[u8] = &[6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1];
    let mut key = SliceReader::new(key).ok()?;
    let algorithm: AnyRef<'_> = key.decode().ok()?;
    let bits: BitStringRef<'_> = key.decode().ok()?;
    let numbers = AnyRef::from_der(bits.as_bytes().filter(|_| algorithm.value().starts_with(RSA))?).ok()?;
    let modulus: UintRef<'_> = SliceReader::new(numbers.value()).ok()?.decode().ok()?;
    let unset = modulus.as_bytes().first()?.leading_zeros() as usize;
    Some(modulus.as_bytes().len() * 8 - unset).filter(|bits| !ACCEPTED.contains(bits))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_bytes_are_read(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            prop_assert_eq!(unusual(&bytes), None);
            prop_assert_eq!(KeyLength::of_server(&CertificateDer::from(bytes)), None);
        }

        #[test]
        fn a_changed_certificate_is_read(at in 0..400_usize, byte in any::<u8>()) {
            let mut bytes = crate::http::tls::verifier::tests::own().to_vec();
            let at = at.min(bytes.len() - 1);
            bytes[at] = byte;
            let certificate = CertificateDer::from(bytes);
            let _ = KeyLength::of_authority(&certificate, std::slice::from_ref(&certificate), &[]);
        }
    }
}
