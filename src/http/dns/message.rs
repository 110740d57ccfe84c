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
pub struct Message {
    /// Its id, flags and response code.
    pub head: Metadata,
    /// The question that it repeats.
    pub queries: Vec<Query>,
    /// The records of the answer section.
    pub answers: Vec<Answered>,
    /// Whether it has no answer record and no additional record.
    pub is_bare: bool,
}

/// A record of the answer section.
#[derive(Debug)]
pub struct Answered {
    /// The name that it is about.
    pub owner: Name,
    /// How long it may be kept, in seconds.
    pub ttl: u32,
    /// Its data.
    pub data: Data,
}

/// The data of a record.
#[derive(Debug)]
pub enum Data {
    /// Of a record A or AAAA.
    Address(IpAddr),
    /// Of a record CNAME.
    Alias(Name),
    /// Any other data, which is not used.
    Other,
}

impl Message {
    /// Parses a message.
    ///
    /// # Errors
    /// If it ends within a record, or contains an invalid name.
    pub fn read(bytes: &[u8]) -> Result<Self, DecodeError> {
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
