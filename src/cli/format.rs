//! The values of `--format`: every exchange has the formats of variables, and some have their own protocol answers.

use clap::ValueEnum;
use clap::builder::{PossibleValuesParser, TypedValueParser};

use crate::emit::Format;

/// A form of the output: variables in a format, or an answer that this command has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form<A> {
    /// Variables.
    Variables(Format),
    /// The answer to a program, in a protocol of its own.
    Answer(A),
}

/// The answers of `aws`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum AwsAnswer {
    /// The answer to a tool that runs this program as its `credential_process`.
    Process,
    /// The answer to a Kubernetes client that runs this program as its credential plugin, with `--eks-cluster`.
    Kubernetes,
}

/// The answers of `gcp` and `azure`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum TokenAnswer {
    /// The access token, as the answer to a Kubernetes client that runs this program as its credential plugin.
    Kubernetes,
}

/// The answers of `vault`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum VaultAnswer {
    /// One value, as it is.
    Raw,
}

impl<A> Form<A> {
    /// The format of the variables; `None` for an answer.
    #[must_use]
    pub fn variables(self) -> Option<Format> {
        match self {
            Self::Variables(format) => Some(format),
            Self::Answer(_) => None,
        }
    }
}

/// Parses the name of a format, or of one of the answers `A`.
pub(super) fn form<A: ValueEnum + Send + Sync + 'static>() -> impl TypedValueParser<Value = Form<A>> {
    let formats = Format::value_variants().iter().filter_map(Format::to_possible_value);
    let answers = A::value_variants().iter().filter_map(A::to_possible_value);
    PossibleValuesParser::new(formats.chain(answers)).try_map(|name| {
        let format = Format::from_str(&name, false).map(Form::Variables);
        format.or_else(|_| A::from_str(&name, false).map(Form::Answer))
    })
}
