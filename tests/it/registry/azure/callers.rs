//! The programs that use the passwords, over TLS: the registry accepts exactly the password that it issued.

use sandbox::REGISTRY;

use super::Cloud;
use crate::support::{Program, Scratch, shells};

const POLICY: &str = "{\"default\":[{\"type\":\"insecureAcceptAnything\"}]}";

/// In the job, with the registry's certificate trusted.
fn caller<'s>(cloud: &'s Cloud, script: &str, scratch: Scratch) -> Program<'s> {
    scratch.write("policy.json", POLICY);
    let storage = "export STORAGE_DRIVER=vfs BUILDAH_ISOLATION=chroot CONTAINERS_STORAGE_CONF=$PWD/storage.conf\n\
         printf '[storage]\\ndriver = \"vfs\"\\nrunroot = \"%s/run\"\\ngraphroot = \"%s/graph\"\\n' \"$PWD\" \"$PWD\" >storage.conf\n";
    let program = Program::new("/bin/sh", ["-euc".to_owned(), format!("{storage}{script}")]).within(scratch);
    let program = cloud.job(program).env("https_proxy", cloud.proxy.url());
    let ca = program.scratch().path().join("ca.pem");
    program.env("SSL_CERT_FILE", ca)
}

/// Each pulls an image, and fails without the helper.
fn pulls(tool: &str, script: &str) {
    if shells::tool(tool).is_none() {
        return;
    }
    let cloud = Cloud::new();
    let output = cloud.register(&[REGISTRY]).run();
    output.exits(0);
    let output = caller(&cloud, script, output.scratch).run();
    output.exits(0).stdout_is("pulled\n");
    let refused = format!("{{ {}; }} 2>&1 | grep -o 'authentication required' | head -n 1", script.trim());
    caller(&cloud, &refused, Scratch::new()).run().exits(0).stdout_is("authentication required\n");
}

#[test]
fn skopeo_pulls() {
    let copy = "skopeo --policy policy.json --tmpdir \"$PWD\" copy -q";
    pulls("skopeo", &format!("{copy} docker://{REGISTRY}/web:1 dir:image && echo pulled\n"));
}

#[test]
fn buildah_pulls() {
    let pull = "buildah pull --signature-policy policy.json -q";
    pulls("buildah", &format!("{pull} {REGISTRY}/web:1 >/dev/null && echo pulled\n"));
}

#[test]
fn podman_pulls() {
    let pull = "podman --cgroup-manager=cgroupfs pull --signature-policy policy.json -q";
    pulls("podman", &format!("{pull} {REGISTRY}/web:1 >/dev/null && echo pulled\n"));
}
