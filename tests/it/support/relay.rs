//! A relay to a server: it can be slow, fail, or withhold some requests, so that the caller waits.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

/// A relay to a port of this machine. It withholds some requests.
pub(crate) struct Relay {
    port: u16,
    held: Arc<Held>,
    round_trips: Arc<AtomicUsize>,
}

#[derive(Default)]
struct Held {
    count: Mutex<usize>,
    more: Condvar,
}

impl Relay {
    /// Withholds every request with one of `words` in its first line.
    pub(crate) fn holding(port: u16, words: &[&str]) -> Self {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        Self::start(port, move |client, server, held| pass_on(client, server, &words, held))
    }

    /// Delays every byte in both directions: a request and its answer take `round_trip`. (Connections are accepted at
    /// once by the system.)
    ///
    /// It counts round trips with a logical clock, so that a busy machine has no effect. A caller's bytes are one
    /// step later than the last answer that had reached it, on any connection. An answer has the time of its request.
    pub(crate) fn delaying(port: u16, round_trip: Duration) -> Self {
        let clock = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&clock);
        let mut relay = Self::start(port, move |client, server, _| {
            let (Ok(from_client), Ok(from_server)) = (client.try_clone(), server.try_clone()) else { return };
            let (clock, asked) = (Arc::clone(&clock), Arc::new(AtomicUsize::new(0)));
            let (latest, arrived) = (Arc::clone(&clock), Arc::clone(&asked));
            thread::spawn(move || {
                let sent = || latest.load(Ordering::SeqCst) + 1;
                bring_later(from_client, server, round_trip / 2, sent, |far| arrived.store(far, Ordering::SeqCst));
            });
            let sent = || asked.load(Ordering::SeqCst);
            bring_later(from_server, client, round_trip / 2, sent, move |far| {
                clock.fetch_max(far, Ordering::SeqCst);
            });
        });
        relay.round_trips = counted;
        relay
    }

    /// The number of round trips that a caller has waited for, with [`Self::delaying`].
    pub(crate) fn round_trips(&self) -> usize {
        self.round_trips.load(Ordering::SeqCst)
    }

    /// Closes the first connection after this number of bytes from the caller.
    pub(crate) fn breaking_once(port: u16, after: u64) -> Self {
        let whole = AtomicBool::new(true);
        Self::start(port, move |client, server, _| {
            let (Ok(mut from_server), Ok(mut to_client)) = (server.try_clone(), client.try_clone()) else { return };
            let (mut from_client, mut to_server) = (&client, &server);
            thread::spawn(move || std::io::copy(&mut from_server, &mut to_client));
            if whole.swap(false, Ordering::Relaxed) {
                let _ = std::io::copy(&mut (&mut from_client).take(after), &mut to_server);
            } else {
                let _ = std::io::copy(&mut from_client, &mut to_server);
            }
            let _ = (client.shutdown(Shutdown::Both), server.shutdown(Shutdown::Both));
        })
    }

    /// Starts at this address when it becomes free.
    pub(crate) fn at(listener: TcpListener, port: u16) -> Self {
        Self::serve(listener, port, |client, server, held| pass_on(client, server, &[], held))
    }

    fn start(port: u16, how: impl Fn(TcpStream, TcpStream, &Held) + Send + Sync + 'static) -> Self {
        Self::serve(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap(), port, how)
    }

    fn serve(
        listener: TcpListener,
        port: u16,
        how: impl Fn(TcpStream, TcpStream, &Held) + Send + Sync + 'static,
    ) -> Self {
        let (own, held) = (listener.local_addr().unwrap().port(), Arc::new(Held::default()));
        let (count, how) = (Arc::clone(&held), Arc::new(how));
        // It ends with the test's process: nothing waits for this thread.
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let (how, count) = (Arc::clone(&how), Arc::clone(&count));
                thread::spawn(move || {
                    let Ok(server) = TcpStream::connect((Ipv4Addr::LOCALHOST, port)) else { return };
                    how(client, server, &count);
                });
            }
        });
        Self { port: own, held, round_trips: Arc::default() }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Waits until it withholds a request.
    #[track_caller]
    pub(crate) fn await_held(&self) {
        let end = Instant::now() + Duration::from_secs(30);
        let mut count = self.held.count.lock().unwrap();
        while *count == 0 {
            let left = end.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "nothing came that was to be held");
            count = self.held.more.wait_timeout(count, left).unwrap().0;
        }
    }
}

/// `sent` returns the clock's value for received bytes. `arrived` is called with it when they are passed on.
fn bring_later(
    mut from: TcpStream,
    mut to: TcpStream,
    delay: Duration,
    sent: impl Fn() -> usize,
    arrived: impl Fn(usize) + Send,
) {
    let (deliver, due_ones) = mpsc::channel::<(Instant, usize, Vec<u8>)>();
    thread::scope(|scope| {
        scope.spawn(move || {
            for (due, far, bytes) in due_ones {
                thread::sleep(due.saturating_duration_since(Instant::now()));
                arrived(far);
                if to.write_all(&bytes).is_err() {
                    break;
                }
            }
            let _ = to.shutdown(Shutdown::Write);
        });
        let mut bytes = vec![0; 16 << 10];
        while let Ok(count @ 1..) = from.read(&mut bytes) {
            if deliver.send((Instant::now() + delay, sent(), bytes[..count].to_vec())).is_err() {
                break;
            }
        }
        drop(deliver);
    });
}

fn pass_on(mut client: TcpStream, mut server: TcpStream, words: &[String], held: &Held) {
    let (Ok(mut from_server), Ok(mut to_client)) = (server.try_clone(), client.try_clone()) else { return };
    thread::spawn(move || {
        let _ = std::io::copy(&mut from_server, &mut to_client);
        let _ = to_client.shutdown(Shutdown::Both);
    });
    while let Some(request) = request(&mut client) {
        let line =
            String::from_utf8_lossy(request.split(|byte| *byte == b'\r').next().unwrap_or_default()).into_owned();
        if words.iter().any(|word| line.contains(word)) {
            *held.count.lock().unwrap() += 1;
            held.more.notify_all();
            // Waits until the caller closes the connection.
            let _ = client.read(&mut [0]);
            break;
        }
        if server.write_all(&request).is_err() {
            break;
        }
    }
    let _ = server.shutdown(Shutdown::Write);
}

/// The next request with its body; `None` at the end.
fn request(client: &mut TcpStream) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut byte = [0];
    while !bytes.ends_with(b"\r\n\r\n") {
        client.read_exact(&mut byte).ok()?;
        bytes.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&bytes).to_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
    let mut body = vec![0; length.map_or(0, |length| length.trim().parse().unwrap())];
    client.read_exact(&mut body).ok()?;
    bytes.extend(body);
    Some(bytes)
}
