//! Connection options that only the command line sets.

use serde::{Deserialize, Serialize};

/// The options for the connection to a server. `clean` has no such options, and reads them from the manifest.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerOptions {
    /// The content of `--ca-file`, in PEM: the file may be a pipe, or be deleted later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca: Option<String>,
    /// `--allow-http`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allow_http: Option<String>,
}
