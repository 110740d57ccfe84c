//! The environment of a run: the sandbox, with one fault.

use std::time::Duration;

use sandbox::aws::Sts;
use sandbox::{Fault, Sandbox, Tls};

use super::cells::Dash;
use super::expected::{Kind, Times};
use super::late::Late;
use super::machine::Machine;
use super::rows::{Row, Stage, What};
use super::steps::{Exchange, REGISTRY, Step, furnish};
use crate::support::recorder::Recorder;
use crate::support::{Scratch, oidc_exchange};

/// The network of a run. It is removed on drop.
pub(super) struct Setting {
    pub(super) sandbox: Sandbox,
    pub(super) variables: Vec<(String, String)>,
    pub(super) options: String,
    pub(super) elsewhere: Recorder,
    pub(super) machine: Option<Machine>,
    /// The directory of an earlier run.
    pub(super) scratch: Option<Scratch>,
    /// What leads Azure's own hosts to the sandbox.
    proxy: Option<Recorder>,
    impostor: Option<Sts>,
    pub(super) ca: Option<String>,
}

impl Setting {
    /// For `row` at `step`, or the reason why there is none.
    pub(super) fn of(row: &Row, step: Step) -> Result<Self, Dash> {
        let Row { what, tls, .. } = row;
        let once = row.times == Times::Once;
        match what {
            What::Signal(_) if step == Step::Renewal => return Err("a signal ends it without a message"),
            What::Meets(_) | What::Signal(_) => {}
            What::Closed | What::Named(_) | What::Certificate(_) => step.opens()?,
        }
        let authority = Tls::new().unwrap();
        // Azure's own hosts support nothing else.
        let tls = *tls || step.is_of_azure();
        let sandbox = if tls { Sandbox::start_tls(&authority) } else { Sandbox::start() }.unwrap();
        furnish(&sandbox);
        let elsewhere = Recorder::start();
        let mut setting = Self {
            sandbox,
            variables: Vec::new(),
            options: String::new(),
            elsewhere,
            machine: None,
            scratch: None,
            proxy: None,
            impostor: None,
            ca: tls.then(|| authority.ca_pem()),
        };
        if let What::Certificate(_) = what {
            setting.ca = Some(authority.ca_pem());
        }
        if let What::Named(host) = what {
            setting.options = format!(" --allow-http {host}");
        }
        if step == Step::Renewal {
            setting.scratch = Some(registered(&setting.sandbox, &setting.options, setting.ca.as_deref()));
        }
        if step.is_of_azure() {
            let (proxy, variables) = leading_to_azure(&setting.sandbox);
            (setting.proxy, setting.variables) = (Some(proxy), variables);
        }
        let server = step.server(&setting.sandbox);
        let origin = match what {
            What::Meets(fault) => {
                let stage = Stage { step, sandbox: &setting.sandbox, elsewhere: &setting.elsewhere.url() };
                server.aim(step.request(), fault(&stage)?, once.then_some(1));
                None
            }
            What::Signal(_) => {
                server.aim(step.request(), Fault::Hang, None);
                None
            }
            What::Closed => {
                let late = Late::new(server.port(), once.then_some(Duration::from_secs(5)));
                Some(late.origin())
            }
            What::Named(host) => {
                setting.machine = Some(Machine::new(&setting.sandbox)?);
                Some(server.url_for(host))
            }
            What::Certificate(certificate) => {
                let impostor = Sts::start_tls(&certificate(&authority).unwrap()).unwrap();
                Some(setting.impostor.insert(impostor).url())
            }
        };
        if let Some(origin) = origin {
            setting.variables.extend(step.moved_to(&origin, &setting.sandbox));
        }
        if row.kind == Kind::Silence && once && step.exchange() == Exchange::Vault {
            // Only this client's timeout of an attempt can be set. The others wait 15 s. The revocation itself has five
            // seconds.
            let bound = if step == Step::Revocation { "3" } else { "8" };
            setting.variables.push(("VAULT_CLIENT_TIMEOUT".into(), bound.into()));
        }
        Ok(setting)
    }
}

/// The job of a run that comes after another one.
pub(crate) const JOB: &str = "job-1";

/// A registry with an expired password, registered with these `options` and the authorities `ca`.
pub(crate) fn registered(sandbox: &Sandbox, options: &str, ca: Option<&str>) -> Scratch {
    sandbox.ecr.set_lifetime(Duration::ZERO);
    let program = oidc_exchange(["aws", "--role-arn", sandbox::DEPLOY_ROLE, "--registry", REGISTRY]);
    let mut program = program.job(sandbox).env("SEMAPHORE_JOB_ID", JOB).args(options.split_whitespace());
    if let Some(ca) = ca {
        program.scratch().write("ca.pem", ca);
        program = program.args(["--ca-file", "ca.pem"]);
    }
    let output = program.run();
    output.exits(0).stdout_is("");
    sandbox.ecr.set_lifetime(Duration::from_hours(12));
    // The requests of another run are not known.
    sandbox.aws.forget_requests();
    sandbox.ecr.forget_requests();
    output.scratch.write("server", REGISTRY);
    output.scratch
}

/// What leads Azure's own hosts to the sandbox, and the variables that name it.
pub(crate) fn leading_to_azure(sandbox: &Sandbox) -> (Recorder, Vec<(String, String)>) {
    let (azure, registry) = (sandbox.azure.port(), sandbox.acr.port());
    let proxy = Recorder::proxy_to(move |host| if host == sandbox::REGISTRY { registry } else { azure });
    let variables = vec![("HTTPS_PROXY".into(), proxy.url()), ("AZURE_AUTHORITY_HOST".into(), String::new())];
    (proxy, variables)
}
