//! One step of a recipe, as text for a POSIX shell. Every step can be run again: it creates what is missing, and brings
//! to the wanted state what is there.

use std::fmt::Write as _;

use crate::shell::posix;
use crate::text::printable;

/// One step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// What it is for, in one line.
    pub purpose: String,
    /// A shell variable that its commands share, with its value.
    pub variable: Option<(&'static str, String)>,
    /// What it runs.
    pub action: Action,
}

/// What a step runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// This, each time: it changes nothing if it was run before.
    Run(Command),
    /// `create`, unless `exists` succeeds.
    Create {
        /// It succeeds if the thing is there.
        exists: Command,
        /// It makes the thing.
        create: Command,
    },
    /// `update` if `exists` succeeds, `create` if it does not.
    Put {
        /// It succeeds if the thing is there.
        exists: Command,
        /// It brings the thing to the wanted state.
        update: Command,
        /// It makes the thing in that state.
        create: Command,
    },
}

/// One command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// The program and the words of its subcommand, on the first line.
    pub program: String,
    /// What follows, a line each: an option with its value is one entry.
    pub arguments: Vec<Vec<Word>>,
    /// The program that reads its output, as shell text; its status counts.
    pub reader: Option<&'static str>,
}

/// A word of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Word {
    /// This text, not quoted yet.
    Text(String),
    /// The value of the step's variable.
    Variable(&'static str),
}

impl Step {
    /// A step without a variable.
    #[must_use]
    pub fn new(purpose: impl Into<String>, action: Action) -> Self {
        Self { purpose: purpose.into(), variable: None, action }
    }

    /// This step with a variable for its commands.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: String) -> Self {
        self.variable = Some((name, value));
        self
    }

    /// The step as shell text: a comment, then its commands, each line ended.
    #[must_use]
    pub fn text(&self) -> String {
        // A line feed in a comment would make a command of what comes after it.
        let mut out = format!("# {}\n", printable(&self.purpose));
        if let Some((name, value)) = &self.variable {
            let _ = writeln!(out, "{name}={}", posix::quote(value));
        }
        let _ = match &self.action {
            Action::Run(command) => writeln!(out, "{}", command.text("")),
            Action::Create { exists, create } => {
                writeln!(out, "{} >/dev/null 2>&1 ||\n{}", exists.text(""), create.text("  "))
            }
            Action::Put { exists, update, create } => writeln!(
                out,
                "if {} >/dev/null 2>&1; then\n{}\nelse\n{}\nfi",
                exists.text("").trim_start(),
                update.text("  "),
                create.text("  ")
            ),
        };
        out
    }
}

impl Command {
    /// `program` with these words after it, on one line.
    #[must_use]
    pub fn new(program: &str, words: &[&str]) -> Self {
        let words = words.iter().map(|word| posix::word(word));
        let program = [program.to_owned()].into_iter().chain(words).collect::<Vec<_>>().join(" ");
        Self { program, arguments: Vec::new(), reader: None }
    }

    /// This command with a further line of words: an option and its value.
    #[must_use]
    pub fn line(mut self, words: &[&str]) -> Self {
        self.arguments.push(words.iter().map(|word| Word::Text((*word).to_owned())).collect());
        self
    }

    /// This command with an option whose value is the step's variable.
    #[must_use]
    pub fn variable(mut self, option: &str, name: &'static str) -> Self {
        self.arguments.push(vec![Word::Text(option.to_owned()), Word::Variable(name)]);
        self
    }

    /// This command with its output read by `reader`, whose status counts.
    #[must_use]
    pub fn piped(mut self, reader: &'static str) -> Self {
        self.reader = Some(reader);
        self
    }

    /// A command of these words that reads exactly `input`: a here-document, which no shell changes.
    #[must_use]
    pub fn reading(words: &[&str], input: &str) -> Self {
        let mut end = "END".to_owned();
        while input.lines().any(|line| line == end) {
            end.push('_');
        }
        let words: Vec<String> = words.iter().map(|word| posix::word(word)).collect();
        Self { program: format!("{} <<'{end}'\n{input}\n{end}", words.join(" ")), arguments: Vec::new(), reader: None }
    }

    fn text(&self, indent: &str) -> String {
        let mut out = format!("{indent}{}", self.program);
        for words in &self.arguments {
            let words: Vec<String> = words.iter().map(Word::text).collect();
            let _ = write!(out, " \\\n{indent}  {}", words.join(" "));
        }
        if let Some(reader) = self.reader {
            let _ = write!(out, " | {reader}");
        }
        out
    }
}

impl Word {
    fn text(&self) -> String {
        match self {
            Self::Text(text) => posix::word(text),
            Self::Variable(name) => format!("\"${name}\""),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_here_document_ends_where_its_text_does() {
        let command = Command::reading(&["bao", "write", "a b", "-"], "one\nEND\n$two");
        assert_eq!(command.program, "bao write 'a b' - <<'END_'\none\nEND\n$two\nEND_");
    }

    #[test]
    fn what_is_there_is_updated_and_what_is_not_is_created() {
        let step = Step::new(
            "the role\nrm -rf /",
            Action::Put {
                exists: Command::new("tool role get", &["it's"]),
                update: Command::new("tool role update", &["it's"]).variable("--policy", "policy"),
                create: Command::new("tool role create", &["it's"])
                    .variable("--policy", "policy")
                    .line(&["--path", ""]),
            },
        );
        expect_test::expect![[r#"
            # the role rm -rf /
            policy='{"a": "it'\''s"}'
            if tool role get 'it'\''s' >/dev/null 2>&1; then
              tool role update 'it'\''s' \
                --policy "$policy"
            else
              tool role create 'it'\''s' \
                --policy "$policy" \
                --path ''
            fi
        "#]]
        .assert_eq(&step.with("policy", r#"{"a": "it's"}"#.into()).text());
    }
}
