//! The output of `setup`: what to create on the provider's side, as commands and as JSON, and which jobs that allows.

mod document;
mod step;

use std::fmt::Write as _;

use serde_json::json;

pub use document::Document;
pub use step::{Action, Command, Step, Word};

use crate::text::{printable, readable_json};

/// What to create, and which jobs it allows.
#[derive(Clone, Debug, PartialEq)]
pub struct Recipe {
    /// Which jobs it allows, in one line without a full stop.
    pub lets_in: String,
    /// Which jobs it excludes, in one line without a full stop.
    pub keeps_out: String,
    /// Limits of the rule, one sentence each.
    pub warnings: Vec<String>,
    /// Commands of the provider's command line tool, in order. All of them can be run again.
    pub steps: Vec<Step>,
    /// The created objects in the form of the provider's API, by name.
    pub documents: Vec<(String, Document)>,
}

impl Recipe {
    /// A shell script to read and run. Comments explain each command.
    #[must_use]
    pub fn cli(&self) -> String {
        let mut out = String::new();
        // After a line feed, the rest of a comment would be run as a command.
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

    /// A JSON object, with a line feed at the end.
    #[must_use]
    pub fn json(&self) -> String {
        let documents = self.documents.iter().map(|(name, document)| (name.clone(), document.clone()));
        let all = Document::object([
            ("lets_in", self.lets_in.as_str().into()),
            ("keeps_out", self.keeps_out.as_str().into()),
            ("beware", json!(self.warnings).into()),
            ("documents", Document::object(documents)),
        ]);
        format!("{}\n", readable_json(&all.pretty()))
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
