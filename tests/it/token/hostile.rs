//! Malicious claims: none moves the cursor, breaks a line or fills a log.

use sandbox::Issuer;
use serde_json::{Map, Value, json};

use super::{shown, shown_claims};
use crate::support::{Output, expect};

/// A layout that holds: no control characters, names where names are.
#[track_caller]
fn holds(output: &Output) {
    let text = output.stdout();
    assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{text:?}");
    assert!(!text.contains(['\u{202e}', '\u{2066}', '\u{200f}']), "{text:?}");
}

#[test]
fn control_characters() {
    let claims = json!({
        "sub": "a\u{1b}[2J\u{1b}[31mb\r\nissuer: forged\u{7}", "name\nwith\u{1}lines\u{9b}": "\u{202e}reversed\u{2066}",
        "branch": "x\u{0}y\tz", "iss": "https://acme.semaphoreci.com\u{85}",
    });
    let output = shown_claims(claims.clone(), &[]);
    holds(&output);
    output.stdout_reads(expect![[r#"
        job        of another CI system: its claims are shown as they are
        expires    never: it has no exp
        signed     RS256, key KID (--verify checks it)

        claims
          iss        https://acme.semaphoreci.com
          sub        a[2J[31mb  issuer: forged
          branch     xy z
          name withlines
                     reversed
    "#]]);
    let output = shown_claims(claims.clone(), &["--format", "json"]);
    holds(&output);
    let shown: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(shown["claims"], claims, "JSON has a form for them");
}

#[test]
fn very_long_ones() {
    let claims = json!({ "sub": "s".repeat(20_000), "n".repeat(5_000): "x", "list": vec!["item"; 3_000] });
    let output = shown_claims(claims, &[]);
    assert!(output.stdout().len() < 4_000, "{}", output.stdout().len());
    for told in ["s… (20000 characters)", "n… (5000 characters)", "… (21001 characters)"] {
        assert!(output.stdout().contains(told), "{told}");
    }
}

/// A token within a token is a token.
#[test]
fn ones_that_look_like_a_token() {
    let inner = Issuer::start().unwrap().sign(&json!({}), &Map::new());
    let issuer = Issuer::start().unwrap();
    let claims =
        json!({ "act": inner, "list": [{ "deep": format!("Bearer {inner}") }], inner.clone(): "x", "sub": inner });
    let Value::Object(claims) = claims else { unreachable!() };
    let text = issuer.sign(&json!({ "kid": inner }), &claims);
    for format in ["text", "json"] {
        let output = super::token(&issuer, &text, &["--format", format]).secret("the token within", &inner).run();
        output.exits(0).stdout_holds_no_secret();
        assert_eq!(output.stdout().matches("[redacted]").count(), 5, "{}", output.stdout());
    }
}

#[test]
fn ones_that_are_not_texts() {
    let claims = json!({
        "iss": 3, "aud": { "x": [1] }, "sub": null, "sub127": ["a"], "branch": true, "ref": {}, "exp": "soon", "iat": [1],
        "nbf": -5, "prj_id": 1.50, "actor": [[[[]]]], "https://aws.amazon.com/tags": "x", "job_type": 0, "": "nameless",
    });
    let output = shown_claims(claims.clone(), &[]);
    holds(&output);
    output.stdout_reads(expect![[r#"
        job        of a kind that the claims do not tell
        expires    unknown: exp is not a number
        signed     RS256, key KID (--verify checks it)

        claims
          iss        3
          aud        {"x":[1]}
                     · not the same as iss: made only for this audience
          sub        null
          sub127     ["a"]
          prj_id     1.5
          job_type   0
          ref        {}
          branch     true
          actor      [[[[]]]]
          iat        [1]
          nbf        -5
          exp        soon
                     · 24 hours from before the job was queued; a job cannot get another
                       token
          https://aws.amazon.com/tags
                     x
                     · session tags: the role's trust policy must allow sts:TagSession
                       too, and so must every other role of a chain
                     nameless

        missing
          here       org, org_id, prj, repo, repo_slug, ref_type, pr, pr_branch, tag,
                     trg, wf_id, ppl_id, job_id
          could be   all but iss, aud, iat, nbf, exp, jti: an organization can switch
                     off any other, and org and prj are off until it switches them on; a
                     rule that needs a missing claim refuses the token

        limits
          AWS        `iat` is not a whole number of seconds
          AWS        `exp` is not a whole number of seconds
          AWS        the session tags have no object `principal_tags`
    "#]]);
    let output = shown_claims(claims.clone(), &["--format", "json"]);
    assert_eq!(serde_json::from_slice::<Value>(&output.stdout).unwrap()["claims"], claims);
}

#[test]
fn times_out_of_every_calendar() {
    for exp in ["1e300", "-1e300", "9223372036854775807", "-9223372036854775808", "99999999999999999999999", "0", "0.5"]
    {
        let claims = format!(r#"{{"exp":{exp},"iat":{exp},"nbf":{exp}}}"#);
        holds(&shown_claims(serde_json::from_str(&claims).unwrap(), &[]));
    }
}

#[test]
fn two_hundred_of_them() {
    let claims: Map<String, Value> = (0..200).map(|n| (format!("claim_{n:03}"), json!(n))).collect();
    let output = shown_claims(Value::Object(claims), &[]);
    assert_eq!(output.stdout().lines().filter(|line| line.starts_with("  claim_")).count(), 200);
}

#[test]
fn none_at_all_and_a_header_without_anything() {
    let issuer = Issuer::start().unwrap();
    let bare = issuer.sign(&json!({ "alg": null, "kid": null, "typ": null }), &Map::new());
    shown(&issuer, &bare, &[]).stdout_reads(expect![[r#"
        job        of another CI system: its claims are shown as they are
        expires    never: it has no exp
        signed     (no algorithm) (--verify checks it)

        claims

        limits
          AWS        signed with (none); AWS STS accepts RS256, RS384, RS512, ES256,
                     ES384, ES512
          Google     signed with (none); Google STS accepts RS256 and ES256
          Google     the header names no key (kid)
          Azure      signed with (none); Microsoft supports only RS256 for federated
                     credentials
    "#]]);
    let odd = issuer.sign(&json!({ "alg": 3, "kid": ["x"], "typ": "\u{1b}[2J", "x5c": ["certificate"] }), &Map::new());
    let output = shown(&issuer, &odd, &["--format", "json"]);
    let shown: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(shown["header"], json!({ "alg": null, "kid": null, "typ": "\u{1b}[2J" }), "alg, kid and typ alone");
}
