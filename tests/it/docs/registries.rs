//! docs/registries.md: the passwords come from the exported credentials; Docker is replaced by a script.

use std::os::unix::fs::symlink;

use sandbox::{Job, Sandbox};
use serde_json::{Value, json};

use super::agent::for_the_sandbox;
use super::blocks::of;
use super::{agent, pipelines};
use crate::registry::azure::Cloud;
use crate::support::{Output, Program, peers, shells};

const PAGE: &str = include_str!("../../../docs/registries.md");

/// It writes the password into Docker's file, and removes it at a logout.
const DOCKER: &str = "#!/bin/sh
umask 077
config=${DOCKER_CONFIG:-$HOME/.docker}/config.json
case $1 in
  login)
    password=$(cat)
    [ -n \"$password\" ] || { echo 'Error: password is empty' >&2; exit 1; }
    mkdir -p \"${config%/*}\"
    printf '{ \"auths\": \"%s\" }' \"$password\" >\"$config\"
    ;;
  logout) rm \"$config\" ;;
esac
echo \"docker $*\"\n";

/// The page's script that contains this text.
fn script(of_it: &str) -> String {
    let scripts = of(PAGE, "sh");
    let found: Vec<&String> = scripts.iter().filter(|script| script.contains(of_it)).collect();
    assert_eq!((scripts.len(), found.len()), (8, 1), "{of_it}");
    found[0].clone()
}

/// Runs it as a job, with the replacement. The files that it leaves contain the password, only for the owner.
fn run(sandbox: &Sandbox, script: &str, prepare: impl FnOnce(Program<'_>) -> Program<'_>) -> Output {
    let program = Program::new("/bin/sh", ["-euc", &for_the_sandbox(sandbox, script)]).job(sandbox);
    program.scratch().script("bin/docker", DOCKER);
    prepare(program).run()
}

/// ECR is moto's, and the AWS CLI the real one.
fn with_ecr<'s>(program: Program<'s>, moto: &peers::Server) -> Program<'s> {
    symlink(peers::aws().program("aws"), program.scratch().path().join("bin/aws")).unwrap();
    program.env("AWS_ENDPOINT_URL_ECR", moto.url())
}

const ECR: &str = "123456789012.dkr.ecr.eu-west-1.amazonaws.com";

#[test]
fn ecr() {
    let sandbox = Sandbox::start().unwrap();
    for of_it in ["amazonaws.com\ndocker push", "amazonaws.com -- "] {
        let docker = "#!/bin/sh\nprintf %s \"${2%%/*}\" | docker-credential-oidc-exchange get >/dev/null && echo \"docker $*\"\n";
        let program = Program::new("/bin/sh", ["-euc", &script(of_it)]).job(&sandbox);
        program.scratch().script("bin/docker", docker);
        program.run().exits(0).stdout_is(&format!("docker push {ECR}/web:1\n"));
    }
    assert_eq!(sandbox.ecr.issued().len(), 2);
}

#[test]
fn ecr_with_the_aws_cli() {
    let (sandbox, moto) = (Sandbox::start().unwrap(), peers::moto());
    let output = run(&sandbox, &script("get-login-password"), |it| with_ecr(it, &moto));
    output.exits(0).stdout_is(&format!(
        "docker login --username AWS --password-stdin {ECR}\ndocker push {ECR}/web:1\ndocker logout {ECR}\n"
    ));
    assert!(!output.scratch.files().iter().any(|path| path.ends_with("config.json")));
}

#[test]
fn artifact_registry() {
    let sandbox = Sandbox::start().unwrap();
    let docker =
        "#!/bin/sh\nprintf %s \"${2%%/*}\" | docker-credential-oidc-exchange get >/dev/null && echo \"docker $*\"\n";
    let text = for_the_sandbox(&sandbox, &script("--registry europe-west1-docker.pkg.dev"));
    let program = Program::new("/bin/sh", ["-euc", &text]).job(&sandbox);
    program.scratch().script("bin/docker", docker);
    program.run().exits(0).stdout_is("docker push europe-west1-docker.pkg.dev/my-project/web/web:1\n");
}

/// gcloud becomes Docker's helper, without a password in the file, and returns one for a request.
#[test]
fn artifact_registry_with_gcloud() {
    let Some(gcloud) = shells::tool("gcloud") else { return };
    let sandbox = Sandbox::start().unwrap();
    let ask = "export DOCKER_CONFIG=\"$HOME/.docker\"\nconfig=$HOME/.docker/config.json\n";
    let answer =
        "cat \"$config\"\nprintf https://europe-west1-docker.pkg.dev | gcloud auth docker-helper get >answer\n";
    let text = format!("{ask}{}", script("configure-docker"));
    let output = run(&sandbox, &format!("umask 077\n{text}{answer}"), |it| {
        symlink(gcloud, it.scratch().path().join("bin/gcloud")).unwrap();
        it.env("CLOUDSDK_CORE_DISABLE_PROMPTS", "1").env("CLOUDSDK_CORE_DISABLE_USAGE_REPORTING", "1")
    });
    output.exits(0);
    let config = output.stdout().split_once('{').map(|(_, rest)| format!("{{{rest}")).unwrap();
    let config: Value = serde_json::from_str(&config).unwrap();
    assert_eq!(config, json!({ "credHelpers": { "europe-west1-docker.pkg.dev": "gcloud" } }));
    let answer = std::fs::read(output.scratch.path().join("answer")).unwrap();
    let password = serde_json::from_slice::<Value>(&answer).unwrap()["Secret"].as_str().unwrap().to_owned();
    assert!(sandbox.google.issued().iter().any(|issued| issued.token == password));
}

#[test]
fn azure_container_registry() {
    let cloud = Cloud::new();
    let text = script("--registry contoso.azurecr.io").replace("azure --registry", "azure --ca-file ca.pem --registry");
    let program = cloud.job(Program::new("/bin/sh", ["-euc", &text]));
    let docker =
        "#!/bin/sh\nprintf %s \"${2%%/*}\" | docker-credential-oidc-exchange get >/dev/null && echo \"docker $*\"\n";
    program.scratch().script("bin/docker", docker);
    program.run().exits(0).stdout_is("docker push contoso.azurecr.io/web:1\n");
    assert_eq!(cloud.sandbox.acr.issued().len(), 1);
}

#[test]
fn a_password_in_vault() {
    let sandbox = Sandbox::start().unwrap();
    sandbox.vault.write("production/registry", json!({ "username": "puller", "password": "a password for images" }));
    let output = run(&sandbox, &script("REGISTRY_PASSWORD="), |it| it.secret("a password", "a password for images"));
    output.exits(0).stdout_holds_no_secret().stdout_is(
        "docker login --username puller --password-stdin registry.example.com\n\
         docker pull registry.example.com/tools/migrate:3\ndocker logout registry.example.com\n",
    );
}

#[test]
fn the_pipeline() {
    let sandbox = Sandbox::start().unwrap();
    let [pipeline] = &of(PAGE, "yaml")[..] else { panic!("one pipeline") };
    let [(_, job)] = &pipelines::jobs(&pipelines::read(pipeline))[..] else { panic!("one job") };
    let variables = [job.variables.clone(), vec![("SEMAPHORE_GIT_SHA".into(), "5c84719".into())]].concat();
    let output = agent::Job { variables, ..job.clone() }.run(&sandbox, &Job::branch("main"));
    output.exits(0).stdout_is(&format!(
        "oidc-exchange {}\ncheckout \ndocker build -t {ECR}/web:5c84719 .\n\
         docker push {ECR}/web:5c84719\nstatus 0\n",
        env!("CARGO_PKG_VERSION")
    ));
}
