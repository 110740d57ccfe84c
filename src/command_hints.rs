//! Command lines for a person to paste after a refusal: they say more than the provider did.

use crate::subject::SubjectToken;

/// How whoever may read the rule evaluates it: the claims are kept here, where the token is, and carried there. `provider` is
/// what stands after `explain`.
#[must_use]
pub fn explain(token: &SubjectToken, provider: &str) -> String {
    format!(
        "run `oidc-exchange token{} --format json >claims.json` here{}; with it `oidc-exchange explain {provider} --claims claims.json` shows which condition fails",
        token.option(),
        again(token)
    )
}

/// The line that holds the token against its issuer's keys.
#[must_use]
pub fn verify(token: &SubjectToken) -> String {
    format!("see what its issuer publishes{}: oidc-exchange token --verify{}", again(token), token.option())
}

fn again(token: &SubjectToken) -> &'static str {
    if token.is_from_stdin() { ", with the token on standard input again" } else { "" }
}
