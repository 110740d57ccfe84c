//! Invalid HTTP, and bodies that do not have the service's format.

use sandbox::Fault;
use sandbox::server::Response;

use super::{Add, Attack, NO_BODY, answer};
use crate::faults::rows::NO_READ;
use crate::faults::steps::Step;
use crate::hostile::answers::refusal;
use crate::hostile::expected::Kind;

/// Bytes that are not valid HTTP.
pub(super) fn frames(row: &mut Add<'_>) {
    let raw = |bytes: &'static [u8]| answer(move |_| Ok(Attack::new(Fault::forged(move |_, _| bytes.to_vec()))));
    row("a banner of another protocol", Kind::Hopeless, raw(b"SSH-2.0-OpenSSH_9.9\r\n\x1b[2JFORGED\r\n\r\n"));
    let lengths = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 900\r\n\r\n{}";
    row("two lengths that differ", Kind::Hopeless, raw(lengths));
    let control = b"HTTP/1.1 200 OK\r\nx-request-id: a\x1b[2J\0FORGED\r\ncontent-length: 2\r\n\r\n{}";
    row("a header with control characters", Kind::Hopeless, raw(control));
    let endless = answer(|_| {
        let again = format!("x-more: {}\r\n", "0".repeat(1_000)).repeat(8).into_bytes();
        Ok(Attack::new(Fault::Endless { first: b"HTTP/1.1 200 OK\r\n".to_vec(), again }))
    });
    row("a head without end", Kind::Hopeless, endless);
    let many = answer(|_| {
        let lines: Vec<String> = (0..100_000).map(|number| format!("x-{number}: 0\r\n")).collect();
        let head = format!("HTTP/1.1 200 OK\r\n{}content-length: 2\r\n\r\n{{}}", lines.concat()).into_bytes();
        Ok(Attack::new(Fault::forged(move |_, _| head.clone())))
    });
    row("100,000 headers", Kind::Hopeless, many);
    let ahead = answer(|stage| {
        let step = stage.step;
        Ok(Attack::new(Fault::forged(move |_, answer| {
            let next = refusal(step, "an answer to a request that nobody has made yet");
            [answer.bytes(), next.bytes()].concat()
        })))
    });
    row("a second answer, ahead of its request", Kind::Harmless, ahead);
}

/// Bodies that no parser for the service accepts.
pub(super) fn bodies(row: &mut Add<'_>) {
    let body = |make: fn() -> Vec<u8>| {
        answer(move |_| Ok(Attack::answer(move |_, _| Response::new(200, "application/json", make()))))
    };
    row("an array 100,000 deep", Kind::Garbled, body(|| vec![b'['; 100_000]));
    row("elements 50,000 deep", Kind::Garbled, body(|| b"<a>".repeat(50_000)));
    row("objects 1,000,000 deep", Kind::Garbled, body(|| b"{\"\":".repeat(1_000_000)));
    row("a list with 4 MiB of members", Kind::Crowd, body(|| format!("[{{{}}}]", members(330_000)).into_bytes()));
    row("4 MiB of elements", Kind::Garbled, body(|| format!("<a>{}</a>", "<b>0</b>".repeat(520_000)).into_bytes()));
    let more = answer(|stage| {
        if stage.step == Step::Revocation {
            return Err(NO_BODY);
        }
        Ok(Attack::answer(|_, answer| {
            let text = String::from_utf8(answer.body.clone()).unwrap();
            let body = match text.strip_prefix('{') {
                Some(rest) => format!("{{{},{rest}", members(100_000)),
                None => {
                    text.replacen("<ResponseMetadata>", &format!("{}<ResponseMetadata>", "<a>0</a>".repeat(100_000)), 1)
                }
            };
            assert!(body.len() > 500_000);
            Response { body: body.into(), ..answer }
        }))
    });
    row("100,000 members beside the service's own", Kind::Harmless, more);
    let wide = answer(|stage| {
        if stage.step == Step::Revocation {
            return Err(NO_BODY);
        }
        if stage.step == Step::AcrChallenge {
            return Err(NO_READ);
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
        if matches!(stage.step, Step::Mount | Step::Read | Step::Write | Step::Revocation | Step::TargetRead) {
            return Err("an empty answer is one of Vault's");
        }
        Ok(Attack::answer(|_, _| Response::new(200, "application/json", "")))
    });
    row("200 with nothing in it", Kind::Garbled, nothing);
}

/// Members of an object, each with a different name.
fn members(count: usize) -> String {
    (0..count).map(|number| format!("\"m{number:x}\":0")).collect::<Vec<_>>().join(",")
}
