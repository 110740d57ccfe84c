//! Invalid command lines: nothing is sent, and nothing is printed for a client.

use sandbox::Sandbox;

use super::{CLUSTER, eks};
use crate::aws::deploy;
use crate::support::expect;

#[test]
fn the_cluster_and_the_format_go_together() {
    let sandbox = Sandbox::start().unwrap();
    deploy(&["--format", "kubernetes"]).job(&sandbox).run().exits(2).stdout_is("").stderr_is(expect![[r#"
        error: --format kubernetes: no EKS cluster was named

        hint: name it with --eks-cluster NAME
    "#]]);
    let message = "error: --eks-cluster is for a Kubernetes client, which reads --format kubernetes\n\n\
                   hint: add --format kubernetes, in the kubeconfig's `exec` block\n";
    for more in [
        &[][..],
        &["--format", "process"],
        &["--format", "json"],
        &["--profile", "ci"],
        &["--refreshable"],
        &["--", "true"],
    ] {
        let output = deploy(&["--eks-cluster", CLUSTER]).args(more).job(&sandbox).run();
        assert_eq!(output.exits(2).stderr(), message, "{more:?}");
    }
    assert!(sandbox.aws.requests().is_empty());
}

#[test]
fn what_does_not_fit_the_format_is_refused() {
    let sandbox = Sandbox::start().unwrap();
    for more in [&["--refreshable"][..], &["--env-prefix", "A_"]] {
        eks(more).job(&sandbox).run().exits(2).stdout_is("").stderr_is(expect![[r#"
            error: --format kubernetes prints a token for one cluster: neither --refreshable nor --env-prefix
        "#]]);
    }
    eks(&["--on-error", "stop"]).job(&sandbox).run().exits(2).stdout_is("").stderr_is(expect![[r#"
        error: --on-error is for the formats that a shell evaluates
    "#]]);
    for more in [&["--profile", "ci"][..], &["--", "true"], &["--format", "kubernetes"], &["--eks-cluster", "b"]] {
        eks(more).job(&sandbox).run().exits(2);
    }
    assert!(sandbox.aws.requests().is_empty());
}

#[test]
fn a_clusters_name_is_one_that_eks_takes() {
    let sandbox = Sandbox::start().unwrap();
    let named = |name: &str| deploy(&["--format", "kubernetes", "--eks-cluster", name]).job(&sandbox).run();
    for name in [
        "",
        " ",
        "a b",
        "-a",
        "_a",
        "a\n",
        "a\r\nx-evil: 1",
        "a\tb",
        "a.b",
        "a/b",
        "a%20",
        "ä",
        "a\u{200b}",
        "*",
        "../a",
        "a:b",
    ] {
        let output = deploy(&["--format", "kubernetes"]).arg(format!("--eks-cluster={name}")).job(&sandbox).run();
        assert!(output.exits(2).stdout_is("").stderr().contains("` is not the name of an EKS cluster\n"), "{name:?}");
    }
    named(&"x".repeat(101)).exits(2).stdout_is("");
    named("arn:aws:eks:eu-west-1:123456789012:cluster/production").exits(2).stdout_is("").stderr_is(expect![[r#"
        error: --eks-cluster: `arn:aws:eks:eu-west-1:123456789012:cluster/production` is not the name of an EKS cluster

        hint: write only the name: the part of the ARN after `cluster/`
    "#]]);
    named("a.b").exits(2).stdout_is("").stderr_is(expect![[r#"
        error: --eks-cluster: `a.b` is not the name of an EKS cluster

        hint: a name has up to 100 letters, digits, - and _, and begins with a letter or a digit
        hint: aws eks list-clusters prints the names
    "#]]);
    assert!(sandbox.aws.requests().is_empty());
    for name in ["a", "9", "A_b-9", &"x".repeat(100), "5b2f0c1e-6d8e-4a3b-9f57-0a1b2c3d4e5f"] {
        named(name).exits(0);
    }
}

/// The answer can be written to a file, like variables.
#[test]
fn an_answer_can_go_to_a_file() {
    let sandbox = Sandbox::start().unwrap();
    let output = eks(&["--output", "answer.json"]).job(&sandbox).run();
    output.exits(0).stdout_is("").stderr_is(expect![[""]]);
    let text = std::fs::read_to_string(output.scratch.path().join("answer.json")).unwrap();
    assert!(text.starts_with("{\n  \"apiVersion\": \"client.authentication.k8s.io/v1\",\n"));
    let output = eks(&[]).job(&sandbox).env_remove("SEMAPHORE_JOB_ID").run();
    output.exits(0).stderr_is(expect![[r#"
        warning: neither SEMAPHORE_JOB_ID nor OIDC_EXCHANGE_DIR names a directory to keep credentials in: every call asks AWS STS
    "#]]);
}
