//! The steps of every exchange: each is a request that can fail.

use oidc_exchange::{azure, google};
use sandbox::{Job, Request, Sandbox, Server};
use serde_json::json;

use super::cells::Dash;
use crate::support;

/// A column of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Token,
    Hop,
    Identity,
    Sts,
    AccessToken,
    IdToken,
    Assertion,
    Login,
    Mount,
    Read,
    Write,
    Revocation,
    Discovery,
    Keys,
    Ecr,
    EcrPublic,
    Renewal,
    AcrChallenge,
    AcrExchange,
    Eks,
    Gke,
    Aks,
    Subscriptions,
    TargetToken,
    TargetRead,
}

/// The command that a step belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exchange {
    Aws,
    Gcp,
    Azure,
    Vault,
    Verify,
}

pub(crate) const STEPS: [Step; 14] = [
    Step::Token,
    Step::Hop,
    Step::Identity,
    Step::Sts,
    Step::AccessToken,
    Step::IdToken,
    Step::Assertion,
    Step::Login,
    Step::Mount,
    Step::Read,
    Step::Write,
    Step::Revocation,
    Step::Discovery,
    Step::Keys,
];

/// Steps whose result does not go to the shell: registries, Kubernetes, az, several targets.
pub(crate) const ELSEWHERE: [Step; 11] = [
    Step::Ecr,
    Step::EcrPublic,
    Step::Renewal,
    Step::AcrChallenge,
    Step::AcrExchange,
    Step::Eks,
    Step::Gke,
    Step::Aks,
    Step::Subscriptions,
    Step::TargetToken,
    Step::TargetRead,
];

/// The registry of [`Step::Ecr`].
pub(crate) const REGISTRY: &str = "123456789012.dkr.ecr.eu-west-1.amazonaws.com";

/// The file of [`Step::TargetToken`] and [`Step::TargetRead`].
pub(crate) const TARGETS: &str = r#"version = 1
[target.deploy]
aws.role-arn = "arn:aws:iam::123456789012:role/deploy"
[target.secrets]
vault.role = "ci"
vault.secrets = ["A=secret/production/db#password"]
"#;

const HUB: &str = "arn:aws:iam::123456789012:role/hub";
const AWS: &str = "oidc-exchange aws --role-arn arn:aws:iam::123456789012:role/deploy";
const GCP: &str = "oidc-exchange gcp --provider projects/123456/locations/global/workloadIdentityPools/sandbox-ci/providers/semaphore \
                   --service-account deploy@sandbox-project.iam.gserviceaccount.com \
                   --sts-endpoint \"$SANDBOX_GOOGLE_STS\" --iamcredentials-endpoint \"$SANDBOX_GOOGLE_IAM\"";
const AZURE: &str = "oidc-exchange azure --tenant-id 72f988bf-86f1-41af-91ab-2d7cd011db47 \
                     --client-id 00001111-aaaa-2222-bbbb-3333cccc4444";
const VAULT: &str = "oidc-exchange vault --role ci";

/// The secret result of a POST.
const CERTIFICATE: &str = "a certificate and its key from the sandbox";

impl Step {
    /// The title of its column.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Token => "aws: token",
            Self::Hop => "aws: next role",
            Self::Identity => "aws: identity",
            Self::Sts => "gcp: STS",
            Self::AccessToken => "gcp: access token",
            Self::IdToken => "gcp: ID token",
            Self::Assertion => "azure: token",
            Self::Login => "vault: login",
            Self::Mount => "vault: mount",
            Self::Read => "vault: read",
            Self::Write => "vault: write",
            Self::Revocation => "vault: revocation",
            Self::Discovery => "token: discovery",
            Self::Keys => "token: keys",
            Self::Ecr => "aws --registry: ECR",
            Self::EcrPublic => "aws --registry: ECR Public",
            Self::Renewal => "helper: ECR",
            Self::AcrChallenge => "azure --registry: challenge",
            Self::AcrExchange => "azure --registry: password",
            Self::Eks => "aws, kubernetes: token",
            Self::Gke => "gcp, kubernetes: access token",
            Self::Aks => "azure, kubernetes: token",
            Self::Subscriptions => "azure --az: subscriptions",
            Self::TargetToken => "use: AWS token",
            Self::TargetRead => "use: Vault read",
        }
    }

    pub(crate) fn exchange(self) -> Exchange {
        match self {
            Self::Token
            | Self::Hop
            | Self::Identity
            | Self::Ecr
            | Self::EcrPublic
            | Self::Renewal
            | Self::Eks
            | Self::TargetToken => Exchange::Aws,
            Self::Sts | Self::AccessToken | Self::IdToken | Self::Gke => Exchange::Gcp,
            Self::Assertion | Self::AcrChallenge | Self::AcrExchange | Self::Aks | Self::Subscriptions => {
                Exchange::Azure
            }
            Self::Login | Self::Mount | Self::Read | Self::Write | Self::Revocation | Self::TargetRead => {
                Exchange::Vault
            }
            Self::Discovery | Self::Keys => Exchange::Verify,
        }
    }

    /// Whether a shell evaluates its standard output. Otherwise the exit code stops the job, without a stop line.
    pub(crate) fn is_evaluated(self) -> bool {
        match self {
            Self::Discovery
            | Self::Keys
            | Self::Ecr
            | Self::EcrPublic
            | Self::Renewal
            | Self::AcrChallenge
            | Self::AcrExchange
            | Self::Eks
            | Self::Gke
            | Self::Aks => false,
            Self::Token
            | Self::Hop
            | Self::Identity
            | Self::Sts
            | Self::AccessToken
            | Self::IdToken
            | Self::Assertion
            | Self::Login
            | Self::Mount
            | Self::Read
            | Self::Write
            | Self::Revocation
            | Self::Subscriptions
            | Self::TargetToken
            | Self::TargetRead => true,
        }
    }

    /// Whether a result is a registry's password.
    pub(crate) fn is_password(self) -> bool {
        matches!(self, Self::Ecr | Self::EcrPublic | Self::Renewal | Self::AcrExchange)
    }

    /// Whether a run without a fault registers a registry with Docker.
    pub(crate) fn registers(self) -> bool {
        matches!(self, Self::Ecr | Self::EcrPublic | Self::AcrChallenge | Self::AcrExchange)
    }

    /// Whether a report mentions that there was no answer until the timeout. A silent proxy is named.
    pub(crate) fn is_silent(self, said: &str) -> bool {
        said.contains("nothing, until --timeout")
            || self.is_of_azure() && said.contains("no answer from ") && said.contains(" through the proxy ")
    }

    /// Whether its host is one of Azure's own, which is reached through a proxy, over TLS.
    pub(crate) fn is_of_azure(self) -> bool {
        matches!(self, Self::Subscriptions | Self::AcrChallenge | Self::AcrExchange)
    }

    /// Whether it is one of `use`, whose other target succeeds.
    pub(crate) fn is_of_use(self) -> bool {
        matches!(self, Self::TargetToken | Self::TargetRead)
    }

    /// The command line, for a shell. If the step's `own_host` fails, no earlier step uses that host.
    pub(crate) fn command(self, own_host: bool) -> String {
        let id_token = "--id-token-audience https://run.test";
        match self {
            Self::Token => AWS.into(),
            Self::Hop => format!("{AWS} --chain-role-arn {HUB}"),
            Self::Identity => format!("{AWS} --verify"),
            Self::Sts | Self::AccessToken => GCP.into(),
            Self::IdToken if own_host => format!("{GCP} {id_token} --no-credentials-file"),
            Self::IdToken => format!("{GCP} {id_token}"),
            Self::Assertion => AZURE.into(),
            Self::Write => format!("{VAULT} 'A=POST:pki/issue/web{{}}#certificate'"),
            Self::Login | Self::Mount | Self::Read | Self::Revocation => {
                format!("{VAULT} A=secret/production/db#password")
            }
            Self::Discovery | Self::Keys => "oidc-exchange token --verify".into(),
            Self::Ecr => format!("{AWS} --registry {REGISTRY}"),
            Self::EcrPublic => format!("{AWS} --registry public.ecr.aws"),
            Self::Renewal => "docker-credential-oidc-exchange get <server".into(),
            Self::AcrChallenge | Self::AcrExchange => format!("{AZURE} --registry {}", sandbox::REGISTRY),
            Self::Eks => format!("{AWS} --region eu-west-1 --eks-cluster production --format kubernetes"),
            Self::Gke => format!("{GCP} --format kubernetes"),
            Self::Aks => format!("{AZURE} --format kubernetes"),
            Self::Subscriptions => format!("{AZURE} --az"),
            Self::TargetToken | Self::TargetRead => "oidc-exchange use deploy secrets".into(),
        }
    }

    /// A variable that its command line sets.
    pub(crate) fn variable(self) -> &'static str {
        match (self, self.exchange()) {
            (Self::IdToken, _) => "GOOGLE_ID_TOKEN",
            (Self::Subscriptions, _) => "AZURE_CONFIG_DIR",
            (_, Exchange::Aws) => "AWS_SESSION_TOKEN",
            (_, Exchange::Gcp) => "GOOGLE_APPLICATION_CREDENTIALS",
            (_, Exchange::Azure) => "AZURE_FEDERATED_TOKEN_FILE",
            (_, Exchange::Vault | Exchange::Verify) => "A",
        }
    }

    /// Whether a request is this step's.
    pub(crate) fn request(self) -> fn(&Request) -> bool {
        match self {
            Self::Token | Self::Eks | Self::TargetToken => {
                |request| request.field("Action") == Some("AssumeRoleWithWebIdentity")
            }
            Self::Hop => |request| request.field("Action") == Some("AssumeRole"),
            Self::Identity => |request| request.field("Action") == Some("GetCallerIdentity"),
            Self::Sts => |request| request.path == "/v1/token",
            Self::AccessToken | Self::Gke => |request| request.path.ends_with(":generateAccessToken"),
            Self::IdToken => |request| request.path.ends_with(":generateIdToken"),
            Self::Assertion | Self::Aks => |request| request.path.ends_with("/oauth2/v2.0/token"),
            Self::Login => |request| request.path == "/v1/auth/jwt/login",
            Self::Mount => |request| request.path.starts_with("/v1/sys/internal/ui/mounts/"),
            Self::Read | Self::TargetRead => |request| request.path.starts_with("/v1/secret/data/"),
            Self::Write => |request| request.path == "/v1/pki/issue/web",
            Self::Revocation => |request| request.path == "/v1/auth/token/revoke-self",
            Self::Discovery => |request| request.path == sandbox::issuer::DISCOVERY,
            Self::Keys => |request| request.path == sandbox::issuer::JWKS,
            Self::Ecr | Self::EcrPublic | Self::Renewal => |request| request.header("x-amz-target").is_some(),
            Self::AcrChallenge => |request| request.path == "/v2/",
            Self::AcrExchange => |request| request.path == "/oauth2/exchange",
            Self::Subscriptions => |request| request.path == "/subscriptions",
        }
    }

    pub(crate) fn server(self, sandbox: &Sandbox) -> &Server {
        match self {
            Self::Token | Self::Hop | Self::Identity | Self::Eks | Self::TargetToken => &sandbox.aws,
            Self::Ecr | Self::EcrPublic | Self::Renewal => &sandbox.ecr,
            Self::Sts => &sandbox.google.sts,
            Self::AccessToken | Self::IdToken | Self::Gke => &sandbox.google.iam,
            Self::AcrChallenge | Self::AcrExchange => &sandbox.acr,
            Self::Assertion | Self::Aks | Self::Subscriptions => &sandbox.azure,
            Self::Login | Self::Mount | Self::Read | Self::Write | Self::Revocation | Self::TargetRead => {
                &sandbox.vault
            }
            Self::Discovery | Self::Keys => &sandbox.issuer,
        }
    }

    /// The number of its requests at the server.
    pub(crate) fn requests(self, sandbox: &Sandbox) -> usize {
        self.server(sandbox).requests().iter().filter(|request| self.request()(request)).count()
    }

    /// Whether it is the first one that uses its host, and the host can be replaced; or the reason why not.
    pub(crate) fn opens(self) -> Result<(), Dash> {
        match self {
            Self::Token
            | Self::Sts
            | Self::AccessToken
            | Self::IdToken
            | Self::Assertion
            | Self::Login
            | Self::Discovery
            | Self::Keys
            | Self::Ecr
            | Self::EcrPublic
            | Self::Renewal
            | Self::Eks
            | Self::Gke
            | Self::Aks
            | Self::TargetToken => Ok(()),
            Self::Hop
            | Self::Identity
            | Self::Mount
            | Self::Read
            | Self::Write
            | Self::Revocation
            | Self::AcrExchange
            | Self::TargetRead => Err("it goes over a connection that is open"),
            Self::Subscriptions | Self::AcrChallenge => Err("its host is Azure's own"),
        }
    }

    /// Moves its host to `origin`, for a step that [opens](Self::opens) a connection. Returns the variables for it.
    pub(crate) fn moved_to(self, origin: &str, sandbox: &Sandbox) -> Vec<(String, String)> {
        let issuer = &sandbox.issuer;
        let jwks = format!("{origin}{}", sandbox::issuer::JWKS);
        let variable = |name: &str| vec![(name.to_owned(), origin.to_owned())];
        match self {
            Self::Token | Self::Hop | Self::Identity | Self::Eks | Self::TargetToken => {
                variable("AWS_ENDPOINT_URL_STS")
            }
            Self::Ecr | Self::Renewal => variable("AWS_ENDPOINT_URL_ECR"),
            Self::EcrPublic => variable("AWS_ENDPOINT_URL_ECR_PUBLIC"),
            Self::Sts => variable("SANDBOX_GOOGLE_STS"),
            Self::AccessToken | Self::IdToken | Self::Gke => variable("SANDBOX_GOOGLE_IAM"),
            Self::Assertion | Self::AcrChallenge | Self::AcrExchange | Self::Aks | Self::Subscriptions => {
                variable("AZURE_AUTHORITY_HOST")
            }
            Self::Login | Self::Mount | Self::Read | Self::Write | Self::Revocation | Self::TargetRead => {
                variable("VAULT_ADDR")
            }
            Self::Discovery => {
                issuer.discover("issuer", origin);
                issuer.discover("jwks_uri", jwks);
                let token = issuer.token(&Job::branch("main").claim("iss", origin));
                vec![("SEMAPHORE_OIDC_TOKEN".into(), token)]
            }
            Self::Keys => {
                issuer.discover("jwks_uri", jwks);
                Vec::new()
            }
        }
    }

    /// The name of the step in an error.
    pub(crate) fn named(self) -> &'static str {
        match self {
            Self::Token | Self::Eks => "AWS STS",
            Self::Hop => "(role 2 of 2)",
            Self::Identity => "GetCallerIdentity",
            Self::Sts => "Google STS",
            Self::AccessToken | Self::Gke => "Google IAM Credentials",
            Self::IdToken => "an ID token of deploy@sandbox-project.iam.gserviceaccount.com",
            Self::Assertion | Self::Aks => "Microsoft Entra",
            Self::Login => "role ci at auth/jwt/login",
            Self::Mount => "GET secret/production/db",
            Self::Read | Self::TargetRead => "GET secret/data/production/db",
            Self::Write => "POST pki/issue/web",
            Self::Revocation => "the client token was not revoked",
            Self::Discovery => "openid-configuration",
            Self::Keys => "jwks.json",
            Self::Ecr | Self::Renewal => "Amazon ECR ",
            Self::EcrPublic => "Amazon ECR Public ",
            Self::AcrChallenge | Self::AcrExchange => "Azure Container Registry",
            Self::Subscriptions => "Azure Resource Manager",
            Self::TargetToken => "target deploy: AWS STS",
        }
    }

    /// What standard output gets when there are no credentials.
    pub(crate) fn stopped(self, code: u8) -> String {
        if !self.is_evaluated() {
            return String::new();
        }
        let stopped = self.exchange().stopped(code);
        if self == Self::Subscriptions {
            return stopped.replacen(';', " AZURE_CONFIG_DIR;", 1);
        }
        if self.is_of_use() { support::stopped(code).replacen(';', " A;", 1) } else { stopped }
    }
}

impl Exchange {
    /// What standard output gets when there are no credentials.
    pub(crate) fn stopped(self, code: u8) -> String {
        match self {
            Self::Aws => support::stopped(code),
            Self::Gcp => format!(
                "{}{}",
                oidc_exchange::shell::posix::unset(&google::credential_names(None)),
                support::stop(code)
            ),
            Self::Azure => format!(
                "{}{}",
                oidc_exchange::shell::posix::unset(&azure::exports::credential_names()),
                support::stop(code)
            ),
            Self::Vault => format!("unset A;\n{}", support::stop(code)),
            Self::Verify => String::new(),
        }
    }
}

/// The prerequisites of the steps: a second role, and the result of a POST.
pub(crate) fn furnish(sandbox: &Sandbox) {
    let trust = json!({ "Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": { "AWS": sandbox::DEPLOY_ROLE }, "Action": "sts:AssumeRole",
    }]});
    sandbox.aws.create_role(HUB, &trust).unwrap();
    sandbox.azure.add_subscription("11112222-bbbb-3333-cccc-4444dddd5555", "production");
    sandbox.vault.make("pki/issue/web", json!({ "certificate": CERTIFICATE }));
}
