//! Command lines for a person to paste after a refusal: they say more than the provider did. Each hint has one, after `: `.

use crate::subject::SubjectToken;

/// How to evaluate the rule. The first is for the job, where the token is. The others are for somebody who may read the rule,
/// elsewhere: the claims are kept in a file, which holds no secret. `cloud` comes after `explain`, and `document` is the option
/// for the file with the rule, and that file.
#[must_use]
pub fn explain(token: &SubjectToken, cloud: &str, document: &str) -> Vec<String> {
    let (option, again) = (token.option(), again(token));
    vec![
        format!("find the cause{again}: oidc-exchange explain {cloud} {document}{option}"),
        format!("save the claims for another machine{again}: oidc-exchange token{option} --format json >claims.json"),
        format!("evaluate the claims there: oidc-exchange explain {cloud} {document} --claims claims.json"),
    ]
}

/// How to check the token against its issuer's keys.
#[must_use]
pub fn verify(token: &SubjectToken) -> Vec<String> {
    vec![format!("see what its issuer publishes{}: oidc-exchange token --verify{}", again(token), token.option())]
}

fn again(token: &SubjectToken) -> &'static str {
    if token.is_from_stdin() { ", with the token on standard input again" } else { "" }
}
