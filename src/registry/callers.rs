//! Settings that docker, podman and others use in place of the helper in Docker's `config.json`.

use std::path::PathBuf;

use super::docker_config::{has_another, others_for_containers};
use crate::host::Env;
use crate::input::{self, Kind};
use crate::state::StateDir;

/// Warns of settings that a caller would use in place of the helper's password.
pub(super) async fn warn(servers: &[String], env: &Env, place: &StateDir) {
    /// <https://docs.docker.com/reference/cli/docker/#environment-variables>
    const DOCKERS: &str = "DOCKER_AUTH_CONFIG";
    /// <https://github.com/containers/image/blob/main/docs/containers-auth.json.5.md>
    const CONTAINERS: &str = "REGISTRY_AUTH_FILE";
    let text =
        |name: &str| env.raw(name).filter(|value| !value.is_empty()).map(|value| value.to_string_lossy().into_owned());
    if let Some(passwords) = text(DOCKERS) {
        for server in servers.iter().filter(|server| has_another(&passwords, server)) {
            tracing::warn!("{DOCKERS} has a password for {server}, which docker 28.3 and later uses first: unset it");
        }
    }
    if text(CONTAINERS).is_some() {
        tracing::warn!(
            "{CONTAINERS} is set: podman, buildah and skopeo read only that file, and not Docker's config.json: unset it for them"
        );
        return;
    }
    let path = |name: &str, below: &str| text(name).map(|base| PathBuf::from(base).join(below));
    let user = format!("/run/containers/{}/auth.json", rustix::process::geteuid().as_raw());
    let files = [
        path("XDG_RUNTIME_DIR", "containers/auth.json").or_else(|| Some(user.into())),
        path("XDG_CONFIG_HOME", "containers/auth.json").or_else(|| path("HOME", ".config/containers/auth.json")),
    ];
    for file in files.into_iter().flatten() {
        let named = file.clone();
        let read = input::apart(place.remaining(super::place::PATIENCE), move |reader| {
            reader.ordinary_file("containers/auth.json", &named, Kind::Configuration)
        });
        let Ok(Ok(bytes)) = read.await else { continue };
        let text = String::from_utf8(bytes).unwrap_or_default();
        for name in servers.iter().flat_map(|server| others_for_containers(&text, server)) {
            tracing::warn!(
                "{} has a password for {name}, which podman, buildah and skopeo use first: run podman logout {name}",
                file.display()
            );
        }
    }
}
