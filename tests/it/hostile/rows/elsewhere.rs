//! Attacks that send a run to another server.

use sandbox::server::Response;
use serde_json::json;

use super::{Add, Attack, NO_BODY, answer, redirect};
use crate::faults::steps::Step;
use crate::hostile::answers::{leading_to, with_member};
use crate::hostile::expected::Kind;

pub(super) fn elsewhere(row: &mut Add<'_>) {
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
