//! Several exchanges of one run: they run at the same time, and the job gets all results or none.

use futures_util::FutureExt;
use futures_util::future::join_all;

use super::{Given, Grant, PendingRevocation, content, exchange};
use crate::aws;
use crate::delivery::Leftovers;
use crate::emit::{Clash, Content, Exports, Names};
use crate::error::{Error, Exit, Report, Usage};
use crate::plan::Part;
use crate::registry::{self, Login, Options};

/// Exchanges the token for what each of `parts` requests, at the same time, and combines the results. Each part has
/// its own `pending`. A part that fails does not end the others: all failures are reported.
///
/// # Errors
/// Every failure, with the name of its part. Then nothing is returned: all files are deleted, and [`revoke`] must be
/// called for what `pending` records.
pub async fn together<'g>(
    parts: &[Part],
    given: impl Fn(&Part) -> Option<Given<'g>>,
    pending: &[PendingRevocation],
) -> Result<(Content, Leftovers), Vec<Error>> {
    let given = parts.iter().map(|part| given(part).ok_or_else(|| named(part, no_network())));
    let given: Vec<Given<'_>> = given.collect::<Result<_, _>>().map_err(|error| vec![error])?;
    let all = parts.iter().zip(&given).zip(pending);
    let exchanges = all.map(|((part, given), pending)| async move {
        Box::pin(exchange(&part.target, given, pending)).await.map_err(|error| named(part, error))
    });
    let mut grants = all_or_errors(join_all(exchanges).await)?;
    let logins: Vec<(Login, &Options)> = grants.iter_mut().flat_map(Grant::take_logins).collect();
    // A profile affects no other part, so it is written last: an earlier failure then leaves no trace.
    let (profiles, others): (Vec<_>, Vec<_>) =
        parts.iter().zip(&given).zip(grants).partition(|(_, grant)| writes_profile(grant));
    let finish = |((part, given), grant)| async move {
        let finished: Result<(Content, Leftovers), Error> = content(grant, given).await;
        finished.map(|(content, leftovers)| (part, content, leftovers)).map_err(|error| named(part, error))
    };
    let mut finished = all_or_errors(join_all(others.into_iter().map(finish)).await)?;
    check_names(&finished).map_err(|error| vec![error.into()])?;
    for profile in profiles {
        finished.push(finish(profile).await.map_err(|error| vec![error])?);
    }
    let (content, mut leftovers) = put_together(finished);
    // The registrations of all parts come last, for the same reason.
    if let (false, Some(given)) = (logins.is_empty(), given.first()) {
        let Given { token, host, place, .. } = given;
        let registered = registry::register(logins, token, &host.env, place).await;
        leftovers.register(registered.map_err(|error| vec![error])?);
    }
    Ok((content, leftovers))
}

fn writes_profile(grant: &Grant<'_>) -> bool {
    matches!(grant, Grant::Aws { mode: aws::OutputMode::Profile(_), .. })
}

fn no_network() -> Error {
    Error::new(Exit::Bug, Report::new("no network was planned for it"))
}

fn named(part: &Part, error: Error) -> Error {
    if part.name.is_empty() { error } else { error.of(&part.name) }
}

fn all_or_errors<T>(results: Vec<Result<T, Error>>) -> Result<Vec<T>, Vec<Error>> {
    let (mut done, mut errors) = (Vec::new(), Vec::new());
    for result in results {
        match result {
            Ok(one) => done.push(one),
            Err(error) => errors.push(error),
        }
    }
    if errors.is_empty() { Ok(done) } else { Err(errors) }
}

/// The result of one part.
type Finished<'p> = (&'p Part, Content, Leftovers);

/// Checks that each variable is set by one part and unset by no other. Names from the keys of a secret are known only
/// now.
fn check_names(finished: &[Finished<'_>]) -> Result<(), Usage> {
    let names = |(_, content, _): &Finished<'_>| match content {
        Content::Variables(exports) => Names::from(exports),
        Content::Answer(_) => Names::default(),
    };
    let names: Vec<Names> = finished.iter().map(names).collect();
    let clash = Names::clashes(&names.iter().collect::<Vec<_>>()).into_iter().next();
    let Some(Clash { name, of }) = clash else { return Ok(()) };
    let part = |index: &usize| finished.get(*index).map_or("", |(part, ..)| part.name.as_str());
    Err(Usage::new(format!("{name} is for {}", of.iter().map(part).collect::<Vec<_>>().join(" and for ")))
        .hint("give the variables of one of them another name or prefix"))
}

fn put_together(finished: Vec<Finished<'_>>) -> (Content, Leftovers) {
    let mut all = Leftovers::default();
    let mut together: Option<Content> = None;
    for (_, content, leftovers) in finished {
        all.add(leftovers);
        together = Some(match (together, content) {
            (Some(Content::Variables(mut exports)), Content::Variables(others)) => {
                exports.add(others);
                Content::Variables(exports)
            }
            // A protocol answer is the result of a run with one part.
            (_, content) => content,
        });
    }
    (together.unwrap_or_else(|| Content::Variables(Exports::default())), all)
}

/// Revokes what each `pending` records, at the same time. If `at_once` resolves, the revocation is cut short.
pub async fn revoke(pending: &[PendingRevocation], at_once: impl Future<Output = ()>) {
    let at_once = at_once.shared();
    join_all(pending.iter().map(|one| one.revoke(at_once.clone()))).await;
}
