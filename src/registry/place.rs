//! The path of Docker's configuration, and the helper on PATH.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::PROGRAM;
use crate::edited_file::Editor;
use crate::error::Usage;
use crate::host::Env;

pub(super) const EDITOR: Editor =
    Editor { option: "--registry", elsewhere: "name another directory for config.json with DOCKER_CONFIG" };

/// The timeout for reading a file.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// The path of `config.json`: in `$DOCKER_CONFIG`, or else in `~/.docker`
/// (<https://docs.docker.com/reference/cli/docker/#change-the-docker-directory>).
pub(super) fn config(env: &Env) -> Result<PathBuf, Usage> {
    const NAME: &str = "config.json";
    if let Some(named) = env.get("DOCKER_CONFIG")? {
        let directory = std::path::absolute(named).map_err(|error| Usage::new(format!("DOCKER_CONFIG: {error}")))?;
        return Ok(directory.join(NAME));
    }
    let home = env.get("HOME")?.map(PathBuf::from).filter(|home| home.is_absolute());
    let home = home.ok_or_else(|| {
        Usage::new("--registry: HOME is not set to an absolute path")
            .hint("name the directory of Docker's config.json with DOCKER_CONFIG")
    })?;
    Ok(home.join(".docker").join(NAME))
}

/// Checks that the helper is on PATH, where Docker searches for it.
pub(super) fn find_helper(env: &Env) -> Result<(), Usage> {
    let is_program = |path: &Path| path.is_file() && rustix::fs::access(path, rustix::fs::Access::EXEC_OK).is_ok();
    let path = env.raw("PATH").unwrap_or_default();
    if std::env::split_paths(&path).any(|directory| is_program(&directory.join(PROGRAM))) {
        return Ok(());
    }
    Err(Usage::new(format!("--registry: {PROGRAM} is not on PATH: docker looks for it there"))
        .hint(format!(
            "link it to this program: own=$(command -v oidc-exchange) && ln -s \"$own\" \"$(dirname \"$own\")/{PROGRAM}\""
        ))
        .hint("install.sh of this version makes the link"))
}
