//! Keeps a failure for a short time, for later runs with the same request.
//!
//! kubectl runs a failing plugin six times for one command.

use std::time::{Duration, SystemTime};

use super::Entry;
use crate::error::{Error, Exit, Report};
use crate::secret::Secret;
use crate::text::printable;

/// How long a failure is kept.
const LIFE: Duration = Duration::from_secs(10);

/// The entry for `error`; `None` if another run could succeed at once.
pub(super) fn entry(error: &Error, now: SystemTime) -> Option<Entry> {
    let code = match error.exit() {
        Exit::Refused | Exit::Unreachable => error.exit().code(),
        Exit::Done | Exit::Bug | Exit::Usage | Exit::Subject | Exit::Output | Exit::CannotTell => return None,
    };
    let report = error.report();
    let text = format!("{code}\n{}\n{}", printable(&report.title), printable(report.first("said")));
    Some(Entry { secret: Secret::new(text), expires: now + LIFE })
}

/// The failure in `entry`, if it is recent: its exit code, and a short text.
pub(super) fn read(entry: &Entry, now: SystemTime) -> Option<Error> {
    let left = entry.expires.duration_since(now).ok().filter(|left| *left <= LIFE)?;
    let mut lines = entry.secret.reveal().split('\n');
    let code = lines.next()?;
    let exit = [Exit::Refused, Exit::Unreachable].into_iter().find(|exit| exit.code().to_string() == code)?;
    let title = lines.next().filter(|title| !title.is_empty())?;
    let said = lines.next().filter(|said| !said.is_empty()).map(str::to_owned);
    let (age, life) = (LIFE.saturating_sub(left).as_secs(), LIFE.as_secs());
    let title = format!("{title} ({age} seconds ago; oidc-exchange does not ask again for {life} seconds)");
    Some(Error::new(exit, Report::new(title).fact("said", said.into_iter().collect())))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: SystemTime = SystemTime::UNIX_EPOCH;

    fn failure(exit: Exit) -> Error {
        let report = Report::new("AWS STS refused the token").fact("said", vec!["no".into(), "never".into()]);
        Error::new(exit, report.fact("asked for", vec!["role".into()]).hints(["do something".into()]))
    }

    #[test]
    fn a_failure_is_short_the_second_time_and_ends_after_ten_seconds() {
        for exit in [Exit::Refused, Exit::Unreachable] {
            let kept = entry(&failure(exit), NOW).unwrap();
            let again = read(&kept, NOW + Duration::from_secs(3)).unwrap();
            assert_eq!(again.exit(), exit);
            let title = "AWS STS refused the token (3 seconds ago; oidc-exchange does not ask again for 10 seconds)";
            assert_eq!(*again.report(), Report::new(title).fact("said", vec!["no".into()]));
            assert!(read(&kept, NOW + Duration::from_secs(11)).is_none());
        }
    }

    #[test]
    fn a_clock_that_was_set_back_does_not_make_it_last() {
        let kept = entry(&failure(Exit::Refused), NOW + Duration::from_hours(1)).unwrap();
        assert!(read(&kept, NOW).is_none());
    }

    #[test]
    fn what_may_end_in_another_way_is_not_kept() {
        for exit in Exit::ALL {
            let kept = entry(&failure(exit), NOW).is_some();
            assert_eq!(kept, matches!(exit, Exit::Refused | Exit::Unreachable), "{exit:?}");
        }
    }

    #[test]
    fn what_is_not_whole_is_no_failure() {
        for text in ["", "4", "4\n", "4\n\nx", "0\ntitle\nsaid", "44\ntitle\n", "x\ntitle", "+4\ntitle", " 4\ntitle"] {
            let kept = Entry { secret: Secret::new(text.into()), expires: NOW + LIFE };
            assert!(read(&kept, NOW).is_none(), "{text:?}");
        }
        let bare = Entry { secret: Secret::new("5\ntitle".into()), expires: NOW + LIFE };
        assert_eq!(read(&bare, NOW).map(|error| error.exit()), Some(Exit::Unreachable));
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text in "(?s).{0,60}") {
            let _ = read(&Entry { secret: Secret::new(text), expires: NOW + LIFE }, NOW);
        }
    }
}
