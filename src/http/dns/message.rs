//! Parses the addresses in a nameserver's answer (RFC 1035, section 4.1).
//!
//! As in glibc, only used parts are parsed. The data of other records is skipped, and an address of a wrong length is
//! ignored. In the two sections after the answers, records are only counted. So a malformed record does not affect a
//! valid one.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use hickory_proto::op::{Header, Metadata, Query};
use hickory_proto::rr::{DNSClass, Name, RecordType};
use hickory_proto::serialize::binary::{BinDecodable, BinDecoder, DecodeError};

/// A nameserver's answer.
#[derive(Debug)]
pub(super) struct Message {
    pub(super) head: Metadata,
    pub(super) queries: Vec<Query>,
    pub(super) answers: Vec<Answered>,
    /// Whether it has no answer record and no additional record.
    pub(super) is_bare: bool,
}

/// A record of the answer section.
#[derive(Debug)]
pub(super) struct Answered {
    pub(super) owner: Name,
    pub(super) ttl: u32,
    pub(super) data: Data,
}

/// The data of a record.
#[derive(Debug)]
pub(super) enum Data {
    Address(IpAddr),
    Alias(Name),
    /// Any other data, which is not used.
    Other,
}

impl Message {
    /// # Errors
    /// If it ends within a record, or contains an invalid name.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut decoder = BinDecoder::new(bytes);
        let Header { metadata: head, counts } = Header::read(&mut decoder)?;
        let queries = (0..counts.queries).map(|_| Query::read(&mut decoder)).collect::<Result<_, _>>()?;
        let answers = (0..counts.answers).map(|_| Answered::read(&mut decoder)).collect::<Result<_, _>>()?;
        Ok(Self { head, queries, answers, is_bare: counts.answers == 0 && counts.additionals == 0 })
    }
}

impl Answered {
    fn read(decoder: &mut BinDecoder<'_>) -> Result<Self, DecodeError> {
        let owner = Name::read(decoder)?;
        let kind = RecordType::read(decoder)?;
        let class = decoder.read_u16()?.unverified();
        let ttl = decoder.read_u32()?.unverified();
        let length = decoder.read_u16()?.unverified();
        // A compressed name in the data may refer to any earlier position.
        let mut within = BinDecoder::clone(decoder, u16::try_from(decoder.index()).unwrap_or(u16::MAX));
        let bytes = decoder.read_slice(length.into())?.unverified();
        let data = if class != u16::from(DNSClass::IN) {
            Data::Other
        } else if kind == RecordType::A {
            address(<[u8; 4]>::try_from(bytes).map(Ipv4Addr::from))
        } else if kind == RecordType::AAAA {
            address(<[u8; 16]>::try_from(bytes).map(Ipv6Addr::from))
        } else if kind == RecordType::CNAME {
            Data::Alias(Name::read(&mut within)?)
        } else {
            Data::Other
        };
        Ok(Self { owner, ttl, data })
    }
}

fn address<A: Into<IpAddr>, E>(read: Result<A, E>) -> Data {
    read.map_or(Data::Other, |address| Data::Address(address.into()))
}
