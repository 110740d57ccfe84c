//! Why TLS with a peer failed, in words.

use rustls::{AlertDescription, InvalidMessage, PeerIncompatible};

/// A reason why a peer and this program can never agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoTls {
    /// No version of TLS in common.
    Version,
    /// No cipher suite, curve or signature algorithm in common.
    Algorithm,
    /// No certificate for the name.
    Name,
    /// No version of HTTP in common.
    Protocol,
    /// The client certificate is missing or rejected.
    Client,
    /// A message of the handshake is too large. Only that of the certificates can be.
    Large,
    /// The peer violates the TLS specification.
    Invalid,
}

impl NoTls {
    /// The reason; `None` if a retry can succeed.
    pub(super) fn of(error: &rustls::Error) -> Option<Self> {
        #[allow(clippy::wildcard_enum_match_arm, reason = "every other error may not happen again")]
        match error {
            rustls::Error::AlertReceived(alert) => Self::of_alert(*alert),
            rustls::Error::PeerIncompatible(why) => Some(match why {
                PeerIncompatible::ServerDoesNotSupportTls12Or13
                | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig
                | PeerIncompatible::Tls12NotOffered
                | PeerIncompatible::Tls12NotOfferedOrEnabled => Self::Version,
                _ => Self::Algorithm,
            }),
            rustls::Error::NoApplicationProtocol => Some(Self::Protocol),
            rustls::Error::PeerMisbehaved(_)
            | rustls::Error::InappropriateMessage { .. }
            | rustls::Error::InappropriateHandshakeMessage { .. } => Some(Self::Invalid),
            _ => None,
        }
    }

    /// The reason for a message of the handshake that cannot be read; `None` if it is not TLS at all.
    pub(super) fn of_message(message: &InvalidMessage) -> Option<Self> {
        #[allow(clippy::wildcard_enum_match_arm, reason = "every other message is one of TLS")]
        match message {
            InvalidMessage::InvalidContentType
            | InvalidMessage::InvalidEmptyPayload
            | InvalidMessage::MessageTooLarge
            | InvalidMessage::UnknownProtocolVersion => None,
            InvalidMessage::CertificatePayloadTooLarge | InvalidMessage::HandshakePayloadTooLarge => Some(Self::Large),
            _ => Some(Self::Invalid),
        }
    }

    fn of_alert(alert: AlertDescription) -> Option<Self> {
        use AlertDescription as Alert;
        #[allow(clippy::wildcard_enum_match_arm, reason = "every other alert may not be sent again")]
        match alert {
            Alert::ProtocolVersion | Alert::InappropriateFallback => Some(Self::Version),
            Alert::HandshakeFailure
            | Alert::InsufficientSecurity
            | Alert::IllegalParameter
            | Alert::MissingExtension
            | Alert::UnsupportedExtension
            | Alert::ExportRestriction => Some(Self::Algorithm),
            Alert::UnrecognisedName => Some(Self::Name),
            Alert::NoApplicationProtocol => Some(Self::Protocol),
            Alert::NoCertificate
            | Alert::BadCertificate
            | Alert::UnsupportedCertificate
            | Alert::CertificateRevoked
            | Alert::CertificateExpired
            | Alert::CertificateUnknown
            | Alert::UnknownCA
            | Alert::AccessDenied
            | Alert::CertificateRequired => Some(Self::Client),
            _ => None,
        }
    }

    /// The reason in words, after the peer's name.
    pub(super) fn why(self) -> &'static str {
        match self {
            Self::Version => "supports neither TLS 1.2 nor TLS 1.3",
            Self::Algorithm => {
                "refused the TLS handshake: no cipher suite, curve or signature algorithm in common, or no client certificate"
            }
            Self::Name => "has no certificate for this name",
            Self::Protocol => "supports neither HTTP/1.1 nor HTTP/2 over TLS",
            Self::Client => "refused the client certificate, or requires one",
            Self::Large => "sends more than 64 KiB of certificates",
            Self::Invalid => "does not follow the TLS specification",
        }
    }

    pub(super) fn hint(self) -> &'static str {
        match self {
            Self::Version | Self::Algorithm => {
                "have the server support TLS 1.2 or 1.3 with a common cipher suite and curve (P-256, P-384 or X25519)"
            }
            Self::Name | Self::Protocol | Self::Invalid => {
                "check the address and its port; a proxy or another server may have answered"
            }
            Self::Large => {
                "have the server send its own certificate, and those between it and a trusted authority, and no others"
            }
            Self::Client => {
                "check which client certificate the server requires, and that it accepts the one that is set"
            }
        }
    }
}

/// An error of TLS that may not happen again. The library's text has the names of its code.
pub(super) fn in_words(error: &rustls::Error) -> String {
    #[allow(clippy::wildcard_enum_match_arm, reason = "every other error has a text in words")]
    match error {
        rustls::Error::AlertReceived(alert) => {
            format!("the server closed TLS with alert {}{}", u8::from(*alert), named(*alert))
        }
        rustls::Error::InvalidMessage(_) => "TLS: a message that cannot be read".into(),
        rustls::Error::DecryptError => "TLS: a message that cannot be decrypted".into(),
        other => format!("TLS: {other}"),
    }
}

/// The alert's name in RFC 8446, section 6.
fn named(alert: AlertDescription) -> &'static str {
    use AlertDescription as Alert;
    #[allow(clippy::wildcard_enum_match_arm, reason = "the number is enough to find the others")]
    match alert {
        Alert::CloseNotify => " (close_notify)",
        Alert::UnexpectedMessage => " (unexpected_message)",
        Alert::BadRecordMac => " (bad_record_mac)",
        Alert::RecordOverflow => " (record_overflow)",
        Alert::DecodeError => " (decode_error)",
        Alert::DecryptError => " (decrypt_error)",
        Alert::InternalError => " (internal_error)",
        Alert::UserCanceled => " (user_canceled)",
        _ => "",
    }
}
