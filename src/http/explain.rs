//! Makes the report of a failed call. All providers share this code.

use super::attempt::{Again, Attempt, ErrorAnswer, Problem};
use super::failure::{Failure, UNREACHED};
use super::retry::GaveUp;
use crate::error::{Error, Exit, Refusal, Report};

/// The hint if many runs are throttled together.
pub const THROTTLED: &str = "many jobs send requests at once: a longer --timeout gives this one more time";

/// The texts about a call for its report: the provider, the request, and the meaning of an error answer.
pub trait Explain<A> {
    /// The provider's name, for example `AWS STS`.
    fn provider(&self) -> &'static str;

    /// The option or the variable that sets the address.
    fn address_setting(&self) -> &'static str;

    /// What was requested, one line each.
    fn asked(&self) -> Vec<String>;

    /// The meaning of an error answer.
    fn tell(&self, answer: &A) -> Told;

    /// Hints for a call without an answer.
    fn transport_hints(&self, failure: &Failure) -> Vec<String> {
        failure.hints()
    }
}

/// The meaning of an error answer.
#[derive(Debug, Default)]
pub struct Told {
    /// The title of a refusal; `None` if the provider did not refuse.
    pub title: Option<String>,
    /// The quoted part of the answer, if not all of it. `-v` shows all of it.
    pub quoted: Option<String>,
    /// The relevant part of what was requested, if not all of it.
    pub asked: Option<Vec<String>>,
    /// Whether another server may have answered.
    pub something_else: bool,
    /// The relevant claims of the token, one line each.
    pub presented: Vec<String>,
    /// Hints.
    pub hints: Vec<String>,
    /// Hints that are printed only with `-v`.
    pub more: Vec<String>,
    /// Commands that show more than the provider's answer, the most useful first.
    pub next: Vec<String>,
}

/// The texts that depend on the cause of an error answer. `C` is the context for them.
pub struct Row<C> {
    title: Option<&'static str>,
    something_else: bool,
    again: Again,
    fix: Fix<C>,
    next: Option<fn(&C) -> Vec<String>>,
}

enum Fix<C> {
    Fixed(&'static [&'static str]),
    Of(fn(&C) -> Vec<String>),
}

impl<C> Row<C> {
    /// A refusal with that title.
    #[must_use]
    pub fn refused(title: &'static str) -> Self {
        Self { title: Some(title), ..Self::unreachable() }
    }

    /// The provider cannot answer.
    #[must_use]
    pub fn unreachable() -> Self {
        Self { title: None, something_else: false, again: Again::Never, fix: Fix::Fixed(&[]), next: None }
    }

    /// Another server answered: a proxy, a captive portal.
    #[must_use]
    pub fn something_else() -> Self {
        Self { something_else: true, ..Self::unreachable() }
    }

    /// The provider cannot answer now; a retry can succeed.
    #[must_use]
    pub fn heals() -> Self {
        Self { again: Again::Soon, ..Self::unreachable() }
    }

    /// The provider serves no more requests now; the same call is served when fewer callers ask.
    #[must_use]
    pub fn throttled() -> Self {
        Self { again: Again::Throttled, ..Self::unreachable() }.say(&[THROTTLED])
    }

    /// Hints that are always the same.
    #[must_use]
    pub fn say(self, hints: &'static [&'static str]) -> Self {
        Self { fix: Fix::Fixed(hints), ..self }
    }

    /// Hints that depend on the context.
    #[must_use]
    pub fn fix(self, hints: fn(&C) -> Vec<String>) -> Self {
        Self { fix: Fix::Of(hints), ..self }
    }

    /// Commands that show more than the provider's answer.
    #[must_use]
    pub fn next(self, lines: fn(&C) -> Vec<String>) -> Self {
        Self { next: Some(lines), ..self }
    }

    /// Whether a retry can succeed, and after which kind of pause.
    #[must_use]
    pub fn again(&self) -> Again {
        self.again
    }

    /// The texts for a context.
    #[must_use]
    pub fn tell(&self, context: &C) -> Told {
        let hints = match self.fix {
            Fix::Fixed(hints) => hints.iter().map(|&hint| hint.to_owned()).collect(),
            Fix::Of(hints) => hints(context),
        };
        Told {
            title: self.title.map(str::to_owned),
            something_else: self.something_else,
            hints,
            next: self.next.map(|next| next(context)).unwrap_or_default(),
            ..Told::default()
        }
    }
}

impl<A: ErrorAnswer> GaveUp<Attempt<A>> {
    /// The error of a call that failed in all attempts.
    #[must_use]
    pub fn explain(&self, context: &impl Explain<A>) -> Error {
        let (provider, mut asked) = (context.provider(), context.asked());
        let in_between = || {
            let setting = context.address_setting();
            format!("was this {provider}? a proxy, a captive portal or a wrong {setting} may have answered")
        };
        let tried = self.attempts.describe();
        let (exit, said, hints) = match self.last.as_ref().map(|attempt| &attempt.problem) {
            None => (Exit::Unreachable, "nothing, until --timeout".into(), vec![UNREACHED.into()]),
            Some(Problem::Transport(failure)) => {
                (failure.exit(), failure.to_string(), context.transport_hints(failure))
            }
            Some(Problem::Garbled(garbled)) => {
                let hint = garbled.hint.map_or_else(in_between, str::to_owned);
                (Exit::Unreachable, garbled.to_string(), vec![hint])
            }
            Some(Problem::Answered(answer)) => {
                let told = context.tell(answer);
                let Told { title, quoted, something_else, presented, mut hints, more, next, .. } = told;
                if let Some(relevant) = told.asked {
                    asked = relevant;
                }
                if quoted.is_some() {
                    tracing::info!("{provider}: {}", answer.said());
                }
                let quoted = quoted.unwrap_or_else(|| answer.said());
                if let Some(title) = title {
                    // The first command comes second, so that it is among the hints that are always shown.
                    let mut next = next.into_iter();
                    let second = hints.len().min(1);
                    hints.splice(second..second, next.next());
                    hints.extend(next);
                    let still = tried.map(|tried| format!("; still so after {tried}")).unwrap_or_default();
                    let said = format!("{quoted}{still}");
                    return Error::from(Refusal { title, said, asked, presented, hints }).more(more);
                }
                hints.extend(next);
                if something_else {
                    hints.push(in_between());
                }
                (Exit::Unreachable, quoted, hints)
            }
        };
        let title = if exit == Exit::Usage {
            format!("cannot ask {provider}")
        } else {
            format!("{provider} could not be reached or kept failing")
        };
        let report = Report::new(title)
            .fact("said", vec![said])
            .fact("asked for", asked)
            .fact("tried", tried.into_iter().collect())
            .hints(hints);
        Error::new(exit, report)
    }
}
