//! Command lines for a person to paste after a refusal: they say more than the provider did.

use crate::subject::SubjectToken;

/// A document that the provider's own tool prints.
pub struct Printed {
    /// The tool's command line, each word of it quoted where it needs that.
    pub by: String,
    /// The option of `explain` that takes it.
    pub option: &'static str,
}

impl Printed {
    fn file(&self) -> String {
        format!("{}.json", self.option.trim_start_matches('-'))
    }
}

/// The line that evaluates `rule` on the token, with a `further` document where it takes two: `explain` reads one of them
/// from a pipe, unless that is where the token comes from. `provider` is what stands after `explain`.
#[must_use]
pub fn explain(token: &SubjectToken, provider: &str, rule: &Printed, further: Option<&Printed>) -> String {
    let (first, options) = further.map_or_else(Default::default, |further| {
        (format!("{} > {} && ", further.by, further.file()), format!(" {} {}", further.option, further.file()))
    });
    let (into, from) =
        if token.is_from_stdin() { (format!("> {} &&", rule.file()), rule.file()) } else { ("|".into(), "-".into()) };
    format!(
        "see which condition fails{}: {first}{} {into} oidc-exchange explain {provider} {} {from}{options}{}",
        again(token),
        rule.by,
        rule.option,
        token.option()
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
