//! `token`: the claims of a job's token, and the verification with its issuer's keys.

mod claims;
mod hostile;
mod keys;
mod misled;
mod places;
mod vectors;
mod verify;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sandbox::{Issuer, Job, now};
use serde_json::{Map, Value, json};

use crate::support::{Output, Program, oidc_exchange};

/// The hosted service's address of the sandbox's organization.
const ISS: &str = "https://acme.semaphoreci.com";

/// A token of the hosted service for this job, issued three minutes ago, with fixed ids.
fn hosted(job: Job) -> Job {
    dated(job).claim("iss", ISS).claim("aud", ISS)
}

fn dated(job: Job) -> Job {
    job.with_id("c117e453-1189-4eaf-b03a-dd6538eb49b2").issued_at(now() - 180).claim("jti", "2s557dchalv2mv76kk000el1")
}

/// `token` about this token, with these additional arguments.
fn token<'s>(issuer: &Issuer, token: &str, arguments: &[&str]) -> Program<'s> {
    let program = oidc_exchange(["token"]).args(arguments).token(token);
    let program = program.word(&format!("127.0.0.1:{}", issuer.port()), "ISSUER");
    let keys = issuer.published();
    let kids = keys.iter().filter_map(|key| key["kid"].as_str());
    let program = kids.enumerate().fold(program, |program, (index, kid)| program.word(kid, ["KID", "KID-2"][index]));
    let claims = decoded(token, 1);
    let number = |name: &str| claims.get(name).and_then(Value::as_i64).map(|seconds| seconds.to_string());
    [("iat", "IAT"), ("exp", "EXP"), ("nbf", "NBF")]
        .into_iter()
        .filter_map(|(name, word)| Some((number(name).filter(|digits| digits.len() == 10)?, word)))
        .fold(program, |program, (digits, word)| program.word(&digits, word))
}

fn decoded(token: &str, part: usize) -> Map<String, Value> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token.split('.').nth(part).unwrap()).unwrap()).unwrap()
}

fn header_kid(token: &str) -> String {
    decoded(token, 0)["kid"].as_str().unwrap().to_owned()
}

/// The output of `token` for it.
#[track_caller]
fn shown(issuer: &Issuer, text: &str, arguments: &[&str]) -> Output {
    let output = token(issuer, text, arguments).run();
    output.exits(0).stdout_holds_no_secret();
    assert_eq!(output.stderr(), "");
    output
}

/// The output for a token with only these claims, and the issuer's usual header.
#[track_caller]
fn shown_claims(claims: Value, arguments: &[&str]) -> Output {
    let issuer = Issuer::start().unwrap();
    let Value::Object(claims) = claims else { panic!("no object") };
    shown(&issuer, &issuer.sign(&json!({}), &claims), arguments)
}

/// The part of the output that begins with a line with this beginning.
fn from(output: &Output, start: &str) -> String {
    let text = output.shown();
    let at = text.lines().position(|line| line.starts_with(start)).unwrap_or_else(|| panic!("{}", output.describe()));
    text.split_inclusive('\n').skip(at).collect()
}

/// The claim's lines in the output: its value, and its note.
fn of(output: &Output, name: &str) -> String {
    let text = from(output, &format!("  {name} "));
    let more = text.split_inclusive('\n').skip(1).take_while(|line| line.starts_with("             "));
    text.split_inclusive('\n').take(1).chain(more).map(|line| &line[2..]).collect()
}
