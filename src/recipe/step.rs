//! A step of a recipe, as text for a POSIX shell. Every step can be run again: it creates what is missing, and
//! updates what exists.

use std::fmt::Write as _;

use crate::shell::posix;
use crate::text::printable;

/// One step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Its purpose, in one line.
    pub purpose: String,
    /// A shell variable for its commands, with its value.
    pub variable: Option<(&'static str, String)>,
    /// Its commands.
    pub action: Action,
}

/// The commands of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Always run this command: a second run changes nothing.
    Run(Command),
    /// Run `create`, unless `exists` succeeds.
    Create {
        /// Succeeds if the object exists.
        exists: Command,
        /// Creates the object.
        create: Command,
    },
    /// Run `update` if `exists` succeeds; otherwise run `create`.
    Put {
        /// Succeeds if the object exists.
        exists: Command,
        /// Updates the object.
        update: Command,
        /// Creates the object.
        create: Command,
    },
}

/// One command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// The program and its subcommands, on the first line.
    pub program: String,
    /// The arguments, one line each: an option and its value are one entry.
    pub arguments: Vec<Vec<Word>>,
    /// The program that reads its output, as shell text. Its exit status is used.
    pub reader: Option<&'static str>,
}

/// A word of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Word {
    /// A text, which must be quoted.
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

    /// The step as shell text: a comment, then its commands, one per line.
    #[must_use]
    pub fn text(&self) -> String {
        // After a line feed, the rest of a comment would be run as a command.
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
    /// `program` followed by these words, on one line.
    #[must_use]
    pub fn new(program: &str, words: &[&str]) -> Self {
        let words = words.iter().map(|word| posix::word(word));
        let program = [program.to_owned()].into_iter().chain(words).collect::<Vec<_>>().join(" ");
        Self { program, arguments: Vec::new(), reader: None }
    }

    /// Adds a line with these words: an option and its value.
    #[must_use]
    pub fn line(mut self, words: &[&str]) -> Self {
        self.arguments.push(words.iter().map(|word| Word::Text((*word).to_owned())).collect());
        self
    }

    /// Adds an option with the step's variable as its value.
    #[must_use]
    pub fn variable(mut self, option: &str, name: &'static str) -> Self {
        self.arguments.push(vec![Word::Text(option.to_owned()), Word::Variable(name)]);
        self
    }

    /// Pipes the output to `reader`, whose exit status is used.
    #[must_use]
    pub fn piped(mut self, reader: &'static str) -> Self {
        self.reader = Some(reader);
        self
    }

    /// A command with exactly `input` as its input: a here-document in which the shell changes nothing.
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
