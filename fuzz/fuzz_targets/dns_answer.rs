//! A nameserver's answer: whatever a complete reader accepts has the same addresses and aliases here.
#![no_main]

use std::net::IpAddr;

use hickory_proto::op::{Message as Whole, OpCode};
use hickory_proto::rr::{DNSClass, RData, Record};
use oidc_exchange::http::dns::message::{Data, Message};

/// An address, or the name that an alias leads to.
fn ours(data: &Data) -> Option<String> {
    match data {
        Data::Address(address) => Some(address.to_string()),
        Data::Alias(name) => Some(name.to_string()),
        Data::Other => None,
    }
}

fn theirs(record: &Record) -> Option<String> {
    match &record.data {
        _ if record.dns_class != DNSClass::IN => None,
        RData::A(address) => Some(IpAddr::from(address.0).to_string()),
        RData::AAAA(address) => Some(IpAddr::from(address.0).to_string()),
        RData::CNAME(name) => Some(name.to_string()),
        _ => None,
    }
}

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let read = Message::read(bytes);
    let Some(whole) = Whole::from_vec(bytes).ok().filter(|whole| whole.metadata.op_code == OpCode::Query) else {
        return;
    };
    let read = read.expect("a complete reader accepts it");
    assert_eq!((read.head.id, &read.queries), (whole.metadata.id, &whole.queries));
    let named = |record: &Record| (record.name.clone(), record.ttl, theirs(record));
    let answers: Vec<_> =
        read.answers.iter().map(|record| (record.owner.clone(), record.ttl, ours(&record.data))).collect();
    assert_eq!(answers, whole.answers.iter().map(named).collect::<Vec<_>>());
});
