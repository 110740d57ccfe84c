//! The rule, evaluated on claims.

use crate::document::Document;
use crate::error::Usage;
use crate::judgement::Judgement;
use crate::subject::Claims;

/// The rule.
#[derive(Debug)]
pub struct Rule {}

impl Rule {
    /// Reads it.
    ///
    /// # Errors
    /// When it is not one.
    pub fn new(document: &Document, _mount: Option<&Document>) -> Result<Self, Usage> {
        Err(document.wrong("", "not built yet"))
    }

    /// Judges.
    #[must_use]
    pub fn judge(&self, _claims: &Claims, _now: i64) -> Judgement {
        Judgement {
            verdict: crate::judgement::Verdict::CannotTell,
            title: String::new(),
            checks: vec![],
            lints: vec![],
            notes: vec![],
        }
    }
}
