//! `gcp --format kubernetes` and `azure --format kubernetes`: the access token, kept for the next run.

use std::time::{Duration, SystemTime};

use sandbox::{Authenticator, CLIENT, DEPLOY_ACCOUNT, Fault, PROVIDER, Sandbox, TENANT};

use super::cluster::{Cluster, V1_BETA1};
use super::{again, answered, job};
use crate::support::scratch::mode;
use crate::support::{Output, Program, Scratch, expect, oidc_exchange, peers, shells};

fn gcp<'s>(sandbox: &Sandbox, options: &[&str]) -> Program<'s> {
    let endpoints =
        ["--sts-endpoint", &sandbox.google.sts.url(), "--iamcredentials-endpoint", &sandbox.google.iam.url()];
    oidc_exchange(["gcp", "--provider", PROVIDER, "--format", "kubernetes"]).args(endpoints).args(options)
}

fn azure<'s>(options: &[&str]) -> Program<'s> {
    oidc_exchange(["azure", "--tenant-id", TENANT, "--client-id", CLIENT, "--format", "kubernetes"]).args(options)
}

const AS_ACCOUNT: [&str; 2] = ["--service-account", DEPLOY_ACCOUNT];

/// The number of token requests.
fn calls(sandbox: &Sandbox) -> [usize; 3] {
    let posts = |requests: Vec<sandbox::Request>| requests.iter().filter(|request| request.method == "POST").count();
    [posts(sandbox.google.sts.requests()), posts(sandbox.google.iam.requests()), posts(sandbox.azure.requests())]
}

/// Sets the expiry of the kept token to this time from now.
fn age(output: &Output, left: Duration) {
    let kept = output.scratch.files().into_iter().find(|file| file.extension().is_some_and(|end| end == "cache"));
    let kept = kept.unwrap();
    assert_eq!(mode(&kept), 0o600);
    let text = std::fs::read_to_string(&kept).unwrap();
    let end = humantime::format_rfc3339_seconds(SystemTime::now() + left);
    std::fs::write(kept, format!("{end}\n{}", text.split_once('\n').unwrap().1)).unwrap();
}

#[test]
fn google_is_asked_once_and_renewed_in_time() {
    let sandbox = Sandbox::start().unwrap();
    let subject = sandbox.issuer.token(&job());
    let first = gcp(&sandbox, &AS_ACCOUNT).job_of(&sandbox, &job()).token(&subject).run();
    let (token, expires) = answered(&first);
    let issued = &sandbox.google.issued()[0];
    assert_eq!((&token, issued.scope.as_str()), (&issued.token, "https://www.googleapis.com/auth/cloud-platform"));
    let apart = issued.expires.duration_since(expires).unwrap_or_default();
    assert!(apart < Duration::from_secs(2), "{apart:?}");
    first.stderr_is(expect![[""]]);
    assert_eq!(calls(&sandbox), [1, 1, 0]);
    age(&first, Duration::from_secs(400));
    let second = again(gcp(&sandbox, &AS_ACCOUNT), &sandbox, &subject, first).run();
    assert_eq!((answered(&second).0, calls(&sandbox)), (token, [1, 1, 0]));
    age(&second, Duration::from_secs(350));
    let third = again(gcp(&sandbox, &AS_ACCOUNT), &sandbox, &subject, second).run();
    let (_, expires) = answered(&third);
    assert!(expires > SystemTime::now() + Duration::from_mins(50));
    assert_eq!(calls(&sandbox), [2, 2, 0]);
    // Every option that changes the answer is a part of the cache key.
    let mut last = third;
    for (number, more) in [
        &["--lifetime", "10m"][..],
        &["--scope", "https://www.googleapis.com/auth/userinfo.email"],
        &["--scope", "https://www.googleapis.com/auth/cloud-platform"],
    ]
    .iter()
    .enumerate()
    {
        last = again(gcp(&sandbox, &AS_ACCOUNT).args(*more), &sandbox, &subject, last).run();
        answered(&last);
        assert_eq!(calls(&sandbox), [3 + number, 3 + number, 0], "{more:?}");
    }
    let direct = again(gcp(&sandbox, &[]), &sandbox, &subject, last).run();
    assert_eq!(answered(&direct).0, sandbox.google.federated().pop().unwrap());
    assert_eq!(calls(&sandbox), [6, 5, 0]);
}

#[test]
fn entra_is_asked_once_for_the_scope_of_aks() {
    let sandbox = Sandbox::start().unwrap();
    let subject = sandbox.issuer.token(&job());
    let first = azure(&[]).job_of(&sandbox, &job()).token(&subject).run();
    let (token, _) = answered(&first);
    assert_eq!(sandbox.azure.issued(), [token.as_str()]);
    let scope = |at: usize| sandbox.azure.requests()[at].field("scope").unwrap().to_owned();
    assert_eq!(scope(0), "6dae42f8-4368-4678-94ff-3960e28e3630/.default");
    let second = again(azure(&[]), &sandbox, &subject, first).run();
    assert_eq!((answered(&second).0, calls(&sandbox)), (token, [0, 0, 1]));
    let other = again(azure(&["--scope", "https://vault.azure.net/.default"]), &sandbox, &subject, second).run();
    answered(&other);
    assert_eq!((scope(1).as_str(), calls(&sandbox)), ("https://vault.azure.net/.default", [0, 0, 2]));
}

/// A refusal is kept, and so is an outage.
#[test]
fn a_failure_is_remembered() {
    let sandbox = Sandbox::start().unwrap();
    let subject = sandbox.issuer.token(&job());
    let release = ["--service-account", sandbox::RELEASE_ACCOUNT];
    let first = gcp(&sandbox, &release).job_of(&sandbox, &job()).token(&subject).run();
    first.exits(4).stdout_is("");
    let before = calls(&sandbox);
    let second = again(gcp(&sandbox, &release), &sandbox, &subject, first).run();
    second.exits(4).stdout_is("").stderr_is(expect![[r#"
        error: Google IAM denies the job access to the service account (N seconds ago; oidc-exchange does not ask again for 10 seconds)
          said       IAM_PERMISSION_DENIED: Permission 'iam.serviceAccounts.getAccessToken' denied on resource (or it may not exist).
    "#]]);
    assert_eq!(calls(&sandbox), before);
    sandbox.azure.always(Some(Fault::status(503)));
    let third = again(azure(&["--timeout", "4s"]), &sandbox, &subject, second).run();
    third.exits(5).stdout_is("");
    let before = calls(&sandbox);
    let fourth = again(azure(&[]), &sandbox, &subject, third).run();
    fourth.exits(5).stdout_is("").stderr_is(expect![[r#"
        error: Microsoft Entra could not be reached or kept failing (N seconds ago; oidc-exchange does not ask again for 10 seconds)
          said       status 503, without an error of Microsoft Entra's
    "#]]);
    assert_eq!(calls(&sandbox), before);
}

#[test]
fn what_has_no_effect_is_refused() {
    let sandbox = Sandbox::start().unwrap();
    let message = |option: &str| {
        format!("error: --format kubernetes prints the access token and nothing else: {option} has no effect there\n")
    };
    for more in [
        &["--credentials-file", "x.json"][..],
        &["--no-credentials-file"],
        &["--access-token"],
        &["--id-token-audience", "x"],
        &["--project", "p"],
        &["--keep-gcloud-config"],
    ] {
        let output = gcp(&sandbox, &AS_ACCOUNT).args(more).job(&sandbox).run();
        assert_eq!(output.exits(2).stdout_is("").stderr(), message(more[0]));
    }
    for more in [["--access-token-env", "T"], ["--subscription-id", "11112222-bbbb-3333-cccc-4444dddd5555"]] {
        let output = azure(&more).job(&sandbox).run();
        assert_eq!(output.exits(2).stdout_is("").stderr(), message(more[0]));
    }
    for program in [gcp(&sandbox, &AS_ACCOUNT), azure(&[])] {
        let output = program.args(["--on-error", "stop"]).job(&sandbox).run();
        output.exits(2).stdout_is("");
    }
    for program in [gcp(&sandbox, &AS_ACCOUNT), azure(&[])] {
        let output = program.job(&sandbox).env("KUBERNETES_EXEC_INFO", "{}").run();
        output.exits(2).stdout_is("");
    }
    assert_eq!(calls(&sandbox), [0, 0, 0]);
}

/// kubectl with the token of each cloud, and a server that accepts the cloud's issued tokens.
#[test]
fn kubectl_sees_the_pods() {
    let kubectl = peers::debian("kubernetes-client").join("usr/bin/kubectl");
    let get_pods = |cluster: &Cluster, arguments: &[&str]| {
        let kubeconfig = cluster.kubeconfig(V1_BETA1, arguments);
        let mut scratch = Scratch::new();
        for _ in 0..2 {
            let program = Program::new(&kubectl, ["get", "pods", "--output", "name"]).within(scratch);
            let output = cluster.client(program, &kubeconfig).run();
            output.exits(0).stdout_is("pod/web-1\n");
            scratch = output.scratch;
        }
        assert_eq!(cluster.server.refused(), [""; 0]);
    };
    let gke = Cluster::with(|sandbox| Authenticator::Known(Box::new(sandbox.google.users())));
    let (sts, iam) = (gke.sandbox.google.sts.url(), gke.sandbox.google.iam.url());
    let google = ["gcp", "--provider", PROVIDER, "--format=kubernetes", "--sts-endpoint", &sts];
    let account = ["--iamcredentials-endpoint", &iam, "--service-account", DEPLOY_ACCOUNT];
    get_pods(&gke, &[&google[..], &account].concat());
    assert!(gke.server.users().iter().all(|user| user == DEPLOY_ACCOUNT));
    assert_eq!(calls(&gke.sandbox), [1, 1, 0]);
    let aks = Cluster::with(|sandbox| Authenticator::Known(Box::new(sandbox.azure.users())));
    get_pods(&aks, &["azure", "--tenant-id", TENANT, "--client-id", CLIENT, "--format=kubernetes"]);
    assert_eq!(calls(&aks.sandbox), [0, 0, 1]);
}

/// Google's own plugin, with what `gcp` exports.
#[test]
fn googles_plugin_takes_what_is_exported() {
    let Some(kubectl) = shells::on_path("kubectl") else { return };
    let Some(plugin) = shells::on_path("gke-gcloud-auth-plugin") else { return };
    let gke = Cluster::with(|sandbox| Authenticator::Known(Box::new(sandbox.google.users())));
    let kubeconfig = gke.kubeconfig(V1_BETA1, &["--use_application_default_credentials"]);
    let kubeconfig = kubeconfig.replace("command: \"oidc-exchange\"", &format!("command: \"{}\"", plugin.display()));
    let script = format!(
        "set -eu; eval \"$(oidc-exchange gcp --provider {PROVIDER} --service-account {DEPLOY_ACCOUNT} \
         --sts-endpoint \"$SANDBOX_GOOGLE_STS\" --iamcredentials-endpoint \"$SANDBOX_GOOGLE_IAM\")\"\n\
         \"{}\" get pods --output name\n",
        kubectl.display()
    );
    let output = gke.client(Program::new("/bin/sh", ["-c", &script]), &kubeconfig).run();
    output.exits(0).stdout_is("pod/web-1\n");
    assert!(gke.server.users().iter().all(|user| user == DEPLOY_ACCOUNT));
}
