//! Secrets that a peer repeats are not shown, in any form and any place.

mod http1;
mod http2;
mod http2_refused;
mod issued;
mod pasted;
mod tls;

use sandbox::{CLIENT, DEPLOY_ACCOUNT, DEPLOY_ROLE, PROVIDER, Sandbox, TENANT};

use crate::hostile::texts::{base64, full_width, gives_away, joined, percent, whole};
use crate::support::{Output, Program, oidc_exchange};
pub(crate) use http2::configured;

/// A way to write a secret so that a search for it finds nothing.
struct Disguise {
    name: &'static str,
    wear: fn(&str) -> String,
}

const DISGUISES: [Disguise; 19] = [
    Disguise { name: "none", wear: whole },
    Disguise { name: "another base64 alphabet", wear: |secret| secret.replace('-', "+").replace('_', "/") },
    Disguise { name: "small letters", wear: str::to_ascii_lowercase },
    Disguise { name: "base64", wear: base64 },
    Disguise { name: "percent signs", wear: percent },
    Disguise { name: "full width", wear: full_width },
    Disguise { name: "DEL", wear: |secret| between(secret, "\u{7f}") },
    Disguise { name: "right to left", wear: |secret| between(secret, "\u{202e}") },
    Disguise { name: "zero width", wear: |secret| between(secret, "\u{200b}") },
    Disguise { name: "soft hyphens", wear: |secret| between(secret, "\u{ad}") },
    Disguise { name: "Arabic letter marks", wear: |secret| between(secret, "\u{61c}") },
    Disguise { name: "line separators", wear: |secret| between(secret, "\u{2028}") },
    Disguise { name: "byte order marks", wear: |secret| between(secret, "\u{feff}") },
    Disguise { name: "tags", wear: |secret| between(secret, "\u{e0001}") },
    Disguise { name: "blanks", wear: |secret| between(secret, " ") },
    Disguise { name: "tabs", wear: |secret| between(secret, "\t") },
    Disguise { name: "line breaks", wear: |secret| between(secret, "\n") },
    Disguise { name: "foreign letters", wear: |secret| between(secret, "é") },
    Disguise { name: "quotes", wear: |secret| between(secret, "' '") },
];

/// Those that a header can contain.
fn in_headers() -> impl Iterator<Item = &'static Disguise> {
    DISGUISES.iter().filter(|disguise| (disguise.wear)("abcdefgh").bytes().all(|byte| (b' '..=b'~').contains(&byte)))
}

/// Every five letters, the mark.
fn between(secret: &str, mark: &str) -> String {
    joined(secret, 5, mark)
}

/// The secret part of a token: a JWT's signature, or the whole of another token.
fn telling(secret: &str) -> &str {
    secret.rsplit('.').next().unwrap_or_default()
}

/// Standard error contains none of the secrets.
#[track_caller]
fn shows_none_of(output: &Output, secrets: &[String], what: &str) {
    assert!(!secrets.is_empty(), "{what}: nothing was sent");
    let said = output.stderr();
    let shown = secrets.iter().any(|secret| gives_away(&said, telling(secret)));
    assert!(!shown, "{what}: letters of a secret are on standard error");
}

/// A call that shows a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Aws,
    GoogleSts,
    GoogleIam,
    Azure,
    VaultLogin,
    VaultRead,
}

const STEPS: [Step; 6] = [Step::Aws, Step::GoogleSts, Step::GoogleIam, Step::Azure, Step::VaultLogin, Step::VaultRead];

impl Step {
    /// The program that calls the server at `url`.
    fn program<'s>(self, sandbox: &'s Sandbox, url: &str) -> Program<'s> {
        let google = ["gcp", "--provider", PROVIDER, "--service-account", DEPLOY_ACCOUNT, "--no-credentials-file"];
        match self {
            Self::Aws => {
                let program = oidc_exchange(["aws", "--role-arn", DEPLOY_ROLE]).job(sandbox);
                program.env("AWS_ENDPOINT_URL_STS", url)
            }
            Self::GoogleSts | Self::GoogleIam => {
                let program = oidc_exchange(google).arg("--access-token").job(sandbox);
                program.args(["--sts-endpoint", url, "--iamcredentials-endpoint", url])
            }
            Self::Azure => {
                let program = oidc_exchange(["azure", "--tenant-id", TENANT, "--client-id", CLIENT]).job(sandbox);
                program.env("AZURE_AUTHORITY_HOST", url)
            }
            Self::VaultLogin | Self::VaultRead => {
                let program = oidc_exchange(["vault", "--role", "ci", "A=kv1:secret/a#k"]).job(sandbox);
                program.env("VAULT_ADDR", url)
            }
        }
    }
}
