//! The output for Kubernetes clients, which run this program as a credential plugin, and the version that they
//! request: <https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins>.

use std::time::{Duration, SystemTime};

use serde::Serialize;
use serde_json::Value;

use crate::emit::{self, json};
use crate::error::Usage;
use crate::host::Env;
use crate::json::members;
use crate::secret::Secret;

/// The shortest remaining lifetime at which a kept credential is printed again. The Python client treats a credential
/// as expired 5 minutes early, and then runs its plugin for every request:
/// <https://github.com/kubernetes-client/python/blob/master/kubernetes/base/config/kube_config.py>.
pub const LEAST_LIFE: Duration = Duration::from_mins(6);

/// The variable in which a client describes its request.
const EXEC_INFO: &str = "KUBERNETES_EXEC_INFO";

const KIND: &str = "ExecCredential";

/// The version of the output. A client accepts only the version in its kubeconfig.
///
/// ```
/// use std::time::SystemTime;
///
/// use oidc_exchange::cloud::ExecVersion;
/// use oidc_exchange::host::Host;
///
/// let asked = |info| ExecVersion::asked(&Host::fake(&[("KUBERNETES_EXEC_INFO", info)], SystemTime::UNIX_EPOCH).env);
/// let beta = r#"{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1beta1","spec":{}}"#;
/// assert_eq!(asked(beta), Ok(ExecVersion::V1Beta1));
/// assert_eq!(asked(""), Ok(ExecVersion::V1));
/// assert!(asked("{}").is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExecVersion {
    /// `client.authentication.k8s.io/v1`.
    V1,
    /// `client.authentication.k8s.io/v1beta1`.
    V1Beta1,
}

impl ExecVersion {
    const ALL: [Self; 2] = [Self::V1, Self::V1Beta1];

    /// The version as it is written in a kubeconfig.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::V1 => "client.authentication.k8s.io/v1",
            Self::V1Beta1 => "client.authentication.k8s.io/v1beta1",
        }
    }

    /// The version that the client requests in `KUBERNETES_EXEC_INFO`. Some clients do not set the variable: they
    /// accept v1.
    ///
    /// # Errors
    /// If the variable has an invalid value, or the version is not supported.
    pub fn asked(env: &Env) -> Result<Self, Usage> {
        let Some(info) = env.get("KUBERNETES_EXEC_INFO")? else { return Ok(Self::V1) };
        // The value also describes the cluster, which can be long.
        let mut room = 16 << 10;
        let found = members(info.as_bytes(), &mut room, |name| matches!(name, "kind" | "apiVersion")).ok();
        let text = |name: &str| found.as_ref()?.get(name).and_then(Value::as_str);
        let (Some(KIND), Some(version)) = (text("kind"), text("apiVersion")) else {
            return Err(Usage::new(format!("{EXEC_INFO} is not an {KIND}, the JSON that Kubernetes clients write"))
                .hint(format!("unset {EXEC_INFO} if no Kubernetes client runs this command")));
        };
        let known = Self::ALL.into_iter().find(|known| known.as_str() == version);
        known.ok_or_else(|| {
            const LONGEST: usize = 80;
            let shown: String = version.chars().take(LONGEST).collect();
            Usage::new(format!("{EXEC_INFO} asks for the apiVersion `{shown}`, which is not supported"))
                .hint(format!("in the kubeconfig, write apiVersion: \"{}\"", Self::V1.as_str()))
                .hint(format!("older clients need apiVersion: \"{}\"", Self::V1Beta1.as_str()))
        })
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer<'a> {
    api_version: &'a str,
    kind: &'a str,
    status: Status<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Status<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    expiration_timestamp: Option<String>,
    token: &'a str,
}

/// The output with `token`. A client that gets an expiry (`expires`) runs the plugin again at that time; otherwise it
/// does so after a refusal.
///
/// # Errors
/// If the JSON text cannot be made.
pub fn exec_credential(
    version: ExecVersion,
    token: &Secret,
    expires: Option<SystemTime>,
) -> Result<Secret, emit::Error> {
    json::text(&Answer {
        api_version: version.as_str(),
        kind: KIND,
        status: Status {
            // Clients differ in the other time formats that they accept.
            expiration_timestamp: expires.map(|time| humantime::format_rfc3339_seconds(time).to_string()),
            token: token.reveal(),
        },
    })
    .map(Secret::new)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::host::Host;

    fn asked(info: &str) -> Result<ExecVersion, Usage> {
        ExecVersion::asked(&Host::fake(&[(EXEC_INFO, info)], SystemTime::UNIX_EPOCH).env)
    }

    #[test]
    fn the_version_that_is_asked_for_is_answered() {
        let cluster =
            format!(r#"{{"certificate-authority-data":"{}","config":{{"a":[[{{}}]]}}}}"#, "A".repeat(1 << 20));
        for version in ExecVersion::ALL {
            let info = format!(
                r#" {{ "spec": {{"interactive":false,"cluster":{cluster}}}, "apiVersion":"{}", "kind":"ExecCredential","x":1}} "#,
                version.as_str()
            );
            assert_eq!(asked(&info), Ok(version));
        }
    }

    #[test]
    fn what_no_client_writes_is_refused_and_not_shown() {
        for info in [
            " ",
            "hunter2",
            "{}",
            "[]",
            "null",
            "\"hunter2\"",
            r#"{"kind":"ExecCredential"}"#,
            r#"{"apiVersion":"client.authentication.k8s.io/v1"}"#,
            r#"{"kind":"hunter2","apiVersion":"client.authentication.k8s.io/v1"}"#,
            r#"{"kind":"ExecCredential","apiVersion":1}"#,
            r#"{"kind":"ExecCredential","apiVersion":["client.authentication.k8s.io/v1"]}"#,
            r#"{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","apiVersion":"hunter2"}"#,
            r#"{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1"} x"#,
            r#"{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1""#,
            "\u{feff}{}",
        ] {
            let error = asked(info).unwrap_err().to_string();
            assert_eq!(error, "KUBERNETES_EXEC_INFO is not an ExecCredential, the JSON that Kubernetes clients write");
        }
    }

    #[test]
    fn an_unknown_version_is_named() {
        for version in ["client.authentication.k8s.io/v1alpha1", "client.authentication.k8s.io/v2", "v1", "", " "] {
            let error = asked(&format!(r#"{{"kind":"ExecCredential","apiVersion":"{version}"}}"#)).unwrap_err();
            let expected = format!("KUBERNETES_EXEC_INFO asks for the apiVersion `{version}`, which is not supported");
            assert_eq!(error.to_string(), expected);
        }
        let long = asked(&format!(r#"{{"kind":"ExecCredential","apiVersion":"{}"}}"#, "é".repeat(5000))).unwrap_err();
        assert!(long.to_string().chars().count() < 200);
    }

    #[test]
    fn a_time_is_in_seconds_and_in_utc() {
        let expires = SystemTime::UNIX_EPOCH + Duration::from_millis(1_800_000_000_900);
        let answer = |expires| exec_credential(ExecVersion::V1, &Secret::new("t".into()), expires).unwrap();
        assert!(answer(Some(expires)).reveal().contains("\"expirationTimestamp\": \"2027-01-15T08:00:00Z\""));
        assert!(!answer(None).reveal().contains("expirationTimestamp"));
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text in ".{0,80}") {
            let _ = asked(&text);
        }
    }
}
