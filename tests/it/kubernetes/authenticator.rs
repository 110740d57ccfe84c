//! Refusals of the sandbox's cluster: our own program's token, with one change.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sandbox::{Authenticator, Sandbox};

use super::{CLUSTER, address, answered, eks};

fn verdict(authenticator: &Authenticator, token: &str) -> Result<String, String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(authenticator.user(token))
}

#[test]
fn a_token_is_taken_whole_or_not_at_all() {
    let sandbox = Sandbox::start().unwrap();
    let (token, _) = answered(&eks(&[]).job(&sandbox).run());
    let eks = |cluster: &str| Authenticator::Eks { cluster: cluster.into(), sts: sandbox.aws.url(), roots: Vec::new() };
    let ours = eks(CLUSTER);
    assert!(verdict(&ours, &token).unwrap().starts_with("arn:aws:sts::123456789012:assumed-role/deploy/"));
    let written = |address: &str| format!("k8s-aws-v1.{}", URL_SAFE_NO_PAD.encode(address));
    let good = address(&token);
    let date = good.split_once("X-Amz-Date=").unwrap().1.split('&').next().unwrap().to_owned();
    let hour_ago =
        humantime::format_rfc3339_seconds(std::time::SystemTime::now() - Duration::from_mins(16)).to_string();
    let hour_ago = hour_ago.replace(['-', ':'], "");
    for (from, to, why) in [
        ("https://", "http://", "unexpected scheme"),
        ("sts.eu-west-1.amazonaws.com", "sts.eu-west-1.amazonaws.com.evil.test", "unexpected hostname"),
        ("sts.eu-west-1.amazonaws.com", "evil.test", "unexpected hostname"),
        ("sts.eu-west-1.amazonaws.com", "sts.cn-north-1.amazonaws.com.cn", "unexpected hostname"),
        ("sts.eu-west-1.amazonaws.com", "sts.us-east-1.amazonaws.com", "error from AWS"),
        ("amazonaws.com/?", "amazonaws.com/path?", "unexpected path"),
        ("amazonaws.com/?", "amazonaws.com?", "unexpected path"),
        ("GetCallerIdentity", "AssumeRole", "unexpected action"),
        ("&Version", "&version=2011-06-15&Version", "multiple values"),
        ("&Version", "&Evil=1&Version", "non-whitelisted"),
        ("host%3Bx-k8s-aws-id", "host", "did not sign the x-k8s-aws-id header"),
        ("X-Amz-Expires=60", "X-Amz-Expires=901", "invalid X-Amz-Expires"),
        ("X-Amz-Expires=60", "X-Amz-Expires=-1", "invalid X-Amz-Expires"),
        ("X-Amz-Expires=60", "X-Amz-Expires=61", "error from AWS"),
        (&format!("X-Amz-Date={date}"), "X-Amz-Date=", "error parsing X-Amz-Date"),
        (&format!("X-Amz-Date={date}"), &format!("X-Amz-Date={hour_ago}"), "X-Amz-Date parameter is expired"),
        ("X-Amz-Signature=", "X-Amz-Signature=0", "error from AWS"),
        ("X-Amz-Security-Token=", "X-Amz-Security-Token=A", "error from AWS"),
    ] {
        assert!(good.contains(from), "{from}");
        let refused = verdict(&ours, &written(&good.replacen(from, to, 1))).unwrap_err();
        assert!(refused.contains(why), "{from} → {to}: {refused}");
    }
    for (changed, why) in [
        (token.replacen("k8s-aws-v1.", "k8s-aws-v2.", 1), "prefix"),
        (format!("{token}="), "Invalid "),
        (format!("{token}{}", "A".repeat(4097 - token.len())), "too large"),
        (String::new(), "prefix"),
        ("k8s-aws-v1.".to_owned(), "no scheme"),
    ] {
        let refused = verdict(&ours, &changed).unwrap_err();
        assert!(refused.contains(why), "{why}: {refused}");
    }
    assert!(verdict(&eks("staging"), &token).unwrap_err().starts_with("error from AWS"), "another cluster's");
}
