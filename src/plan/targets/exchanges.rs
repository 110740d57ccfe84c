//! Makes the exchanges of one run from its targets. Exchanges share networks and logins if they can.

use super::Wanted;
use crate::aws::OutputMode;
use crate::cli::{Form, UseArgs};
use crate::delivery::Delivery;
use crate::emit::Format;
use crate::error::Usage;
use crate::host::Env;
use crate::http::{Bundle, CaFile, Settings, Trust};
use crate::input::Reader;
use crate::plan::{Exchange, Part, Target};
use crate::state::StateDir;
use crate::vault;

/// The index of each kind of target in the run's networks.
#[derive(Default)]
struct Networks {
    aws: Option<usize>,
    plain: Option<usize>,
    vault: Option<usize>,
    all: Vec<Settings>,
}

/// The exchanges of a run. Vault targets with the same login become one exchange.
pub(super) fn exchange(
    args: UseArgs,
    ca_file: Option<&CaFile>,
    wanted: Vec<Wanted<'_>>,
    env: &Env,
    reader: &Reader,
) -> Result<Exchange, Usage> {
    if super::super::timeout(&args.shared, args.is_for_kubernetes()).is_zero() {
        return Err(Usage::new("--timeout: no time at all is left for the exchanges"));
    }
    let trust = Trust::new(env, None, ca_file.cloned())?;
    let mut networks = Networks::default();
    let mut parts: Vec<Part> = Vec::new();
    for Wanted { written, request } in wanted {
        let network = |trust: &Trust| super::super::network(&args.shared.network, trust.clone(), env);
        let all = &mut networks.all;
        let mut add = |settings| {
            all.push(settings);
            all.len() - 1
        };
        let network = match (&request, networks.aws, networks.plain, networks.vault) {
            (Target::Aws(..), Some(known), _, _)
            | (Target::Google(_) | Target::Azure(_), _, Some(known), _)
            | (Target::Vault(_), _, _, Some(known)) => known,
            (Target::Aws(..), None, _, _) => {
                let own = Bundle::from_variable(env, "AWS_CA_BUNDLE")?;
                *networks.aws.insert(add(network(&trust.clone().with(own))?))
            }
            (Target::Google(_) | Target::Azure(_), _, None, _) => *networks.plain.insert(add(network(&trust)?)),
            (Target::Vault(_), _, _, None) => {
                let mut settings = network(&trust)?;
                vault::settings::apply(env, reader, &mut settings)?;
                *networks.vault.insert(add(settings))
            }
        };
        let joined = parts.iter_mut().any(|part| match (&mut part.target, &request) {
            (Target::Vault(first), Target::Vault(other)) if first.shares_login_with(other) => {
                first.join(other);
                part.name = format!("{} and {}", part.name, written.name);
                true
            }
            _ => false,
        });
        if !joined {
            parts.push(Part { name: format!("target {}", written.name), target: request, network });
        }
    }
    let prints = parts.iter().any(|part| !matches!(part.target, Target::Aws(_, OutputMode::Profile(_))));
    let source = super::super::source(&args.shared.token)?;
    let form = args.format.unwrap_or(Form::Variables(Format::Env));
    let delivery = super::super::delivery(args.shared, form.variables())?;
    Ok(Exchange {
        source,
        parts,
        networks: networks.all,
        directory: StateDir::locate(env)?,
        delivery: if prints { delivery } else { Delivery::Elsewhere },
    })
}
