//! docs/kubernetes.md: kubectl uses its kubeconfigs, with a server that checks the tokens.

use regex_lite::Regex;
use sandbox::Authenticator;

use super::blocks::of;
use super::{agent, pipelines};
use crate::kubernetes::cluster::Cluster;
use crate::support::{Program, peers, shells};

const PAGE: &str = include_str!("../../../docs/kubernetes.md");

/// The page's kubeconfig with that name, for this server.
fn kubeconfig(name: &str, cluster: &Cluster) -> String {
    let blocks = of(PAGE, "yaml");
    let found = blocks.iter().find(|block| block.starts_with(&format!("# {name}\n"))).expect("a kubeconfig");
    let ca = Regex::new("\n *certificate-authority-data: [^\n]*").unwrap().replace(found, "");
    let server = Regex::new("( *)server: [^\n]*").unwrap();
    let (url, ca_data) = cluster.address();
    let ours = format!("${{1}}server: \"{url}\"\n${{1}}certificate-authority-data: \"{ca_data}\"");
    server.replace(&ca, ours).into_owned()
}

/// kubectl with the page's own line.
fn run<'s>(cluster: &'s Cluster, kubectl: &std::path::Path, kubeconfig: &str) -> Program<'s> {
    let line = of(PAGE, "sh").into_iter().find(|block| block.contains("kubectl get pods")).unwrap();
    let program = Program::new("/bin/sh", ["-euc", &line.replace("kubeconfig-eks.yml", "kubeconfig")]);
    program.scratch().write("oidc-exchange.toml", of(PAGE, "toml").concat());
    std::os::unix::fs::symlink(kubectl, program.scratch().path().join("bin/kubectl")).unwrap();
    cluster.client(program, kubeconfig)
}

/// Debian's kubectl and the machine's list the pods with the page's kubeconfig. `change` inserts the sandbox's values.
fn sees_pods(name: &str, cluster: impl Fn() -> Cluster, change: impl Fn(&Cluster, String) -> String) {
    let debian = peers::debian("kubernetes-client").join("usr/bin/kubectl");
    for (kubectl, version) in [(Some(debian), "v1beta1"), (shells::on_path("kubectl"), "v1")] {
        let Some(kubectl) = kubectl else { continue };
        let cluster = cluster();
        let text = kubeconfig(name, &cluster).replace("k8s.io/v1\"", &format!("k8s.io/{version}\""));
        let output = run(&cluster, &kubectl, &change(&cluster, text)).run();
        assert!(output.exits(0).stdout().contains("web-1"), "{}", output.describe());
        assert_eq!(cluster.server.refused(), [""; 0]);
    }
}

#[test]
fn eks() {
    sees_pods("kubeconfig-eks.yml", || Cluster::eks("production"), |_, text| text);
}

#[test]
fn a_target() {
    sees_pods("kubeconfig-target.yml", || Cluster::eks("production"), |_, text| text);
}

#[test]
fn gke() {
    let cluster = || Cluster::with(|sandbox| Authenticator::Known(Box::new(sandbox.google.users())));
    sees_pods("kubeconfig-gke.yml", cluster, |cluster, text| {
        // It makes the page's provider and service account.
        let _ = agent::for_the_sandbox(&cluster.sandbox, "oidc-exchange gcp");
        let (sts, iam) = (cluster.sandbox.google.sts.url(), cluster.sandbox.google.iam.url());
        let item = |text: &str| format!("- \"{text}\"\n          ");
        let endpoints =
            [format!("--sts-endpoint={sts}"), format!("--iamcredentials-endpoint={iam}")].map(|it| item(&it));
        text.replace(&item("gcp"), &format!("{}{}", item("gcp"), endpoints.concat()))
    });
}

#[test]
fn aks() {
    let cluster = || Cluster::with(|sandbox| Authenticator::Known(Box::new(sandbox.azure.users())));
    sees_pods("kubeconfig-aks.yml", cluster, |_, text| text);
}

/// A value without quotes may be another type for a reader of YAML 1.1.
#[test]
fn every_value_is_quoted() {
    for block in of(PAGE, "yaml") {
        assert!(pipelines::read(&block).is_object());
        for line in block.lines().filter(|line| !line.trim_start().starts_with(['#', '"'])) {
            let value = line.trim_start().trim_start_matches("- ");
            let value =
                value.split_once(": ").map_or_else(|| if value.ends_with(':') { "" } else { value }, |(_, it)| it);
            let in_a_block = value.contains("claims.") || value == ">-";
            assert!(value.is_empty() || value.starts_with(['"', '\'', '[']) || in_a_block, "{line}");
        }
    }
}
