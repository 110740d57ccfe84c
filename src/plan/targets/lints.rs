//! What `--check` finds in valid targets that can never succeed.

use super::{TargetsFile, Wanted, WrittenTarget};
use crate::aws::{self, Region};
use crate::error::Usage;
use crate::plan::Target;

/// All findings, with positions.
pub(super) fn lints(file: &TargetsFile, wanted: &[Wanted<'_>]) -> Vec<Usage> {
    let of = |Wanted { written, request }: &Wanted<'_>| {
        let found = match request {
            Target::Aws(request, _) => of_aws(written, request),
            Target::Google(_) | Target::Azure(_) | Target::Vault(_) => Vec::new(),
        };
        found.into_iter().map(|usage| file.at(written, usage)).collect::<Vec<_>>()
    };
    wanted.iter().flat_map(of).collect()
}

/// A region from a variable is not part of the file, so it is not checked.
fn of_aws(written: &WrittenTarget, request: &aws::Request) -> Vec<Usage> {
    let mut found = Vec::new();
    let role = request.last_role();
    if let Err(refusal) = request.guard.foresee(role) {
        found.push(Usage::new(refusal.report().title.clone()).hint("correct the role's ARN or aws.allowed-account-id"));
    }
    for option in ["region", "sts-region"] {
        for text in written.values(option) {
            let region = Region::parse(option, text).ok();
            let of = region.and_then(|region| region.partition());
            if let Some(of) = of.filter(|partition| *partition != role.partition()) {
                found.push(
                    Usage::new(format!(
                        "--{option}: {text} is a region of the partition {of}, and the role is in {}",
                        role.partition()
                    ))
                    .hint("name a region of the role's partition"),
                );
            }
        }
    }
    found
}
