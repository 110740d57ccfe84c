//! Commands that the reader can paste after a refusal, to learn more than the provider's answer shows. Each hint
//! contains one, after `: `.

use crate::subject::SubjectToken;

/// Hints that show how to evaluate the rule. The first is for the job, which has the token. The others are for
/// somebody else who may read the rule: they save the token's claims to a file, which contains no secret. `cloud` is
/// the subcommand of `explain`. `document` is the option for the file with the rule, and the file's name.
#[must_use]
pub fn explain(token: &SubjectToken, cloud: &str, document: &str) -> Vec<String> {
    let (option, again) = (token.option(), again(token));
    vec![
        format!("find the cause{again}: oidc-exchange explain {cloud} {document}{option}"),
        format!("save the claims for another machine{again}: oidc-exchange token{option} --format json >claims.json"),
        format!("evaluate the claims there: oidc-exchange explain {cloud} {document} --claims claims.json"),
    ]
}

/// A hint that shows how to verify the token's signature with the issuer's keys.
#[must_use]
pub fn verify(token: &SubjectToken) -> Vec<String> {
    vec![format!("see what its issuer publishes{}: oidc-exchange token --verify{}", again(token), token.option())]
}

fn again(token: &SubjectToken) -> &'static str {
    if token.is_from_stdin() { ", with the token on standard input again" } else { "" }
}
