//! Every file that an option, a variable or another tool's configuration names.

mod endless;
mod pipes;
mod quoted;

use sandbox::{CLIENT, PROVIDER, Sandbox, TENANT};

use crate::support::output::stop;
use crate::support::{Program, oidc_exchange, shells, stopped};

/// The file that a row names.
const FILE: &str = "named";

/// One way to name a file.
struct Input {
    /// The option or variable, as an error names it.
    name: &'static str,
    /// The command line, with `named` as the file's name.
    arguments: &'static [&'static str],
    /// Variables, the same.
    variables: &'static [(&'static str, &'static str)],
    /// The exit code if it cannot be read.
    code: u8,
}

const AWS: &[&str] = &["aws", "--role-arn", sandbox::DEPLOY_ROLE];
const VAULT: &[&str] = &["vault", "--addr", "https://127.0.0.1:1", "--role", "ci", "A=secret/a#b"];

const INPUTS: &[Input] = &[
    of_option("--token-file", &["aws", "--role-arn", sandbox::DEPLOY_ROLE, "--token-file", FILE], 3),
    of_option("--policy", &["aws", "--role-arn", sandbox::DEPLOY_ROLE, "--policy", "@named"], 2),
    of_option("--ca-file", &["aws", "--role-arn", sandbox::DEPLOY_ROLE, "--ca-file", FILE], 2),
    of_option("--ca-file", &["gcp", "--provider", PROVIDER, "--ca-file", FILE], 2),
    of_option("--ca-file", &["azure", "--tenant-id", TENANT, "--client-id", CLIENT, "--ca-file", FILE], 2),
    of_option("--ca-file", &["vault", "--addr", "https://127.0.0.1:1", "--ca-file", FILE], 2),
    of_option("--ca-file", &["token", "--verify", "--ca-file", FILE], 2),
    of_option("--secrets-file", &["vault", "--addr", "https://127.0.0.1:1", "--secrets-file", FILE], 2),
    of_variable("AWS_CA_BUNDLE", AWS, &[("AWS_CA_BUNDLE", FILE), STS]),
    of_variable("AWS_CONFIG_FILE", AWS, &[("AWS_CONFIG_FILE", FILE), STS]),
    of_variable("AWS_SHARED_CREDENTIALS_FILE", AWS, &[("AWS_SHARED_CREDENTIALS_FILE", FILE), STS]),
    of_variable("SSL_CERT_FILE", AWS, &[("SSL_CERT_FILE", FILE), STS]),
    of_variable("SSL_CERT_FILE", VAULT, &[("SSL_CERT_FILE", FILE)]),
    of_variable("VAULT_CACERT", VAULT, &[("VAULT_CACERT", FILE)]),
    of_variable("BAO_CACERT", VAULT, &[("BAO_CACERT", FILE)]),
    of_variable("VAULT_CAPATH", VAULT, &[("VAULT_CAPATH", FILE)]),
    of_variable("VAULT_CLIENT_CERT", VAULT, &[("VAULT_CLIENT_CERT", FILE)]),
    of_variable("VAULT_CLIENT_KEY", VAULT, &[("VAULT_CLIENT_CERT_BYTES", "x"), ("VAULT_CLIENT_KEY", FILE)]),
];

/// An address without a server, for which the certificates are read.
const STS: (&str, &str) = ("AWS_ENDPOINT_URL_STS", "https://127.0.0.1:1");

/// Commands without `--timeout` on the command line.
const UNBOUNDED: &[Input] = &[
    of_option("--trust-policy", &["explain", "aws", "--trust-policy", FILE], 2),
    of_option("--provider-config", &["explain", "gcp", "--provider-config", FILE], 2),
    of_option("--iam-policy", &["explain", "gcp", "--provider-config", "provider", "--iam-policy", FILE], 2),
    of_option("--credentials", &["explain", "azure", "--credentials", FILE], 2),
    of_option("--role-config", &["explain", "vault", "--role-config", FILE], 2),
    of_option("--mount-config", &["explain", "vault", "--role-config", "provider", "--mount-config", FILE], 2),
    of_option("--token-file", &["token", "--token-file", FILE], 3),
    of_option("--token-file", &["explain", "aws", "--trust-policy", "policy", "--token-file", FILE], 3),
    of_option("--token-file", &["setup", "aws", "--role-arn", sandbox::DEPLOY_ROLE, "--token-file", FILE], 3),
];

const fn of_option(name: &'static str, arguments: &'static [&'static str], code: u8) -> Input {
    Input { name, arguments, variables: &[], code }
}

const fn of_variable(
    name: &'static str,
    arguments: &'static [&'static str],
    variables: &'static [(&'static str, &'static str)],
) -> Input {
    Input { name, arguments, variables, code: 2 }
}

impl Input {
    /// The run, in a job.
    fn program<'s>(&self, sandbox: &'s Sandbox) -> Program<'s> {
        let mut program = oidc_exchange(self.arguments).job(sandbox);
        program.scratch().write("provider", "{}");
        let allow = r#"{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRoleWithWebIdentity"}"#;
        program.scratch().write("policy", format!(r#"{{"Version":"2012-10-17","Statement":{allow}}}"#));
        for (name, value) in self.variables {
            program = program.env(name, value);
        }
        program
    }

    /// The standard output if the run ends with `code`.
    fn stop(&self, code: u8) -> String {
        match self.arguments {
            ["aws", ..] => stopped(code),
            ["gcp", ..] => crate::google::stopped(code),
            ["azure", ..] => crate::azure::stopped(code),
            ["vault", .., "A=secret/a#b"] => format!("unset A;\n{}", stop(code)),
            ["vault", ..] => format!("unset VAULT_TOKEN;\n{}", stop(code)),
            _ => String::new(),
        }
    }
}

/// Makes a pipe.
fn mkfifo(path: &std::path::Path) {
    let mkfifo = shells::tool("mkfifo").unwrap();
    assert!(std::process::Command::new(mkfifo).arg(path).status().unwrap().success());
}
