//! A run's session with the server: sends requests, and explains failures.

use serde_json::{Value, json};

use super::Request;
use super::answer::{Answer, Kind, PROVIDER};
use super::cause::{ADDRESS_SETTING, transport_hints};
use super::client_token::ClientToken;
use super::path::Path;
use super::read_cause::{MORE_USES, ReadCause};
use super::wire::{Call, Server, Success};
use crate::error::{Error, Refusal};
use crate::http::retry::{Deadline, GaveUp};
use crate::http::{Attempt, Explain, Failure, Problem, Told};

/// A run's session with the server.
pub(super) struct Session<'a> {
    pub(super) request: &'a Request,
    pub(super) server: &'a Server,
    pub(super) token: &'a ClientToken,
    pub(super) deadline: Deadline,
}

impl Session<'_> {
    /// Sends one request. Temporary errors are retried.
    pub(super) async fn send(
        &self,
        kind: Kind,
        path: &Path,
        version: Option<u32>,
        body: Option<Vec<u8>>,
    ) -> Result<Success, GaveUp<Attempt<Answer>>> {
        let token = &self.token.secret;
        let once = async || {
            let call = Call { kind, path, version, body: body.clone(), token: Some(token) };
            self.server.send(&call).await
        };
        self.server.http.retry(self.deadline, once).await
    }

    /// The error of a request that failed permanently.
    pub(super) async fn explain(&self, gave_up: GaveUp<Attempt<Answer>>, kind: Kind, path: &Path) -> Error {
        let denied = gave_up.last.as_ref().is_some_and(|attempt| {
            matches!(&attempt.problem, Problem::Answered(answer) if ReadCause::of(answer) == Ok(ReadCause::Policy))
        });
        let covered = if denied { self.covered(kind, path).await } else { Vec::new() };
        gave_up.explain(&Refused { session: self, kind, path, covered })
    }

    /// The error of a successful answer that does not contain what was requested.
    pub(super) fn refused(&self, cause: &ReadCause, kind: Kind, path: &Path, said: String) -> Error {
        let (title, hint) = cause.row(kind, path, self.request.client);
        let (asked, presented) = (self.asked(kind, path), self.presented());
        Error::from(Refusal { title, said, asked, presented, hints: hint.into_iter().collect() })
    }

    fn asked(&self, kind: Kind, path: &Path) -> Vec<String> {
        let method = match kind {
            Kind::Write | Kind::Login | Kind::Token => "POST",
            Kind::Read | Kind::Preflight => "GET",
        };
        let namespace = self.request.namespace.as_deref().map(|name| format!(", namespace {name}")).unwrap_or_default();
        vec![format!("{method} {path} of {}{namespace}", self.request.address_text())]
    }

    pub(super) fn presented(&self) -> Vec<String> {
        let role = self.request.role.as_deref().unwrap_or("(the mount's default)");
        vec![format!("role {role}, policies {}", self.token.policies)]
    }

    /// Asks the server once which paths of a refused secret the policies allow.
    async fn covered(&self, kind: Kind, path: &Path) -> Vec<String> {
        let wanted = if kind == Kind::Write { "update" } else { "read" };
        let mut spellings = vec![path.clone()];
        if kind == Kind::Read {
            spellings.extend(path.other_spellings());
        }
        let body = json!({ "paths": spellings.iter().map(Path::as_str).collect::<Vec<_>>() });
        let question = Path::fixed(&["sys", "capabilities-self"]);
        let token = &self.token.secret;
        let call = Call {
            kind: Kind::Token,
            path: &question,
            version: None,
            body: Some(body.to_string().into_bytes()),
            token: Some(token),
        };
        let name_it = format!("path \"{path}\" {{ capabilities = [\"{wanted}\"] }} in one of its policies allows it");
        let answer = tokio::time::timeout(self.deadline.remaining(), self.server.send(&call)).await;
        let Ok(Ok(Success { data, .. })) = answer else { return vec![name_it] };
        let data = data.map(|data| data.small()).unwrap_or_default();
        let may = |path: &Path| -> Vec<&'static str> {
            let list = data.get(path.as_str()).and_then(Value::as_array);
            list.into_iter().flatten().filter_map(|one| CAPABILITIES.into_iter().find(|known| one == known)).collect()
        };
        let allows = |path: &Path| may(path).iter().any(|one| [wanted, "root"].contains(one));
        if let Some(other) = spellings.iter().skip(1).find(|other| allows(other)) {
            let why = if path.as_str().len() > other.as_str().len() {
                format!("the policies cover {other}, but KV version 2 is read at {path}")
            } else {
                format!("the policies cover {other}, where KV version 2 is read: leave `kv1:` out, or name that path")
            };
            return vec![why, name_it];
        }
        if allows(path) {
            let rules = "required_parameters, allowed_parameters, denied_parameters or min_wrapping_ttl";
            return vec![format!(
                "the policies let this token {wanted} there; remove the rule that forbids this request: {rules}"
            )];
        }
        let own: Vec<&str> = may(path).into_iter().filter(|one| *one != "deny").collect();
        let why = if own.is_empty() {
            "the token's policies allow neither spelling of the path".to_owned()
        } else {
            format!("the policies let this token {} there, but not {wanted}", own.join(" and "))
        };
        vec![why, name_it]
    }

    pub(super) fn no_such_mount(&self, path: &Path) -> Refusal {
        Refusal {
            title: format!("Vault names no mount for {path}"),
            said: "200, and a mount that the path is not below".into(),
            asked: self.asked(Kind::Preflight, path),
            presented: self.presented(),
            hints: vec![if path.first() == "auth" {
                format!("auth methods have no secrets engine: write NAME=kv1:{path}#field")
            } else if path.as_str() == path.first() {
                format!("name a secret below this mount: NAME={path}/SECRET#field")
            } else {
                "name the namespace with --namespace, and the path within it".into()
            }],
        }
    }

    pub(super) fn too_few_uses(&self, uses: u64, what: &str) -> Error {
        Error::from(Refusal {
            title: "the client token allows too few requests".into(),
            said: format!("token_num_uses is {uses}, and {what}"),
            asked: self.request.selections.iter().map(|selection| selection.query.path().to_string()).collect(),
            presented: self.presented(),
            hints: vec![format!("{MORE_USES}; put fields that belong together into one secret")],
        })
    }
}

/// The capabilities of policies (<https://openbao.org/docs/concepts/policies/#capabilities>).
const CAPABILITIES: [&str; 12] =
    ["create", "read", "update", "patch", "delete", "list", "scan", "sudo", "deny", "subscribe", "recover", "root"];

/// The inputs for explaining a refused read or write.
struct Refused<'a> {
    session: &'a Session<'a>,
    kind: Kind,
    path: &'a Path,
    /// The permissions of the token's policies.
    covered: Vec<String>,
}

impl Explain<Answer> for Refused<'_> {
    fn provider(&self) -> &'static str {
        PROVIDER
    }

    fn address_setting(&self) -> &'static str {
        ADDRESS_SETTING
    }

    fn asked(&self) -> Vec<String> {
        self.session.asked(self.kind, self.path)
    }

    fn transport_hints(&self, failure: &Failure) -> Vec<String> {
        transport_hints(failure, &self.session.request.address)
    }

    fn tell(&self, answer: &Answer) -> Told {
        let presented = self.session.presented();
        match ReadCause::of(answer) {
            Ok(cause) => {
                let (title, hint) = cause.row(self.kind, self.path, self.session.request.client);
                let hints = hint.into_iter().chain(self.covered.clone()).collect();
                Told { title: Some(title), presented, hints, ..Told::default() }
            }
            Err(common) => {
                let told = common.row("").tell(&());
                Told { title: told.title.map(|_| format!("Vault refused {}", self.path)), presented, ..told }
            }
        }
    }
}
