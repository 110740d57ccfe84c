//! Evaluates an application's federated credentials on a token's claims, like Microsoft Entra.

mod credential;
mod lints;

use self::credential::Credential;
use super::ClientId;
use crate::document::Document;
use crate::error::Usage;
use crate::explanation::{Check, Explanation, Mark, Verdict};
use crate::subject::Claims;
use crate::subject::claims::JobKind;
use crate::text::time;

/// All federated credentials of an application or a managed identity.
#[derive(Debug)]
pub struct Rule {
    credentials: Vec<Credential>,
    client: Option<ClientId>,
}

impl Rule {
    /// Reads the output of `az ad app federated-credential list` or `az identity federated-credential list`, one of
    /// its credentials, or Microsoft Graph's answer. `client` is the application, if it is known; notes name it.
    ///
    /// # Errors
    /// If it is something else; with the place of the fault.
    pub fn new(document: &Document, client: Option<ClientId>) -> Result<Self, Usage> {
        Ok(Self { credentials: credential::read(document)?, client })
    }

    /// Whether a token with these claims, signed with `algorithm`, is allowed at `now`, in seconds since 1970. All
    /// checks are made, even if an earlier one fails.
    #[must_use]
    pub fn evaluate(&self, claims: &Claims, algorithm: Option<&str>, now: i64) -> Explanation {
        let found: Vec<Check> = self.credentials.iter().map(|credential| credential.evaluate(claims)).collect();
        let times = times(claims, now);
        let matched = found.iter().map(|check| check.mark).min_by_key(|mark| match mark {
            Mark::Holds => 0,
            Mark::Unknown => 1,
            Mark::Fails => 2,
        });
        let matched = matched.unwrap_or(Mark::Fails);
        let (verdict, title) = match (times.mark, matched) {
            (Mark::Fails, Mark::Holds) => (Verdict::Refused, "Entra refuses this token for its times"),
            (_, Mark::Holds) => (Verdict::Accepted, "a federated credential allows this token"),
            (Mark::Fails, _) | (_, Mark::Fails) => (Verdict::Refused, "no federated credential allows this token"),
            (_, Mark::Unknown) => {
                (Verdict::CannotTell, "a federated credential allows this token if what is marked with ? holds")
            }
        };
        let mut notes = self.fixes(claims, matched);
        if algorithm.is_some_and(|algorithm| algorithm != "RS256") {
            notes.push("Microsoft supports only RS256 signatures for federated credentials".into());
        }
        notes.push("whether the token is genuine was not checked; oidc-exchange token --verify does that".into());
        notes
            .push("what the application may do is a matter of its role assignments, which are not in this file".into());
        let checks = [times].into_iter().chain(found).collect();
        let lints = lints::lints(&self.credentials, claims, matched == Mark::Holds);
        Explanation { verdict, title: title.into(), checks, lints, notes }
    }

    fn fixes(&self, claims: &Claims, matched: Mark) -> Vec<String> {
        let mut notes = Vec::new();
        if matched == Mark::Fails {
            if self.credentials.is_empty() {
                notes.push("the file has no federated credential; Entra then answers AADSTS70025".into());
            }
            notes.push(if claims.job_kind() == Some(JobKind::PullRequest) {
                "this is a pull-request job: its `sub` changes with every push, so no federated credential can allow it"
                    .into()
            } else {
                let client = self.client.as_ref().map(|id| format!(" --client-id {}", id.as_str())).unwrap_or_default();
                format!(
                    "oidc-exchange setup azure{client} prints the commands that create the credential for this token"
                )
            });
        }
        notes
    }
}

/// Entra documents no tolerance for clock differences.
fn times(claims: &Claims, now: i64) -> Check {
    const SAYS: &str = "answer";
    let wrong = match (claims.expiry(), claims.not_before()) {
        (None, _) => Some("the token has no `exp`".to_owned()),
        (Some(at), _) if at <= now => Some(format!("it was valid until {}, and it is {}", time(at), time(now))),
        (_, Some(at)) if at > now => Some(format!("it is valid from {}, and it is {}", time(at), time(now))),
        _ => None,
    };
    match wrong {
        None => Check::new(Mark::Holds, "the token's times are good"),
        Some(why) => Check::new(Mark::Fails, "the token's times are not good")
            .fact("because", why)
            .fact(SAYS, "AADSTS700024: Client assertion is not within its valid time range. …"),
    }
}

/// Hints that name the commands to run.
#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const ISSUER: &str = "https://acme.semaphoreci.com";
    const SUBJECT: &str = "org:acme:project:p:repo:web:ref_type:branch:ref:refs/heads/main";

    fn credential(issuer: &str, subject: &str, audience: &str) -> Value {
        json!({ "name": "main", "issuer": issuer, "subject": subject, "audiences": [audience] })
    }

    fn verdict(credentials: &Value, claims: &Value) -> Verdict {
        let document = Document::from_text("--credentials f", credentials.to_string().as_bytes()).unwrap();
        let claims = Claims::new(claims.as_object().unwrap().clone());
        Rule::new(&document, None).unwrap().evaluate(&claims, Some("RS256"), 1000).verdict
    }

    fn claims() -> Value {
        json!({ "iss": ISSUER, "sub": SUBJECT, "aud": ISSUER, "exp": 2000, "nbf": 900 })
    }

    #[test]
    fn all_three_are_compared_exactly() {
        let good = credential(ISSUER, SUBJECT, ISSUER);
        let branch = SUBJECT.replace("main", "*");
        let upper = SUBJECT.to_uppercase();
        for (credentials, expected) in [
            (json!([good]), Verdict::Accepted),
            (good.clone(), Verdict::Accepted),
            (json!({ "value": [good] }), Verdict::Accepted),
            (json!([]), Verdict::Refused),
            (json!([credential(&format!("{ISSUER}/"), SUBJECT, ISSUER)]), Verdict::Refused),
            (json!([credential(ISSUER, &branch, ISSUER)]), Verdict::Refused),
            (json!([credential(ISSUER, &upper, ISSUER)]), Verdict::Refused),
            (json!([credential(ISSUER, SUBJECT, "api://AzureADTokenExchange")]), Verdict::Refused),
            (json!([credential(ISSUER, "other", ISSUER), good]), Verdict::Accepted),
        ] {
            assert_eq!(verdict(&credentials, &claims()), expected, "{credentials}");
        }
    }

    #[test]
    fn the_three_are_not_put_together_from_several_credentials() {
        let credentials =
            json!([credential(ISSUER, "other", ISSUER), credential("https://other.test", SUBJECT, ISSUER)]);
        assert_eq!(verdict(&credentials, &claims()), Verdict::Refused);
    }

    #[test]
    fn a_token_out_of_its_time_is_refused() {
        for (name, value) in [("exp", json!(1000)), ("nbf", json!(1001)), ("exp", Value::Null)] {
            let mut claims = claims();
            claims[name] = value;
            assert_eq!(verdict(&credential(ISSUER, SUBJECT, ISSUER), &claims), Verdict::Refused, "{name}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_claims_make_the_evaluation_panic(iss: String, sub: String, aud: String, exp: i64) {
            let claims = json!({ "iss": iss, "sub": sub, "aud": aud, "exp": exp });
            let _ = verdict(&credential(ISSUER, SUBJECT, ISSUER), &claims);
        }
    }
}
