//! Checks what a certificate may be used for, according to its own fields. webpki does not check these fields of
//! trust anchors.
//!
//! Source: RFC 5280, sections 4.1 and 4.2.1.

use std::fmt;

use der::asn1::{AnyRef, GeneralizedTime, UtcTime};
use der::{Decode, Reader, SliceReader, Tag};
use rustls::pki_types::{CertificateDer, UnixTime};

/// Why a certificate may not be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unfit {
    Unreadable,
    /// It has expired; the time in seconds since 1970.
    Over(u64),
    /// It is not valid yet; the time in seconds since 1970.
    ToCome(u64),
    /// Its basic constraints are missing, or not those of a certificate authority.
    NoAuthority,
    /// It has a key usage that does not contain the signing of certificates.
    NoSigning,
    /// It has an extended key usage that does not contain servers.
    NoServers,
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let date = |seconds: &u64| crate::text::time(i64::try_from(*seconds).unwrap_or(i64::MAX));
        match self {
            Self::Unreadable => f.write_str("it cannot be read"),
            Self::Over(since) => write!(f, "its time is over since {}", date(since)),
            Self::ToCome(at) => write!(f, "its time is yet to come, at {}", date(at)),
            Self::NoAuthority => f.write_str("its basic constraints do not include CA:TRUE"),
            Self::NoSigning => f.write_str("its key usage does not include the signing of certificates"),
            Self::NoServers => f.write_str("its extended key usage does not include servers"),
        }
    }
}

/// Checks that `certificate` may sign certificates of servers.
///
/// # Errors
/// Why not.
pub(super) fn signs_for_servers(certificate: &CertificateDer<'_>, now: UnixTime) -> Result<(), Unfit> {
    let fields = Fields::of(certificate)?;
    if !fields.authority.unwrap_or(fields.first_version_of_its_own) {
        return Err(Unfit::NoAuthority);
    }
    if !fields.signing {
        return Err(Unfit::NoSigning);
    }
    fields.serves(now)
}

/// Checks that `certificate` may be a server's, for any signer.
///
/// # Errors
/// Why not.
pub(super) fn is_for_a_server(certificate: &CertificateDer<'_>, now: UnixTime) -> Result<(), Unfit> {
    Fields::of(certificate)?.serves(now)
}

/// The fields of a certificate that are checked.
struct Fields {
    /// The first and last second of its validity, since 1970.
    time: (u64, u64),
    /// Whether it is self-issued and of version 1, which has no extensions.
    first_version_of_its_own: bool,
    /// Whether it is an authority's; `None` if it has no basic constraints.
    authority: Option<bool>,
    signing: bool,
    servers: bool,
}

impl Fields {
    fn of(certificate: &CertificateDer<'_>) -> Result<Self, Unfit> {
        let mut reader = SliceReader::new(certificate).map_err(|_| Unfit::Unreadable)?;
        let read = reader.sequence(|whole| {
            let fields = whole.sequence(Self::read)?;
            // This is the signature.
            whole.tlv_bytes()?;
            whole.tlv_bytes()?;
            Ok::<_, der::Error>(fields)
        });
        read.map_err(|_| Unfit::Unreadable)
    }

    fn read(body: &mut SliceReader<'_>) -> der::Result<Self> {
        const VERSION: u8 = 0xa0;
        const EXTENSIONS: u8 = 0xa3;
        let first_version = body.peek_byte() != Some(VERSION);
        if !first_version {
            body.tlv_bytes()?;
        }
        let (_serial, _algorithm, issuer) = (body.tlv_bytes()?, body.tlv_bytes()?, body.tlv_bytes()?);
        let time = body.sequence(|times| Ok::<_, der::Error>((seconds(times)?, seconds(times)?)))?;
        let (subject, _key) = (body.tlv_bytes()?, body.tlv_bytes()?);
        let first_version_of_its_own = first_version && issuer == subject;
        let mut fields = Self { time, first_version_of_its_own, authority: None, signing: true, servers: true };
        while !body.is_finished() {
            if body.peek_byte() == Some(EXTENSIONS) {
                let list: AnyRef<'_> = body.decode()?;
                SliceReader::new(list.value())?.sequence(|list| {
                    while !list.is_finished() {
                        list.sequence(|extension| fields.extend(extension))?;
                    }
                    Ok::<_, der::Error>(())
                })?;
            } else {
                body.tlv_bytes()?;
            }
        }
        Ok(fields)
    }

    fn extend(&mut self, extension: &mut SliceReader<'_>) -> der::Result<()> {
        const BASIC_CONSTRAINTS: &[u8] = &[6, 3, 0x55, 0x1d, 19];
        const KEY_USAGE: &[u8] = &[6, 3, 0x55, 0x1d, 15];
        const EXTENDED_KEY_USAGE: &[u8] = &[6, 3, 0x55, 0x1d, 37];
        /// The sixth bit, in the octet after the number of unused bits.
        const KEY_CERT_SIGN: u8 = 0x04;
        let kind = extension.tlv_bytes()?;
        if extension.peek_byte() == Some(1) {
            // This is the flag whether it is critical.
            extension.tlv_bytes()?;
        }
        let value: AnyRef<'_> = extension.decode()?;
        let value = value.value();
        match kind {
            BASIC_CONSTRAINTS => {
                let authority = SliceReader::new(value)?.sequence(|constraints| {
                    let authority = constraints.peek_byte() == Some(1) && bool::decode(constraints)?;
                    constraints.drain(constraints.remaining_len())?;
                    Ok::<_, der::Error>(authority)
                })?;
                self.authority = Some(authority && self.authority.unwrap_or(true));
            }
            KEY_USAGE => {
                let bits = AnyRef::from_der(value)?;
                self.signing &= bits.value().get(1).is_some_and(|bits| bits & KEY_CERT_SIGN != 0);
            }
            EXTENDED_KEY_USAGE => {
                let servers = SliceReader::new(value)?.sequence(|uses| {
                    let mut servers = false;
                    while !uses.is_finished() {
                        servers |= is_of_servers(uses.tlv_bytes()?);
                    }
                    Ok::<_, der::Error>(servers)
                })?;
                self.servers &= servers;
            }
            _ => {}
        }
        Ok(())
    }

    fn serves(&self, now: UnixTime) -> Result<(), Unfit> {
        let (first, last) = self.time;
        if now.as_secs() < first {
            Err(Unfit::ToCome(first))
        } else if now.as_secs() > last {
            Err(Unfit::Over(last))
        } else if !self.servers {
            Err(Unfit::NoServers)
        } else {
            Ok(())
        }
    }
}

/// Whether a use is `serverAuth` or `anyExtendedKeyUsage`.
fn is_of_servers(identifier: &[u8]) -> bool {
    matches!(identifier, [6, 8, 0x2b, 6, 1, 5, 5, 7, 3, 1] | [6, 4, 0x55, 0x1d, 37, 0])
}

fn seconds(times: &mut SliceReader<'_>) -> der::Result<u64> {
    let since = if Tag::peek(times)? == Tag::UtcTime {
        UtcTime::decode(times)?.to_unix_duration()
    } else {
        GeneralizedTime::decode(times)?.to_unix_duration()
    };
    Ok(since.as_secs())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_bytes_are_read(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let now = UnixTime::since_unix_epoch(Duration::from_secs(0));
            prop_assert!(signs_for_servers(&CertificateDer::from(bytes), now).is_err());
        }

        #[test]
        fn a_changed_certificate_is_read(at in 0..400_usize, byte in any::<u8>()) {
            let mut bytes = crate::http::tls::verifier::tests::own().to_vec();
            let at = at.min(bytes.len() - 1);
            bytes[at] = byte;
            let _ = signs_for_servers(&CertificateDer::from(bytes), UnixTime::since_unix_epoch(Duration::from_secs(0)));
        }
    }
}
