//! The text of `--secrets-file`, which two want: the plan, and what is printed on failure. A pipe can be read only once.

use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use crate::error::Usage;
use crate::input::{self, Kind, Reader};

/// Its text, once it is read. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct SecretsFile(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    /// Set before the reading begins, which may not end.
    begun: OnceLock<()>,
    text: OnceLock<String>,
}

impl SecretsFile {
    /// Reads the file at `path`.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn read(&self, reader: &Reader, path: &Path) -> Result<&str, Usage> {
        const OPTION: &str = "--secrets-file";
        let _ = self.0.begun.set(());
        let text = reader.text(OPTION, path, Kind::SecretsFile).map_err(|fault| fault.at(OPTION, path))?;
        Ok(self.0.text.get_or_init(|| text))
    }

    /// Its text, if it is read.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        self.0.text.get().map(String::as_str)
    }

    /// Reads it unless somebody has begun to, for at most a moment: the run has failed, and wants to end.
    pub(super) async fn catch_up(&self, path: &Path) {
        const A_MOMENT: Duration = Duration::from_secs(1);
        if self.0.begun.get().is_none() {
            let (file, path) = (self.clone(), path.to_owned());
            // What cannot be read names no variable.
            let _ = input::apart(A_MOMENT, move |reader| file.read(reader, &path).map(drop)).await;
        }
    }
}
