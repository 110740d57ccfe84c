//! Finds targets that conflict in one run.

use super::Wanted;
use crate::aws::OutputMode;
use crate::emit::Names;
use crate::error::Usage;
use crate::host::Env;
use crate::plan::Target;
use crate::{aws, azure, google, vault};

/// The conflicts between two targets: both set a variable, one sets and the other unsets it, or both write a profile.
pub(super) fn clashes(wanted: &[Wanted<'_>], env: &Env) -> Result<Vec<Usage>, Usage> {
    let mut clashes = Vec::new();
    let mut names: Vec<(&str, Names)> = Vec::new();
    let mut profiles: Vec<(&str, &aws::Profile)> = Vec::new();
    let mut registries: Vec<(&str, String)> = Vec::new();
    for Wanted { written, request } in wanted {
        for host in request.registries() {
            if let Some((other, _)) = registries.iter().find(|(_, known)| *known == host) {
                clashes
                    .push(Usage::new(format!("{host} is for the target {other} and for the target {}", written.name)));
            }
            registries.push((&written.name, host));
        }
        let own = match request {
            Target::Aws(request, mode) => {
                if let OutputMode::Profile(profile) = mode {
                    let other = profiles.iter().find(|(_, other)| other.name == profile.name);
                    if let Some((other, _)) = other {
                        let profile = profile.name.as_str();
                        let both = format!("the targets {other} and {} both write the profile {profile}", written.name);
                        clashes.push(Usage::new(both));
                    }
                    profiles.push((&written.name, profile));
                }
                aws::output::names(request, mode)
            }
            Target::Google(request) => google::exports::names(request, env)?,
            Target::Azure(request) => azure::exports::names(request),
            Target::Vault(request) => vault::exports::names(request),
        };
        names.push((&written.name, own));
    }
    let all: Vec<&Names> = names.iter().map(|(_, names)| names).collect();
    let name_of = |index: &usize| names.get(*index).map_or("", |(name, _)| *name);
    clashes.extend(Names::clashes(&all).into_iter().map(|clash| {
        let targets: Vec<&str> = clash.of.iter().map(name_of).collect();
        let (those, runs) = match targets.as_slice() {
            [one, other] => (format!("the target {one} and for the target {other}"), "two runs"),
            [others @ .., last] => (format!("the targets {} and {last}", others.join(", ")), "separate runs"),
            [] => Default::default(),
        };
        Usage::new(format!("{} is for {those}", clash.name))
            .hint("give one of them other names: aws.env-prefix, aws.profile, or another variable for a secret")
            .hint(format!("or use them in {runs}"))
    }));
    Ok(clashes)
}
