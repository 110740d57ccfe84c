//! What to create.

use crate::cli::SetupGcp;
use crate::error::Usage;
use crate::recipe::Recipe;
use crate::subject::admission::Admission;

/// What is asked for.
#[derive(Debug)]
pub struct Request {}

impl Request {
    /// Checks it.
    ///
    /// # Errors
    /// When it cannot be meant.
    pub fn new(_args: &SetupGcp) -> Result<Self, Usage> {
        Err(Usage::new("not built yet"))
    }

    /// The recipe.
    ///
    /// # Errors
    /// When there is none.
    pub fn recipe(&self, _admission: &Admission) -> Result<Recipe, Usage> {
        Err(Usage::new("not built yet"))
    }
}
