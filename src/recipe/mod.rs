//! What `setup` prints: what to create on the provider's side, as commands and as JSON, and whom that lets in.

mod document;
mod step;

use std::fmt::Write as _;

use serde_json::json;

pub use document::Document;
pub use step::{Action, Command, Step, Word};

use crate::text::printable;

/// What to create, and whom it lets in.
#[derive(Clone, Debug, PartialEq)]
pub struct Recipe {
    /// Whom it lets in, in one line without a full stop.
    pub lets_in: String,
    /// Whom it keeps out, likewise.
    pub keeps_out: String,
    /// What it cannot keep out or does not cover, a sentence each.
    pub warnings: Vec<String>,
    /// Commands of the provider's own command line tool, in order. All of them can be run again.
    pub steps: Vec<Step>,
    /// What the steps create, as the provider's API takes it, by name.
    pub documents: Vec<(String, Document)>,
}

impl Recipe {
    /// Shell text to read and run: comments say what each command is for.
    #[must_use]
    pub fn cli(&self) -> String {
        let mut out = String::new();
        // A line feed in a comment would make a command of what comes after it.
        let mut comment = |label: &str, text: &str| writeln!(out, "# {label}: {}", printable(text));
        let _ = comment("allows", &self.lets_in);
        let _ = comment("denies", &self.keeps_out);
        for sentence in &self.warnings {
            let _ = comment("beware", sentence);
        }
        for step in &self.steps {
            out.push('\n');
            out.push_str(&step.text());
        }
        out
    }

    /// One JSON object, with a line feed after it.
    #[must_use]
    pub fn json(&self) -> String {
        let documents = self.documents.iter().map(|(name, document)| (name.clone(), document.clone()));
        let all = Document::object([
            ("lets_in", self.lets_in.as_str().into()),
            ("keeps_out", self.keeps_out.as_str().into()),
            ("beware", json!(self.warnings).into()),
            ("documents", Document::object(documents)),
        ]);
        format!("{}\n", all.pretty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_text_that_a_shell_runs_and_a_person_reads() {
        let command = Command::new("tool role create", &[]).line(&["deploy"]);
        let recipe = Recipe {
            lets_in: "jobs of the branch main".into(),
            keeps_out: "pull requests".into(),
            warnings: vec!["a debug session\nrm -rf / cannot be told apart".into()],
            steps: vec![Step::new(
                "the role",
                Action::Run(command.line(&["--policy", r#"{"a": "it's"}"#]).line(&[""])),
            )],
            documents: Vec::new(),
        };
        expect_test::expect![[r#"
            # allows: jobs of the branch main
            # denies: pull requests
            # beware: a debug session rm -rf / cannot be told apart

            # the role
            tool role create \
              deploy \
              --policy '{"a": "it'\''s"}' \
              ''
        "#]]
        .assert_eq(&recipe.cli());
    }
}
