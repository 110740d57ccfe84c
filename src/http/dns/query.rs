//! Sends one query to one nameserver: over UDP, and over TCP if the answer is too long (RFC 1035, section 4.2).

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use hickory_proto::op::{Message as Question, MessageType, Query, ResponseCode};
use hickory_proto::rr::{Name, RecordType};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};

use super::message::{Data, Message};

/// A nameserver's answer about one kind of address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// The name has these addresses.
    Addresses {
        /// At least one.
        found: Vec<IpAddr>,
        /// How long they may be kept.
        ttl: Duration,
    },
    /// The name exists, but has no address of this kind.
    NoAddress,
    /// NXDOMAIN.
    NoSuchName,
}

/// Why a nameserver's answer is missing or useless.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// There was no answer before the timeout.
    Silent,
    /// It refused the query, or failed.
    Said(ResponseCode),
    /// The answer is not a valid DNS message, or refers to another server.
    Unusable,
    /// It could not be reached.
    Unreachable(io::ErrorKind),
}

impl Fault {
    /// Whether to query the next nameserver. As in glibc, any other response code is an answer.
    pub(super) fn passes_on(&self) -> bool {
        match self {
            Self::Silent | Self::Unusable | Self::Unreachable(_) => true,
            Self::Said(code) => matches!(*code, ResponseCode::ServFail | ResponseCode::NotImp | ResponseCode::Refused),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Silent => f.write_str("did not answer in time"),
            Self::Said(ResponseCode::ServFail) => f.write_str("answered SERVFAIL"),
            Self::Said(ResponseCode::Refused) => f.write_str("answered REFUSED"),
            Self::Said(ResponseCode::NotImp) => f.write_str("answered NOTIMP"),
            Self::Said(code) => write!(f, "answered response code {}", u16::from(*code)),
            Self::Unusable => f.write_str("answered without an answer"),
            Self::Unreachable(kind) => write!(f, "could not be reached ({kind})"),
        }
    }
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        Self::Unreachable(error.kind())
    }
}

/// Queries `server` for the addresses of `name` of one `kind`. The timeout is `wait`.
pub(super) async fn ask(
    server: SocketAddr,
    name: &Name,
    kind: RecordType,
    wait: Duration,
    use_vc: bool,
) -> Result<Answer, Fault> {
    let asked = async {
        let mut question = Question::query();
        question.metadata.recursion_desired = true;
        question.add_query(Query::query(name.clone(), kind));
        let bytes = question.to_vec().map_err(|_| Fault::Unusable)?;
        if !use_vc {
            let answer = over_udp(server, &question, &bytes).await?;
            if !answer.head.truncation {
                return read(&answer, name, kind);
            }
        }
        read(&over_tcp(server, &question, &bytes).await?, name, kind)
    };
    tokio::time::timeout(wait, asked).await.unwrap_or(Err(Fault::Silent))
}

/// Each query has its own socket: the kernel chooses its port, and two queries do not share an entry in a packet
/// filter. The socket is connected, so that a closed port is reported at once.
async fn over_udp(server: SocketAddr, question: &Question, bytes: &[u8]) -> Result<Message, Fault> {
    /// More than the 512 bytes that a server may send without EDNS.
    const LARGEST: usize = 4096;
    let any: IpAddr = if server.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let socket = UdpSocket::bind((any, 0)).await?;
    socket.connect(server).await?;
    socket.send(bytes).await?;
    let mut buffer = [0; LARGEST];
    loop {
        let length = socket.recv(&mut buffer).await?;
        let received = &buffer[..length];
        // A message with another id is not an answer to this query.
        if !received.starts_with(&bytes[..2]) {
            continue;
        }
        let answer = Message::read(received).map_err(|_| Fault::Unusable)?;
        if answers(&answer, question) {
            return Ok(answer);
        }
    }
}

async fn over_tcp(server: SocketAddr, question: &Question, bytes: &[u8]) -> Result<Message, Fault> {
    let mut stream = TcpStream::connect(server).await?;
    let length = u16::try_from(bytes.len()).map_err(|_| Fault::Unusable)?;
    stream.write_all(&[&length.to_be_bytes(), bytes].concat()).await?;
    let mut received = vec![0; usize::from(stream.read_u16().await?)];
    stream.read_exact(&mut received).await?;
    let answer = Message::read(&received).map_err(|_| Fault::Unusable)?;
    if answers(&answer, question) { Ok(answer) } else { Err(Fault::Unusable) }
}

fn answers(answer: &Message, question: &Question) -> bool {
    answer.head.message_type == MessageType::Response
        && answer.head.id == question.metadata.id
        && answer.queries == question.queries
}

fn read(answer: &Message, name: &Name, kind: RecordType) -> Result<Answer, Fault> {
    let head = &answer.head;
    if head.response_code == ResponseCode::NXDomain {
        return Ok(Answer::NoSuchName);
    }
    if head.response_code != ResponseCode::NoError {
        return Err(Fault::Said(head.response_code));
    }
    if answer.is_bare && !head.authoritative && !head.recursion_available {
        return Err(Fault::Unusable);
    }
    Ok(follow(answer, name, kind))
}

/// The addresses of `name`, after following its aliases within this answer.
fn follow(answer: &Message, name: &Name, kind: RecordType) -> Answer {
    /// Longer alias chains, and loops, have no address.
    const MOST_ALIASES: usize = 16;
    let fits = |address: &IpAddr| address.is_ipv4() == (kind == RecordType::A);
    let mut owner = name;
    for _ in 0..=MOST_ALIASES {
        let own = || answer.answers.iter().filter(|record| record.owner == *owner).map(|record| &record.data);
        let addresses = own().filter_map(|data| if let Data::Address(address) = data { Some(*address) } else { None });
        let found: Vec<IpAddr> = addresses.filter(fits).collect();
        if !found.is_empty() {
            let ttl = answer.answers.iter().map(|record| record.ttl).min().unwrap_or(0);
            return Answer::Addresses { found, ttl: Duration::from_secs(ttl.into()) };
        }
        let alias = own().find_map(|data| if let Data::Alias(target) = data { Some(target) } else { None });
        let Some(target) = alias else { break };
        owner = target;
    }
    Answer::NoAddress
}

#[cfg(test)]
mod tests {
    use hickory_proto::rr::rdata::{A, CNAME};
    use hickory_proto::rr::{RData, Record};
    use proptest::prelude::*;

    use super::*;

    fn name(text: &str) -> Name {
        Name::from_labels(text.split('.').map(str::as_bytes)).unwrap()
    }

    fn alias_of(owner: &str, target: &str) -> Record {
        Record::from_rdata(name(owner), 60, RData::CNAME(CNAME(name(target))))
    }

    fn addressed(owner: &str, ttl: u32, last: u8) -> Record {
        Record::from_rdata(name(owner), ttl, RData::A(A::new(10, 0, 0, last)))
    }

    fn received(question: &Question) -> Result<Answer, Fault> {
        let bytes = question.to_vec().unwrap();
        read(&Message::read(&bytes).unwrap(), &name("vault.test"), RecordType::A)
    }

    fn reads(answers: impl IntoIterator<Item = Record>) -> Result<Answer, Fault> {
        let mut message = Question::query();
        message.metadata.recursion_available = true;
        message.add_answers(answers);
        received(&message)
    }

    fn found(ttl: u64, last: &[u8]) -> Answer {
        let found = last.iter().map(|last| Ipv4Addr::new(10, 0, 0, *last).into()).collect();
        Answer::Addresses { found, ttl: Duration::from_secs(ttl) }
    }

    #[test]
    fn an_alias_is_followed_within_the_answer() {
        assert_eq!(reads([addressed("VAULT.test", 9, 1), addressed("vault.test", 60, 2)]), Ok(found(9, &[1, 2])));
        assert_eq!(reads([addressed("b.test", 60, 1), alias_of("vault.test", "b.test")]), Ok(found(60, &[1])));
        assert_eq!(reads([addressed("elsewhere.test", 60, 1)]), Ok(Answer::NoAddress));
        assert_eq!(reads([alias_of("vault.test", "b.test")]), Ok(Answer::NoAddress));
        assert_eq!(reads([alias_of("vault.test", "b.test"), alias_of("b.test", "vault.test")]), Ok(Answer::NoAddress));
        let chain = |length: usize| {
            let link = |n: usize| if n == 0 { "vault.test".to_owned() } else { format!("n{n}.test") };
            let aliases = (0..length).map(move |n| alias_of(&link(n), &link(n + 1)));
            reads(aliases.chain([addressed(&link(length), 60, 1)]))
        };
        assert_eq!((chain(16), chain(17)), (Ok(found(60, &[1])), Ok(Answer::NoAddress)));
    }

    #[test]
    fn a_referral_is_no_answer() {
        let mut message = Question::query();
        assert_eq!(received(&message), Err(Fault::Unusable));
        message.metadata.authoritative = true;
        assert_eq!(received(&message), Ok(Answer::NoAddress));
    }

    /// An answer with records of this type, class and data, each for `vault.test`.
    fn raw(records: &[(u16, u16, &[u8])]) -> Vec<u8> {
        let count = u8::try_from(records.len()).unwrap();
        let mut bytes = vec![0, 0, 0x80, 0x80, 0, 0, 0, count, 0, 1, 0, 1];
        for (kind, class, data) in records {
            bytes.extend(b"\x05vault\x04test\0");
            bytes.extend([kind.to_be_bytes(), class.to_be_bytes()].concat());
            bytes.extend([0, 0, 0, 60, 0, u8::try_from(data.len()).unwrap()]);
            bytes.extend(*data);
        }
        // Bytes after the answers are ignored.
        bytes.extend([0xff; 7]);
        bytes
    }

    #[test]
    fn a_malformed_record_takes_nothing_from_a_good_one() {
        const GOOD: (u16, u16, &[u8]) = (1, 1, &[10, 0, 0, 7]);
        let of = |records: &[(u16, u16, &[u8])]| {
            Message::read(&raw(records)).map(|message| read(&message, &name("vault.test"), RecordType::A))
        };
        for bad in [
            (1, 1, &[10, 0, 0][..]),
            (1, 1, &[]),
            (1, 1, &[10, 0, 0, 7, 9]),
            (28, 1, &[10, 0, 0, 7]),
            // Truncated TXT, SOA, SVCB, OPT and TSIG records, an unknown type, another class.
            (16, 1, &[200, 1]),
            (6, 1, &[5]),
            (64, 1, &[0]),
            (41, 1, &[0, 9, 0, 9]),
            (250, 255, &[3]),
            (65_280, 1, &[1, 2, 3]),
            (1, 3, &[10, 0, 0, 8]),
            (5, 3, &[0xc0]),
        ] {
            assert_eq!(of(&[bad, GOOD]).unwrap(), Ok(found(60, &[7])), "{bad:?}");
            assert_eq!(of(&[GOOD, bad]).unwrap(), Ok(found(60, &[7])), "{bad:?}");
            assert_eq!(of(&[bad]).unwrap(), Ok(Answer::NoAddress), "{bad:?}");
        }
        // After an invalid name, the owner of an address is unknown.
        assert!(of(&[(5, 1, &[0xff, 0xff]), GOOD]).is_err());
        let whole = raw(&[GOOD]);
        assert!(Message::read(&whole[..whole.len() - 8]).is_err(), "it ends within a record");
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
            if let Ok(message) = Message::read(&bytes) {
                let _ = read(&message, &name("vault.test"), RecordType::A);
            }
        }

        #[test]
        fn any_records_are_read(
            kinds in proptest::collection::vec((prop_oneof![Just(1_u16), Just(5), Just(28), any::<u16>()], any::<[u8; 4]>()), 0..9)
        ) {
            let records: Vec<_> = kinds.iter().map(|(kind, data)| (*kind, 1, &data[..])).collect();
            if let Ok(message) = Message::read(&raw(&records)) {
                let _ = read(&message, &name("vault.test"), RecordType::A);
            }
        }
    }
}
