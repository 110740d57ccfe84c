//! The network that a run finds: the sandbox, with one thing out of order.

use std::time::Duration;

use sandbox::aws::Sts;
use sandbox::{Fault, Sandbox, Tls};

use super::cells::Dash;
use super::expected::{Kind, Times};
use super::late::Late;
use super::machine::Machine;
use super::rows::{Row, Stage, What};
use super::steps::{Exchange, Step, furnish};
use crate::support::recorder::Recorder;

/// The network that a run finds. It is gone when this is dropped.
pub(super) struct Setting {
    pub(super) sandbox: Sandbox,
    pub(super) variables: Vec<(String, String)>,
    pub(super) options: String,
    pub(super) elsewhere: Recorder,
    pub(super) machine: Option<Machine>,
    impostor: Option<Sts>,
    pub(super) ca: Option<String>,
}

impl Setting {
    /// For `row` at `step`; or why there is none.
    pub(super) fn of(row: &Row, step: Step) -> Result<Self, Dash> {
        let Row { what, tls, .. } = row;
        let once = row.times == Times::Once;
        if !matches!(what, What::Meets(_) | What::Signal(_)) && !step.opens() {
            return Err("it goes over a connection that is open");
        }
        let authority = Tls::new().unwrap();
        let sandbox = if *tls { Sandbox::start_tls(&authority) } else { Sandbox::start() }.unwrap();
        furnish(&sandbox);
        let elsewhere = Recorder::start();
        let mut setting = Self {
            sandbox,
            variables: Vec::new(),
            options: String::new(),
            elsewhere,
            machine: None,
            impostor: None,
            ca: tls.then(|| authority.ca_pem()),
        };
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
                setting.options = format!(" --allow-http {host}");
                Some(server.url_for(host))
            }
            What::Certificate(certificate) => {
                let impostor = Sts::start_tls(&certificate(&authority).unwrap()).unwrap();
                setting.ca = Some(authority.ca_pem());
                Some(setting.impostor.insert(impostor).url())
            }
        };
        if let Some(origin) = origin {
            setting.variables = step.moved_to(&origin, &setting.sandbox);
        }
        if row.kind == Kind::Silence && once && step.exchange() == Exchange::Vault {
            // The one client whose bound on an attempt can be set; the others wait for 15 s.
            // The revocation itself has five seconds.
            let bound = if step == Step::Revocation { "3" } else { "8" };
            setting.variables.push(("VAULT_CLIENT_TIMEOUT".into(), bound.into()));
        }
        Ok(setting)
    }
}
