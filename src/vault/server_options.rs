//! How a server is reached, as far as only the command line tells.

use serde::{Deserialize, Serialize};

/// The options for the connection to a server. `clean`, which has no such options, reads them in the manifest.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerOptions {
    /// What `--ca-file` holds, as PEM: the file may be a pipe, or gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca: Option<String>,
    /// `--allow-http`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allow_http: Option<String>,
}
