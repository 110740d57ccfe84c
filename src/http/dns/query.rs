//! One question to one nameserver: over UDP, and over TCP if the answer does not fit (RFC 1035, section 4.2).

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use hickory_proto::op::{Message, MessageType, Query, ResponseCode};
use hickory_proto::rr::{DNSClass, Name, RData, Record, RecordType};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};

/// What a nameserver answered about one kind of address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// The name has these.
    Addresses {
        /// At least one.
        found: Vec<IpAddr>,
        /// How long they may be kept.
        ttl: Duration,
    },
    /// The name exists and has none of this kind.
    NoAddress,
    /// NXDOMAIN.
    NoSuchName,
}

/// Why a nameserver gave no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// Nothing came in time.
    Silent,
    /// It refused the question, or failed.
    Said(ResponseCode),
    /// What came is not a DNS message, or a referral to another server.
    Unusable,
    /// It could not be reached.
    Unreachable(io::ErrorKind),
}

impl Fault {
    /// Whether the next nameserver is to be asked. Any other response code is an answer, as glibc has it.
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

/// Asks `server` for the addresses of `name` of one `kind`, and waits no longer than `wait`.
pub(super) async fn ask(
    server: SocketAddr,
    name: &Name,
    kind: RecordType,
    wait: Duration,
    use_vc: bool,
) -> Result<Answer, Fault> {
    let asked = async {
        let mut question = Message::query();
        question.metadata.recursion_desired = true;
        question.add_query(Query::query(name.clone(), kind));
        let bytes = question.to_vec().map_err(|_| Fault::Unusable)?;
        if !use_vc {
            let answer = over_udp(server, &question, &bytes).await?;
            if !answer.metadata.truncation {
                return read(&answer, name, kind);
            }
        }
        read(&over_tcp(server, &question, &bytes).await?, name, kind)
    };
    tokio::time::timeout(wait, asked).await.unwrap_or(Err(Fault::Silent))
}

/// A socket of its own for each question: its port is drawn by the kernel, and two questions at once do not share an
/// entry in a packet filter's table. It is connected, so that a port without a server is known at once.
async fn over_udp(server: SocketAddr, question: &Message, bytes: &[u8]) -> Result<Message, Fault> {
    /// More than the 512 bytes that a server may send to a question without EDNS.
    const LARGEST: usize = 4096;
    let any: IpAddr = if server.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let socket = UdpSocket::bind((any, 0)).await?;
    socket.connect(server).await?;
    socket.send(bytes).await?;
    let mut buffer = [0; LARGEST];
    loop {
        let length = socket.recv(&mut buffer).await?;
        let received = &buffer[..length];
        // Something that does not carry the question's number is somebody else's, however it goes on.
        if !received.starts_with(&bytes[..2]) {
            continue;
        }
        let answer = Message::from_vec(received).map_err(|_| Fault::Unusable)?;
        if answers(&answer, question) {
            return Ok(answer);
        }
    }
}

async fn over_tcp(server: SocketAddr, question: &Message, bytes: &[u8]) -> Result<Message, Fault> {
    let mut stream = TcpStream::connect(server).await?;
    let length = u16::try_from(bytes.len()).map_err(|_| Fault::Unusable)?;
    stream.write_all(&[&length.to_be_bytes(), bytes].concat()).await?;
    let mut received = vec![0; usize::from(stream.read_u16().await?)];
    stream.read_exact(&mut received).await?;
    let answer = Message::from_vec(&received).map_err(|_| Fault::Unusable)?;
    if answers(&answer, question) { Ok(answer) } else { Err(Fault::Unusable) }
}

fn answers(answer: &Message, question: &Message) -> bool {
    answer.metadata.message_type == MessageType::Response
        && answer.metadata.id == question.metadata.id
        && answer.queries == question.queries
}

fn read(answer: &Message, name: &Name, kind: RecordType) -> Result<Answer, Fault> {
    let head = &answer.metadata;
    if head.response_code == ResponseCode::NXDomain {
        return Ok(Answer::NoSuchName);
    }
    if head.response_code != ResponseCode::NoError {
        return Err(Fault::Said(head.response_code));
    }
    if answer.answers.is_empty() && answer.additionals.is_empty() && !head.authoritative && !head.recursion_available {
        return Err(Fault::Unusable);
    }
    Ok(follow(answer, name, kind))
}

/// The addresses of `name`, or of the name that its aliases lead to within this answer.
fn follow(answer: &Message, name: &Name, kind: RecordType) -> Answer {
    /// Longer chains, and loops, have no address.
    const MOST_ALIASES: usize = 16;
    let mut owner = name;
    for _ in 0..=MOST_ALIASES {
        let own = || answer.answers.iter().filter(|record| record.dns_class == DNSClass::IN && record.name == *owner);
        let records = || own().filter(|record| record.record_type() == kind);
        let found: Vec<IpAddr> = records().filter_map(|record| record.data.ip_addr()).collect();
        if !found.is_empty() {
            let ttl = answer.answers.iter().map(|record| record.ttl).min().unwrap_or(0);
            return Answer::Addresses { found, ttl: Duration::from_secs(ttl.into()) };
        }
        let Some(target) = own().find_map(alias) else { break };
        owner = target;
    }
    Answer::NoAddress
}

fn alias(record: &Record) -> Option<&Name> {
    if let RData::CNAME(target) = &record.data { Some(&target.0) } else { None }
}

#[cfg(test)]
mod tests {
    use hickory_proto::rr::rdata::{A, CNAME};
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

    fn reads(answers: impl IntoIterator<Item = Record>) -> Result<Answer, Fault> {
        let mut message = Message::query();
        message.metadata.recursion_available = true;
        message.add_answers(answers);
        read(&message, &name("vault.test"), RecordType::A)
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
        let mut message = Message::query();
        assert_eq!(read(&message, &name("vault.test"), RecordType::A), Err(Fault::Unusable));
        message.metadata.authoritative = true;
        assert_eq!(read(&message, &name("vault.test"), RecordType::A), Ok(Answer::NoAddress));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
            if let Ok(message) = Message::from_vec(&bytes) {
                let _ = read(&message, &name("vault.test"), RecordType::A);
            }
        }
    }
}
