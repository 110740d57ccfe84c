//! Malicious texts in messages: active texts, and secrets in every form and place.

use sandbox::Fault;
use sandbox::server::Response;
use serde_json::json;

use super::{Add, Attack, NO_BODY, NO_CODE, What, answer, is_sent_secrets, redirect, refusing, sent_secrets};
use crate::faults::steps::{Exchange, Step};
use crate::hostile::answers::{refusal, refusal_in_two, with_element, with_member, xml};
use crate::hostile::expected::Kind;
use crate::hostile::texts::{self, Form};

pub(super) fn texts(row: &mut Add<'_>) {
    let says = |text: &'static str| answer(move |stage| Ok(refusing(stage.step, move |_| text.into())));
    row("a message that forges lines and moves the cursor", Kind::Refusal, says(texts::FORGED));
    row("a message that hides and reorders", Kind::Refusal, says(texts::HIDDEN));
    let long = || answer(|stage| Ok(refusing(stage.step, |_| "never \n".repeat(100_000))));
    row("a message of 700,000 characters", Kind::Refusal, long());
    let both = |text: &'static str| {
        answer(move |stage| {
            let step = stage.step;
            if matches!(step.exchange(), Exchange::Vault | Exchange::Verify) {
                return Err(NO_CODE);
            }
            Ok(Attack::answer(move |_, _| refusal_in_two(step, Some(text), text)))
        })
    };
    row("a code that forges lines", Kind::Refusal, both(texts::FORGED));
}

pub(super) fn secrets(row: &mut Add<'_>) {
    let forms: [(&str, Form); 11] = [
        ("as they are", texts::whole),
        ("with a delete character after each letter", texts::with_delete),
        ("with invisible marks in them", texts::with_marks),
        ("with blanks and line breaks in them", texts::with_blanks),
        ("with signs between the letters", texts::with_signs),
        ("with letters of another alphabet between the letters", texts::with_other_letters),
        ("in base64", texts::base64),
        ("in hexadecimal digits", texts::hexadecimal),
        ("percent-encoded", texts::percent),
        ("in full-width letters", texts::full_width),
        ("in the other case", texts::other_case),
    ];
    for (name, form) in forms {
        let what = answer(move |stage| {
            is_sent_secrets(stage.step)?;
            Ok(refusing(stage.step, move |sent| {
                let secrets = sent_secrets(sent);
                format!("no: {}", secrets.iter().map(|secret| form(secret)).collect::<Vec<_>>().join(", "))
            }))
        });
        row(&format!("a message with the secrets {name}"), Kind::Refusal, what);
    }
    let halves = answer(|stage| {
        let step = stage.step;
        is_sent_secrets(step)?;
        Ok(Attack::answer(move |sent, _| {
            let secret = sent_secrets(sent).swap_remove(0);
            let (first, second) = secret.split_at(secret.len().min(14) / 2);
            refusal_in_two(step, Some(first), second)
        }))
    });
    row("a secret in two places of one refusal", Kind::Refusal, halves);
}

/// Other places in which a server may write.
pub(super) fn places(row: &mut Add<'_>) {
    let headers = answer(|stage| {
        let step = stage.step;
        is_sent_secrets(step)?;
        Ok(Attack::answer(move |sent, _| {
            let secret = sent_secrets(sent).swap_remove(0);
            let names = ["x-amzn-requestid", "x-request-id", "retry-after", "server", "www-authenticate", "warning"];
            names.iter().fold(refusal(step, "no"), |answer, name| answer.with_header(name, secret.as_str()))
        }))
    });
    row("a secret in every header of a refusal", Kind::Refusal, headers);
    let reason = answer(|stage| {
        let step = stage.step;
        is_sent_secrets(step)?;
        Ok(Attack::new(Fault::forged(move |sent, _| {
            let secret = sent_secrets(sent).swap_remove(0);
            let text = String::from_utf8(refusal(step, "no").bytes()).unwrap();
            let (head, rest) = text.split_once("\r\n").unwrap();
            format!("{} {secret}\r\n{rest}", &head[..12]).into_bytes()
        })))
    });
    row("a secret as the reason phrase", Kind::Refusal, reason);
    let location = answer(|stage| {
        is_sent_secrets(stage.step)?;
        Ok(Attack::answer(|sent, _| {
            let secret = sent_secrets(sent).swap_remove(0);
            redirect(307, &format!("https://{secret}.elsewhere.test/"))
        }))
    });
    row("a redirect to a host that is a secret", Kind::Hopeless, location);
    let request_id = answer(|stage| {
        let step = stage.step;
        Ok(Attack::answer(move |_, _| {
            let id = "x\u{202e}\u{200b}y (request FORGED) error: FORGED";
            refusal(step, "no").with_header("x-amzn-requestid", id).with_header("x-request-id", id)
        }))
    });
    row("a request id that hides and reorders", Kind::Refusal, request_id);
    let members = answer(|stage| {
        let step = stage.step;
        if !matches!(step, Step::Identity | Step::Login | Step::Mount | Step::Read | Step::Write) {
            return Err("no text of a good answer is shown");
        }
        Ok(Attack::answer(move |sent, answer| {
            let text = format!("{} {}", sent_secrets(sent).swap_remove(0), texts::FORGED);
            if step == Step::Identity {
                return with_element(answer, "Arn", &xml(&text));
            }
            let text = json!([text, texts::HIDDEN]);
            let answer = if step == Step::Login { with_member(answer, "/auth/policies", &text) } else { answer };
            with_member(answer, "/warnings", &text)
        }))
    });
    row("secrets and forged lines in a good answer's texts", Kind::Harmless, members);
    row("the secrets of a good answer in its id and warnings", Kind::Harmless, own());
    let unfit = answer(|stage| match stage.step {
        Step::Discovery => Ok(Attack::answer(|_, answer| {
            let answer = with_member(answer, "/issuer", &json!(texts::FORGED));
            with_member(answer, "/jwks_uri", &json!(texts::HIDDEN)).with_header("content-type", "x/\u{202e}\u{200b}y")
        })),
        Step::Keys => Ok(Attack::answer(|_, answer| with_member(answer, "/keys/0/kty", &json!(texts::FORGED)))),
        Step::Read => Ok(Attack::answer(|_, _| {
            let metadata = json!({ "version": 1, "deletion_time": texts::FORGED, "destroyed": false });
            Response::json(404, &json!({ "data": { "data": null, "metadata": metadata } }))
        })),
        Step::Assertion => Ok(Attack::answer(|_, _| {
            let (trace, time) = (texts::FORGED, texts::HIDDEN);
            Response::json(401, &json!({ "error": "invalid_client", "trace_id": trace, "timestamp": time }))
        })),
        Step::Token
        | Step::Hop
        | Step::Identity
        | Step::Sts
        | Step::AccessToken
        | Step::IdToken
        | Step::Login
        | Step::Mount
        | Step::Write
        | Step::Revocation
        | Step::Ecr
        | Step::EcrPublic
        | Step::Renewal
        | Step::AcrChallenge
        | Step::AcrExchange
        | Step::Eks
        | Step::Gke
        | Step::Aks
        | Step::Subscriptions
        | Step::TargetToken
        | Step::TargetRead => Err("no other text of a bad answer is shown"),
    });
    row("forged lines in a bad answer's other texts", Kind::Refusal, unfit);
}

/// An answer that repeats all that it issues.
fn own() -> What {
    answer(|stage| {
        let step = stage.step;
        if step == Step::Revocation {
            return Err(NO_BODY);
        }
        Ok(Attack::answer(move |_, answer| {
            let text = String::from_utf8_lossy(&answer.body).into_owned();
            let is_in_secrets = |c: char| c.is_ascii_alphanumeric() || "+/=_.-".contains(c);
            let issued: Vec<&str> = text.split(|c| !is_in_secrets(c)).filter(|word| word.len() >= 16).collect();
            let issued = issued.join(" ");
            let is_vaults = step.exchange() == Exchange::Vault || step == Step::TargetRead;
            let answer = if is_vaults { with_member(answer, "/warnings", &json!([issued])) } else { answer };
            answer.with_header("x-amzn-requestid", issued.as_str()).with_header("x-request-id", issued.as_str())
        }))
    })
}
