//! Detects leaked secrets, in every form in which they could appear.

use std::collections::{BTreeSet, HashMap};
use std::fmt::{self, Write};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use sandbox::Sandbox;

/// The length of a piece that reveals a secret; shorter ones occur by chance.
const PIECE: usize = 16;

/// The pieces of all secrets with their names: a part of a secret is a leak too.
///
/// A token has about a thousand pieces. A search looks up each place of the text, not each piece.
#[derive(Clone, Default)]
pub(crate) struct Secrets {
    pieces: HashMap<Box<[u8]>, &'static str>,
    /// The lengths of the pieces in bytes.
    lengths: BTreeSet<usize>,
}

/// A leaked secret. Its name is shown, not the secret, because a test's log is public.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Leak {
    pub(crate) secret: &'static str,
    pub(crate) place: String,
}

impl fmt::Display for Leak {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} leaked into {}", self.secret, self.place)
    }
}

impl Secrets {
    /// Adds `text`, with the name `of` for reports: the text, and each part between dots, plain, in base64 at every
    /// alignment, percent-encoded and as JSON.
    pub(crate) fn plant(&mut self, of: &'static str, text: &str) {
        assert!(!text.is_empty(), "{of} is empty: it would be found everywhere");
        for part in text.split('.') {
            let mut forms = vec![part.to_owned(), percent(part, true), percent(part, false), json(part)];
            forms.extend((0..3).flat_map(|shift| base64_within(part, shift)));
            for form in forms {
                let letters: Vec<char> = form.chars().collect();
                for piece in letters.chunks(PIECE).filter(|piece| piece.len() == PIECE) {
                    self.add(of, &String::from_iter(piece));
                }
            }
        }
        if text.len() < PIECE {
            self.add(of, text);
        }
    }

    fn add(&mut self, of: &'static str, piece: &str) {
        self.lengths.insert(piece.len());
        self.pieces.insert(piece.as_bytes().into(), of);
    }

    /// Adds everything that the sandbox has issued so far.
    pub(crate) fn plant_issued(&mut self, sandbox: &Sandbox) {
        for issued in sandbox.aws.issued() {
            self.plant("a secret access key", &issued.secret_access_key);
            self.plant("a session token", &issued.session_token);
        }
        for password in sandbox.ecr.issued() {
            self.plant("a registry's password", &password);
        }
        for issued in sandbox.google.issued() {
            self.plant("a service account's token", &issued.token);
        }
        for token in sandbox.google.federated() {
            self.plant("a federated token", &token);
        }
        for token in sandbox.azure.issued() {
            self.plant("an access token", &token);
        }
        for password in sandbox.acr.issued() {
            self.plant("a registry's password", &password);
        }
        for token in sandbox.vault.issued() {
            self.plant("a client token", &token);
        }
        // A user's name may occur by chance.
        for value in sandbox.vault.values().iter().filter(|value| value.len() >= PIECE) {
            self.plant("a secret's value", value);
        }
    }

    /// The first leak in `bytes`.
    pub(crate) fn search(&self, place: impl fmt::Display, bytes: &[u8]) -> Result<(), Leak> {
        let text = String::from_utf8_lossy(bytes);
        let mut places = self.lengths.iter().flat_map(|length| text.as_bytes().windows(*length));
        match places.find_map(|piece| self.pieces.get(piece)) {
            Some(secret) => Err(Leak { secret, place: place.to_string() }),
            None => Ok(()),
        }
    }
}

fn percent(text: &str, upper: bool) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(byte.into()),
            _ if upper => write!(out, "%{byte:02X}").unwrap(),
            _ => write!(out, "%{byte:02x}").unwrap(),
        }
    }
    out
}

fn json(text: &str) -> String {
    let quoted = serde_json::to_string(text).unwrap();
    quoted[1..quoted.len() - 1].to_owned()
}

/// The base64 letters of `text` after `shift` other bytes. The letters at both ends depend on the neighbours and are
/// left out.
fn base64_within(text: &str, shift: usize) -> [String; 2] {
    let padded = [vec![0; shift], text.as_bytes().to_vec()].concat();
    [STANDARD.encode(&padded), URL_SAFE_NO_PAD.encode(&padded)].map(|encoded| {
        let end = encoded.trim_end_matches('=').len().saturating_sub(1);
        encoded.get((shift * 8).div_ceil(6)..end).unwrap_or_default().to_owned()
    })
}

#[test]
fn the_detector_fires() {
    let mut secrets = Secrets::default();
    secrets.plant(
        "the token",
        "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJvcmc6YWNtZSJ9eyJz.c2lnbmF0dXJlc2lnbmF0dXJl",
    );
    secrets.plant("the key", "wJalr/XUtnFEMI+K7MDENG/bPxRfiCY/EXAMPLEKEY");
    secrets.plant("the password", "hunter2");
    secrets.plant("the umlauts", "schlüsselwörter für jede prüfung");
    let seen = |text: &str| secrets.search("here", text.as_bytes()).err().map(|leak| leak.secret);
    assert_eq!(seen("error: AccessDenied eyJ is a short word"), None);
    assert_eq!(seen("x eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9 x"), Some("the token"), "a part");
    assert_eq!(seen("cut: eyJzdWIiOiJvcmc6YWNtZ"), Some("the token"), "a part that was cut");
    assert_eq!(seen("key=wJalr%2FXUtnFEMI%2BK7MDENG%2FbPx"), Some("the key"));
    assert_eq!(seen("key=wJalr%2fXUtnFEMI%2bK7MDENG%2fbPx"), Some("the key"));
    assert_eq!(seen("basic hunter2!"), Some("the password"));
    assert_eq!(seen("é schlüsselwörter é"), Some("the umlauts"), "letters of two bytes");
    for before in ["", "a", "ab", "abc"] {
        let encoded = STANDARD.encode(format!("{before}wJalr/XUtnFEMI+K7MDENG/bPxRfiCY/EXAMPLEKEY after"));
        assert_eq!(seen(&encoded), Some("the key"), "{before}");
    }
    let shown = secrets.search("here", b"hunter2").unwrap_err().to_string();
    assert_eq!(shown, "the password leaked into here");
}
