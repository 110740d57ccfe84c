//! The file of `--secrets-file`. Both the plan and the failure output need it, but a pipe can be read only once.

use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use crate::error::Usage;
use crate::input::{self, Kind, Reader};

/// The content, if it was read. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct SecretsFile(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    /// Set before the read starts, which may never end.
    begun: OnceLock<()>,
    text: OnceLock<String>,
}

impl SecretsFile {
    /// Reads the file at `path`.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn read(&self, reader: &Reader, path: &Path) -> Result<&str, Usage> {
        const OPTION: &str = "--secrets-file";
        let _ = self.0.begun.set(());
        let text = reader.text(OPTION, path, Kind::SecretsFile).map_err(|fault| fault.at(OPTION, path))?;
        Ok(self.0.text.get_or_init(|| text))
    }

    /// The content, if it was read.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        self.0.text.get().map(String::as_str)
    }

    /// Reads the file, unless a read was started before. It waits a moment at most, because the run has failed.
    pub(super) async fn catch_up(&self, path: &Path) {
        const A_MOMENT: Duration = Duration::from_secs(1);
        if self.0.begun.get().is_none() {
            let (file, path) = (self.clone(), path.to_owned());
            // A file that cannot be read names no variables.
            let _ = input::apart(A_MOMENT, move |reader| file.read(reader, &path).map(drop)).await;
        }
    }
}
