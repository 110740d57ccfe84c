//! Independent servers: moto's ECR, and Debian's registry with a password file.

use std::fmt::Write as _;

use sandbox::Sandbox;

use super::{HOST, helper, register};
use crate::support::{Program, expect, peers, shells};

/// moto accepts any signature, and returns its own passwords.
#[test]
fn moto_gives_a_password() {
    let (sandbox, moto) = (Sandbox::start().unwrap(), peers::moto());
    let program = register(&sandbox, &[HOST]).env("AWS_ENDPOINT_URL_STS", moto.url());
    let output = program.env("AWS_ENDPOINT_URL_ECR", moto.url()).run();
    output.exits(0).stdout_is("").stderr_is(expect![[r#"
        warning: the password of 123456789012.dkr.ecr.eu-west-1.amazonaws.com: it expired at TIME, and this machine's clock shows TIME
    "#]]);
    // Its passwords are already expired, so the helper renews them.
    let program = helper(&sandbox, "get", HOST, output.scratch).env("AWS_ENDPOINT_URL_STS", moto.url());
    let output = program.env("AWS_ENDPOINT_URL_ECR", moto.url()).run();
    let answer: serde_json::Value = serde_json::from_str(&output.exits(0).stdout()).unwrap();
    assert_eq!((&answer["Username"], &answer["ServerURL"]), (&"AWS".into(), &HOST.into()));
    assert!(answer["Secret"].as_str().unwrap().ends_with("-auth-token"), "{answer}");
}

/// A separate network, in which the registry's name is this machine.
const NETWORK: &str = r#"set -eu
ip link set lo up
printf '127.0.0.1 %s localhost\n' "$REGISTRY" >hosts
mount --bind hosts /etc/hosts
cat >registry.yml <<END
version: 0.1
storage: { filesystem: { rootdirectory: $PWD/storage } }
http: { addr: "127.0.0.1:80" }
auth: { htpasswd: { realm: registry, path: $PWD/htpasswd } }
END
docker-registry serve registry.yml >registry.log 2>&1 &
pid=$!
trap 'kill $pid' EXIT
for i in $(seq 100); do curl -s -o /dev/null http://127.0.0.1/v2/ && break; sleep 0.1; done
"#;

/// Every program pushes and pulls an image with the helper's password, and fails without it.
#[test]
fn skopeo_buildah_and_podman_push_and_pull() {
    let tools = ["docker-registry", "htpasswd", "skopeo", "buildah", "podman", "ip", "unshare"];
    if tools.iter().any(|tool| shells::tool(tool).is_none()) || !rustix::process::geteuid().is_root() {
        return;
    }
    let sandbox = Sandbox::start().unwrap();
    let output = register(&sandbox, &[HOST]).run();
    let scratch = output.scratch;
    let password = sandbox.ecr.issued().pop().unwrap();
    let mut script = NETWORK.to_owned();
    script.push_str(
        "skopeo() { command skopeo --policy policy.json --tmpdir \"$PWD\" \"$@\"; }\n\
         mkdir -p image && printf 'hello\\n' >image/hello && tar -cf image.tar -C image hello\n\
         export STORAGE_DRIVER=vfs BUILDAH_ISOLATION=chroot CONTAINERS_STORAGE_CONF=$PWD/storage.conf\n\
         printf '[storage]\\ndriver = \"vfs\"\\nrunroot = \"%s/run\"\\ngraphroot = \"%s/graph\"\\n' \"$PWD\" \"$PWD\" >storage.conf\n\
         name=$(buildah from scratch); buildah add -q $name image.tar / >/dev/null; buildah commit -q $name web >/dev/null\n",
    );
    let image = format!("{HOST}/web:1");
    let _ = write!(
        script,
        "buildah push --tls-verify=false --signature-policy policy.json -q web docker://{image} && echo pushed\n\
         skopeo list-tags --tls-verify=false docker://{HOST}/web | grep -c '\"1\"'\n\
         podman --cgroup-manager=cgroupfs pull --tls-verify=false --signature-policy policy.json -q {image} >/dev/null && echo pulled\n\
         HOME=$PWD/nobody skopeo list-tags --tls-verify=false docker://{HOST}/web 2>&1 | grep -o 'authentication required' | head -n 1\n"
    );
    scratch.write("policy.json", "{\"default\":[{\"type\":\"insecureAcceptAnything\"}]}");
    let shell = shells::find("bash", "bash", &[]).unwrap();
    // The password is on no command line.
    let made = shell.runs("htpasswd -niB AWS <password >htpasswd && rm password").within(scratch);
    made.scratch().write("password", &password);
    let made = made.run();
    made.exits(0);
    let program = Program::new("unshare", ["--mount", "--net", "bash", "-c", &script]).job(&sandbox);
    let program = program.env("SEMAPHORE_JOB_ID", "job-1").env("REGISTRY", HOST).within(made.scratch);
    program.run().exits(0).stdout_is("pushed\n1\npulled\nauthentication required\n");
}
