//! What `setup` prints: what to create on the provider's side, as commands and as JSON, and whom that lets in.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use crate::shell::posix;
use crate::text::printable;

/// What to create, and whom it lets in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipe {
    /// Whom it lets in, in one line without a full stop.
    pub lets_in: String,
    /// Whom it keeps out, likewise.
    pub keeps_out: String,
    /// What it cannot keep out or does not cover, a sentence each.
    pub beware: Vec<String>,
    /// The provider's own command line tool, in order.
    pub commands: Vec<Command>,
    /// The same as the provider's API takes it, by name.
    pub documents: Map<String, Value>,
}

/// One command to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// What it is for, in one line.
    pub purpose: String,
    /// The program and the words of its subcommand, which stand on the first line.
    pub program: String,
    /// What follows, a line each: an option with its value is one entry, each word unquoted.
    pub arguments: Vec<Vec<String>>,
}

impl Command {
    /// A command of these words that reads `input`, to the letter: a here-document, which no shell changes.
    #[must_use]
    pub fn reading(purpose: &str, words: &[&str], input: &str) -> Self {
        let mut end = "END".to_owned();
        while input.lines().any(|line| line == end) {
            end.push('_');
        }
        let words: Vec<String> = words.iter().map(|word| posix::word(word)).collect();
        Self {
            purpose: purpose.into(),
            program: format!("{} <<'{end}'\n{input}\n{end}", words.join(" ")),
            arguments: Vec::new(),
        }
    }
}

impl Recipe {
    /// Shell text to read and run: comments say what each command is for.
    #[must_use]
    pub fn cli(&self) -> String {
        let mut out = String::new();
        // A line feed in a comment would make a command of what comes after it.
        let mut comment = |label: &str, text: &str| writeln!(out, "# {label}: {}", printable(text));
        let _ = comment("lets in", &self.lets_in);
        let _ = comment("keeps out", &self.keeps_out);
        for sentence in &self.beware {
            let _ = comment("beware", sentence);
        }
        for command in &self.commands {
            let _ = write!(out, "\n# {}\n{}", printable(&command.purpose), command.program);
            for words in &command.arguments {
                let words: Vec<String> = words.iter().map(|word| posix::word(word)).collect();
                let _ = write!(out, " \\\n  {}", words.join(" "));
            }
            out.push('\n');
        }
        out
    }

    /// One JSON object, with a line feed after it.
    #[must_use]
    pub fn json(&self) -> String {
        let all = json!({
            "lets_in": self.lets_in, "keeps_out": self.keeps_out, "beware": self.beware, "documents": self.documents,
        });
        format!("{all:#}\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_text_that_a_shell_runs_and_a_person_reads() {
        let recipe = Recipe {
            lets_in: "jobs of the branch main".into(),
            keeps_out: "pull requests".into(),
            beware: vec!["a debug session\nrm -rf / cannot be told apart".into()],
            commands: vec![Command {
                purpose: "the role".into(),
                program: "tool role create".into(),
                arguments: vec![
                    vec!["deploy".into()],
                    vec!["--policy".into(), r#"{"a": "it's"}"#.into()],
                    vec![String::new()],
                ],
            }],
            documents: Map::new(),
        };
        expect_test::expect![[r#"
            # lets in: jobs of the branch main
            # keeps out: pull requests
            # beware: a debug session rm -rf / cannot be told apart

            # the role
            tool role create \
              deploy \
              --policy '{"a": "it'\''s"}' \
              ''
        "#]]
        .assert_eq(&recipe.cli());
    }

    #[test]
    fn a_here_document_ends_where_its_text_does() {
        let command = Command::reading("x", &["bao", "write", "a b", "-"], "one\nEND\n$two");
        assert_eq!(command.program, "bao write 'a b' - <<'END_'\none\nEND\n$two\nEND_");
    }
}
