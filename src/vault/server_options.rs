//! How a server is reached, as far as only the command line tells.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// The options for the connection to a server. `clean`, which has no such options, reads them in the manifest.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerOptions {
    /// `--ca-file`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<PathBuf>,
    /// `--allow-http`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allow_http: Option<String>,
}
