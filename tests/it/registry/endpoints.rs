//! The address that returns the password: the settings of every AWS SDK, and certificates of a private authority.

use std::time::Duration;

use sandbox::aws::{Ecr, Sts};
use sandbox::{ACCOUNT, DEPLOY_ROLE, Job, Sandbox, Tls, trust};

use super::{HOST, answer, clean, helper, register};
use crate::support::recorder::{Recorder, closed_port};
use crate::support::{Output, expect};

/// Variables with values.
type Variables<'v> = &'v [(&'v str, &'v str)];

/// `aws --registry` with this configuration file, and none of the sandbox's variables for ECR.
fn configured(sandbox: &Sandbox, host: &str, text: &str, variables: Variables<'_>) -> Output {
    let program =
        register(sandbox, &[host]).env_remove("AWS_ENDPOINT_URL_ECR").env_remove("AWS_ENDPOINT_URL_ECR_PUBLIC");
    program.scratch().write("home/.aws/config", text.replace("ECR_URL", &sandbox.ecr.url()));
    variables.iter().fold(program, |program, (name, value)| program.env(name, value)).run()
}

#[test]
fn the_shared_configuration_names_the_endpoint() {
    let sandbox = Sandbox::start().unwrap();
    let closed = format!("http://127.0.0.1:{}", closed_port());
    let services = "[services local]\ns3 =\n  endpoint_url = http://127.0.0.1:1\necr =\n  endpoint_url = ECR_URL\n\
                    ecr_public =\n  endpoint_url = ECR_URL\n";
    let by_service = format!("[default]\nservices = local\n{services}");
    let over_all = format!("[default]\nservices = local\nendpoint_url = {closed}\n{services}");
    let profile = format!("[profile ci]\nservices = local\n{services}[default]\nendpoint_url = {closed}\n");
    let runs: [(&str, &str, Variables<'_>); 6] = [
        (HOST, "[default]\nendpoint_url = ECR_URL\n", &[]),
        (HOST, &by_service, &[]),
        ("public.ecr.aws", &by_service, &[]),
        // The service's own setting and variable are more specific.
        (HOST, &over_all, &[]),
        (HOST, &profile, &[("AWS_PROFILE", "ci")]),
        (HOST, "[default]\nendpoint_url = http://127.0.0.1:1\n", &[("AWS_ENDPOINT_URL_ECR", &sandbox.ecr.url())]),
    ];
    for (number, (host, text, variables)) in (1..).zip(runs) {
        configured(&sandbox, host, text, variables).exits(0).stdout_is("").stderr_is(expect![[""]]);
        assert_eq!(sandbox.ecr.requests().len(), number, "{text}");
    }
}

#[test]
fn an_address_of_the_configuration_is_checked_before_anything_is_sent() {
    let sandbox = Sandbox::start().unwrap();
    let output =
        configured(&sandbox, HOST, "[default]\nservices = a\n[services a]\necr =\n  endpoint_url = ecr.test\n", &[]);
    output.exits(2).stdout_is("").stderr_is(expect![[r#"
        error: endpoint_url in the AWS configuration file is not an https address

        hint: write it like https://api.ecr.eu-west-1.amazonaws.com
    "#]]);
    assert_eq!(sandbox.aws.requests().len(), 0);
    // Plain http to another machine: the session's token is not sent.
    let output = configured(
        &sandbox,
        HOST,
        "[default]\nservices = a\n[services a]\necr =\n  endpoint_url = http://ecr.test\n",
        &[],
    );
    output.exits(2).stdout_is("");
    // An empty variable counts as not set.
    configured(&sandbox, HOST, "", &[("AWS_ENDPOINT_URL_ECR", ""), ("AWS_ENDPOINT_URL", &sandbox.ecr.url())]).exits(0);
}

/// With all endpoints ignored, the hosts are AWS's own. A proxy maps their names to the sandbox.
#[test]
fn configured_endpoints_can_be_ignored() {
    const STS: &str = "sts.eu-west-1.amazonaws.com";
    const API: &str = "api.ecr.eu-west-1.amazonaws.com";
    let tls = Tls::new().unwrap();
    let mut sandbox = Sandbox::start().unwrap();
    sandbox.aws = Sts::start_tls(&tls.server(&[STS]).unwrap()).unwrap();
    sandbox.ecr = Ecr::start(&sandbox.aws, Some(&tls.server(&[API]).unwrap())).unwrap();
    let issuer = sandbox.issuer.url();
    sandbox.aws.register_provider(ACCOUNT, &issuer, &[&issuer]);
    let subject = Job::branch("main").subject();
    sandbox.aws.create_role(DEPLOY_ROLE, &trust(&issuer, "StringEquals", &subject)).unwrap();
    let (sts, api) = (sandbox.aws.port(), sandbox.ecr.port());
    let ignored = "[default]\nendpoint_url = https://127.0.0.1:1\nservices = a\n[services a]\necr =\n  endpoint_url = https://127.0.0.1:2\n";
    let by_profile = format!("[default]\nignore_configured_endpoint_urls = true\n{}", &ignored["[default]\n".len()..]);
    let by_variable = [("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "TRUE")];
    let runs: [(&str, Variables<'_>); 2] = [(ignored, &by_variable), (&by_profile, &[])];
    for (text, variables) in runs {
        let proxy = Recorder::proxy_to(move |asked| if asked.contains(STS) { sts } else { api });
        let program = register(&sandbox, &[HOST]).args(["--sts-region", "eu-west-1", "--ca-file", "ca.pem"]);
        program.scratch().write("ca.pem", tls.ca_pem());
        program.scratch().write("home/.aws/config", text);
        let program = program.env("HTTPS_PROXY", proxy.url()).env("AWS_ENDPOINT_URL_ECR", "https://127.0.0.1:3");
        let program = variables.iter().fold(program, |program, (name, value)| program.env(name, value));
        program.run().exits(0).stdout_is("");
        let seen = proxy.seen();
        assert!(seen.len() == 2 && seen[0].contains(STS) && seen[1].contains(API), "{seen:?}");
    }
    assert_eq!(sandbox.ecr.requests().len(), 2);
}

/// The authority's file may be deleted by then. Its content is kept with the password.
#[test]
fn a_private_authority_is_trusted_now_and_by_a_renewal() {
    let tls = Tls::new().unwrap();
    let sandbox = Sandbox::start_tls(&tls).unwrap();
    sandbox.ecr.set_lifetime(Duration::from_mins(4));
    let output = register(&sandbox, &[HOST]).run();
    output.exits(5).stdout_is("");
    assert!(output.stderr().contains("not trusted"), "{}", output.stderr());
    let program = register(&sandbox, &[HOST]).args(["--ca-file", "ca.pem"]);
    let ca = program.scratch().write("ca.pem", tls.ca_pem());
    let output = program.run();
    output.exits(0).stdout_is("").stderr_is(expect![[""]]);
    std::fs::remove_file(ca).unwrap();
    let output = helper(&sandbox, "get", HOST, output.scratch).run();
    output.exits(0).stdout_is(&answer(&sandbox, HOST)).stderr_is(expect![[""]]);
    assert_eq!(sandbox.ecr.requests().len(), 2);
    let output = clean(&sandbox, output.scratch);
    output.exits(0);
    assert_eq!(output.scratch.files().len(), 0, "{:?}", output.scratch.files());
}
