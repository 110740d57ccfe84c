//! The end of all attempts as the user reads it: one flow for every provider.

use super::attempt::{Attempt, ErrorAnswer, Problem};
use super::failure::{Failure, UNREACHED};
use super::retry::GaveUp;
use crate::error::{Error, Exit, Refusal, Report};

/// What to do where many runs are throttled together.
pub const THROTTLED: &str = "many jobs ask at once: a longer --timeout lets this one wait its turn";

/// What words the end of a call: what was asked of whom, and what the provider's error answer means.
pub trait Explain<A> {
    /// Who was asked: `AWS STS`.
    fn provider(&self) -> &'static str;

    /// The option or the variable that names the address.
    fn address_setting(&self) -> &'static str;

    /// What was asked for, a line each.
    fn asked(&self) -> Vec<String>;

    /// What an error answer means.
    fn tell(&self, answer: &A) -> Told;

    /// What to do about a call without an answer.
    fn transport_hints(&self, failure: &Failure) -> Vec<String> {
        failure.hints()
    }
}

/// What an error answer means, in words.
#[derive(Debug, Default)]
pub struct Told {
    /// The refusal's title; none where the provider did not refuse.
    pub title: Option<String>,
    /// What is quoted of the answer, where that is not all of it. `-v` shows all of it.
    pub quoted: Option<String>,
    /// Whether something else than the provider may have answered.
    pub something_else: bool,
    /// What the token presents, a line each.
    pub presented: Vec<String>,
    /// What to do about it.
    pub hints: Vec<String>,
    /// What else can be done, which `-v` alone shows.
    pub more: Vec<String>,
    /// What tells more than the provider does: command lines, the most useful first.
    pub next: Vec<String>,
}

/// All that depends on the cause of an error answer; `C` has what its words are made of.
pub struct Row<C> {
    title: Option<&'static str>,
    something_else: bool,
    heals: bool,
    fix: Fix<C>,
    next: Option<fn(&C) -> Vec<String>>,
}

enum Fix<C> {
    Fixed(&'static [&'static str]),
    Of(fn(&C) -> Vec<String>),
}

impl<C> Row<C> {
    /// A refusal, under that title.
    #[must_use]
    pub fn refused(title: &'static str) -> Self {
        Self { title: Some(title), ..Self::unreachable() }
    }

    /// The provider cannot answer.
    #[must_use]
    pub fn unreachable() -> Self {
        Self { title: None, something_else: false, heals: false, fix: Fix::Fixed(&[]), next: None }
    }

    /// Something else than the provider answered: a proxy, a captive portal.
    #[must_use]
    pub fn something_else() -> Self {
        Self { something_else: true, ..Self::unreachable() }
    }

    /// The provider cannot answer now; the same call can end differently by itself.
    #[must_use]
    pub fn heals() -> Self {
        Self { heals: true, ..Self::unreachable() }
    }

    /// What to do, where that is always the same.
    #[must_use]
    pub fn say(self, hints: &'static [&'static str]) -> Self {
        Self { fix: Fix::Fixed(hints), ..self }
    }

    /// What to do.
    #[must_use]
    pub fn fix(self, hints: fn(&C) -> Vec<String>) -> Self {
        Self { fix: Fix::Of(hints), ..self }
    }

    /// The command lines that tell more than the provider does.
    #[must_use]
    pub fn next(self, lines: fn(&C) -> Vec<String>) -> Self {
        Self { next: Some(lines), ..self }
    }

    /// Whether the same call can end differently by itself.
    #[must_use]
    pub fn is_retried(&self) -> bool {
        self.heals
    }

    /// Its words.
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
    /// The end of all attempts, as the user reads it.
    #[must_use]
    pub fn explain(&self, context: &impl Explain<A>) -> Error {
        let (provider, asked) = (context.provider(), context.asked());
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
            Some(Problem::Garbled(garbled)) => (Exit::Unreachable, garbled.to_string(), vec![in_between()]),
            Some(Problem::Answered(answer)) => {
                let Told { title, quoted, something_else, presented, mut hints, more, next } = context.tell(answer);
                if quoted.is_some() {
                    tracing::info!("{provider}: {}", answer.said());
                }
                let quoted = quoted.unwrap_or_else(|| answer.said());
                if let Some(title) = title {
                    // The first of them is second, so that it is among those that are always shown.
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
