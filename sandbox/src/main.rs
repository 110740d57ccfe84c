//! Runs a command in a job of the sandbox: `cargo run -p sandbox -- sh -c 'eval "$(oidc-exchange aws …)"; …'`.

#![allow(clippy::disallowed_methods, reason = "it starts services and the program in a job of its own")]

mod arguments;
mod command;
mod program;
mod shell;

use std::io::{self, Write};
use std::process::ExitCode;

use sandbox::{CLIENT, DEPLOY_ACCOUNT, DEPLOY_ROLE, PROVIDER, RELEASE_ROLE, Sandbox, TENANT, Tls, VAULT_ROLE};

use arguments::{Arguments, Invocation};

fn main() -> ExitCode {
    match Arguments::read(std::env::args_os().skip(1)) {
        Ok(Invocation::Help) => say(io::stdout(), arguments::HELP, ExitCode::SUCCESS),
        Ok(Invocation::Run(arguments)) => {
            run(&arguments).unwrap_or_else(|error| say(io::stderr(), &format!("error: {error}\n"), ExitCode::FAILURE))
        }
        Err(error) => say(io::stderr(), &format!("error: {error}\n\n{}", arguments::HELP), ExitCode::from(2)),
    }
}

fn run(arguments: &Arguments) -> io::Result<ExitCode> {
    let program = program::directory()?;
    let tls = if arguments.tls { Some(Tls::new()?) } else { None };
    let sandbox = tls.as_ref().map_or_else(Sandbox::start, Sandbox::start_tls)?;
    if let Some(rate) = arguments.throttle {
        sandbox.aws.throttle(rate);
        sandbox.google.sts.throttle(rate);
        sandbox.azure.throttle(rate);
        sandbox.vault.throttle(rate);
    }
    if arguments.command.is_empty() {
        let line = format!(
            "sandbox: AWS, Google Cloud, Azure and Vault on 127.0.0.1; this shell is in a {} job. Try:\n\
             sandbox:   oidc-exchange token\n\
             sandbox:   eval \"$(oidc-exchange aws --role-arn {DEPLOY_ROLE})\"\n\
             sandbox:   eval \"$(oidc-exchange aws --role-arn {RELEASE_ROLE})\"   (accepts only tags)\n\
             sandbox:   eval \"$(oidc-exchange gcp --provider {PROVIDER} --service-account {DEPLOY_ACCOUNT})\"\n\
             sandbox:   eval \"$(oidc-exchange azure --tenant-id {TENANT} --client-id {CLIENT})\"\n\
             sandbox:   eval \"$(oidc-exchange vault --role {VAULT_ROLE} DB_PASSWORD=secret/production/db#password)\"\n\
             sandbox: `exit` ends it. Another job: cargo run -p sandbox -- --job pull-request\n",
            arguments.job_name
        );
        io::stderr().write_all(line.as_bytes())?;
    }
    command::run(arguments, &sandbox.env_for(&arguments.job), tls.map(|tls| tls.ca_pem()).as_deref(), &program)
}

/// A closed stream is not an error.
fn say(mut stream: impl Write, text: &str, code: ExitCode) -> ExitCode {
    let _ = stream.write_all(text.as_bytes());
    code
}
