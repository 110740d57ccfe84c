//! kubectl, and the clients for Python and Node, with an API server that has the checks of EKS.

use std::path::PathBuf;

use super::CLUSTER;
use super::cluster::{Cluster, V1, V1_BETA1};
use crate::support::{Output, Program, Scratch, peers, shells};

const ARN: &str = "arn:aws:sts::123456789012:assumed-role/deploy/semaphore-job-job-1";

const PYTHON: &str = "from kubernetes import client, config\n\
    config.load_kube_config()\n\
    api = client.CoreV1Api()\n\
    for _ in range(3):\n\
    \x20   print([pod.metadata.name for pod in api.list_namespaced_pod('default').items])\n";

const NODE: &str = "const k8s = require(process.env.PACKAGE);\n\
    const config = new k8s.KubeConfig(); config.loadFromDefault();\n\
    const api = config.makeApiClient(k8s.CoreV1Api);\n\
    (async () => { for (let n = 0; n < 3; n++) {\n\
    \x20 const list = await api.listNamespacedPod({ namespace: 'default' });\n\
    \x20 console.log(list.items.map((pod) => pod.metadata.name).join());\n\
    } })().catch((error) => { console.error(String(error)); process.exit(1); });\n";

/// The installed versions of kubectl, and the versions of the plugin's answer that each reads.
fn kubectls() -> Vec<(PathBuf, Vec<&'static str>)> {
    // v1 came with 1.22.
    let debian = peers::debian("kubernetes-client").join("usr/bin/kubectl");
    let mut found = vec![(debian, vec![V1_BETA1])];
    found.extend(shells::on_path("kubectl").map(|path| (path, vec![V1, V1_BETA1])));
    found
}

fn get_pods<'s>(cluster: &'s Cluster, kubectl: &PathBuf, kubeconfig: &str, scratch: Scratch) -> Program<'s> {
    let program = Program::new(kubectl, ["get", "pods", "--no-headers", "--output", "name"]);
    cluster.client(program.within(scratch), kubeconfig)
}

fn python<'s>(cluster: &'s Cluster, kubeconfig: &str) -> Program<'s> {
    cluster.client(Program::new(peers::kubernetes().python(), ["-c", PYTHON]), kubeconfig)
}

fn node<'s>(cluster: &'s Cluster, kubeconfig: &str) -> Program<'s> {
    let node = shells::on_path("node").expect("node is not installed");
    cluster.client(Program::new(node, ["-e", NODE]), kubeconfig).env("PACKAGE", peers::kubernetes_node())
}

#[track_caller]
fn sees_pods(cluster: &Cluster, output: &Output, expected: &str) {
    output.exits(0).stdout_is(expected);
    assert_eq!(cluster.server.refused(), [""; 0], "{}", output.describe());
    assert!(cluster.server.users().iter().all(|user| user == ARN), "{:?}", cluster.server.users());
}

#[test]
fn kubectl_sees_the_pods_and_sts_is_asked_once() {
    for (kubectl, versions) in kubectls() {
        for version in versions {
            let cluster = Cluster::eks(CLUSTER);
            let kubeconfig = cluster.kubeconfig(version, &Cluster::eks_arguments());
            let first = get_pods(&cluster, &kubectl, &kubeconfig, Scratch::new()).run();
            sees_pods(&cluster, &first, "pod/web-1\n");
            let second = get_pods(&cluster, &kubectl, &kubeconfig, first.scratch).run();
            sees_pods(&cluster, &second, "pod/web-1\n");
            assert_eq!(cluster.sessions(), 1, "{} {version}", kubectl.display());
        }
    }
}

#[test]
fn the_python_client_sees_the_pods() {
    for version in [V1, V1_BETA1] {
        let cluster = Cluster::eks(CLUSTER);
        let output = python(&cluster, &cluster.kubeconfig(version, &Cluster::eks_arguments())).run();
        sees_pods(&cluster, &output, "['web-1']\n['web-1']\n['web-1']\n");
        assert_eq!(cluster.sessions(), 1);
    }
}

#[test]
fn the_node_client_sees_the_pods() {
    let cluster = Cluster::eks(CLUSTER);
    let output = node(&cluster, &cluster.kubeconfig(V1, &Cluster::eks_arguments())).run();
    sees_pods(&cluster, &output, "web-1\nweb-1\nweb-1\n");
    assert_eq!(cluster.sessions(), 1);
}

/// A token for one cluster is not valid for another, because its name is signed.
#[test]
fn another_clusters_token_is_refused() {
    let cluster = Cluster::eks("staging");
    let (kubectl, versions) = kubectls().remove(0);
    let output =
        get_pods(&cluster, &kubectl, &cluster.kubeconfig(versions[0], &Cluster::eks_arguments()), Scratch::new()).run();
    let said = output.exits(1).stdout_is("").stderr();
    assert!(said.contains("You must be logged in to the server"), "{}", output.describe());
    assert!(!cluster.server.refused().is_empty() && cluster.server.users().is_empty());
    assert!(
        cluster.server.refused().iter().all(|why| why.starts_with("error from AWS")),
        "{:?}",
        cluster.server.refused()
    );
}

/// A refused exchange: kubectl runs its plugin several times, and the provider gets one request.
#[test]
fn a_refusal_is_asked_for_once() {
    for (kubectl, versions) in kubectls() {
        let cluster = Cluster::eks(CLUSTER);
        cluster.sandbox.aws.delete_role(sandbox::DEPLOY_ROLE);
        let kubeconfig = cluster.kubeconfig(versions[0], &Cluster::eks_arguments());
        let output = get_pods(&cluster, &kubectl, &kubeconfig, Scratch::new()).run();
        let said = output.exits(1).stdout_is("").stderr();
        let again = said.matches("seconds ago; oidc-exchange does not ask again for 10 seconds)\n").count();
        assert_eq!(said.matches("error: AWS STS refused the token\n").count(), 1, "{}", output.describe());
        assert!(
            again >= 1 && said.contains("executable oidc-exchange failed with exit code 4"),
            "{}",
            output.describe()
        );
        assert_eq!(cluster.sessions(), 1);
        assert!(cluster.server.requests().is_empty(), "nothing is sent without a token");
    }
}
