//! Runs COMMAND in the job's environment, forwards signals, and exits with its status.

use std::env;
use std::ffi::OsString;
use std::fs::{self, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{ExitCode, ExitStatus};

use rustix::process::{Pid, Signal, kill_process};
use tokio::process::Command;
use tokio::signal::unix::{SignalKind, signal};

use crate::arguments::Arguments;
use crate::shell;

/// Variables that are removed, so that a developer's real accounts, or a real job, have no effect.
const AMBIENT: [&str; 10] =
    ["AWS_", "AZURE_", "ARM_", "BOTO_", "GOOGLE_", "CLOUDSDK_", "VAULT_", "BAO_", "SEMAPHORE_", "OIDC_EXCHANGE_"];

/// The variables with trusted certificates, for the AWS tools and for others.
const TRUST: [&str; 2] = ["AWS_CA_BUNDLE", "SSL_CERT_FILE"];

pub(crate) fn run(
    arguments: &Arguments,
    variables: &[(String, String)],
    authority: Option<&str>,
    program: &Path,
) -> io::Result<ExitCode> {
    // The home directory is temporary: the developer's own account files are not read, and the job leaves nothing.
    let private = tempfile::Builder::new().prefix("oidc-exchange-sandbox-").tempdir()?;
    let mut command = match arguments.command.split_first() {
        Some((name, rest)) => {
            let mut command = Command::new(name);
            command.args(rest);
            command
        }
        None => shell::with_a_prompt(private.path(), &arguments.job_name)?,
    };
    for (variable, _) in env::vars_os() {
        if AMBIENT.iter().any(|prefix| variable.as_encoded_bytes().starts_with(prefix.as_bytes())) {
            command.env_remove(variable);
        }
    }
    command.env("PATH", path(&on_path(private.path(), &program.join("oidc-exchange"))?)?);
    command.env("SANDBOX_PROGRAM", program.join("oidc-exchange"));
    command.env("DOCKER_CONFIG", private.path().join("docker"));
    command.env("AWS_CONFIG_FILE", private.path().join("aws-config"));
    command.env("AWS_SHARED_CREDENTIALS_FILE", private.path().join("aws-credentials"));
    command.env("CLOUDSDK_CONFIG", private.path().join("gcloud"));
    command.env("OIDC_EXCHANGE_DIR", private.path().join("job"));
    if let Some(pem) = authority {
        let file = private.path().join("ca.pem");
        fs::write(&file, pem)?;
        command.envs(TRUST.map(|variable| (variable, &file)));
    }
    command.envs(variables.iter().map(|(name, value)| (name, value)));

    let name = command.as_std().get_program().to_owned();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    match runtime.block_on(wait(command)) {
        Ok(status) => Ok(code(status)),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied) => {
            let code = if error.kind() == io::ErrorKind::NotFound { 127 } else { 126 };
            // A closed standard error is not an error.
            let _ = writeln!(io::stderr(), "error: cannot run {}: {error}", name.to_string_lossy());
            Ok(ExitCode::from(code))
        }
        Err(error) => Err(error),
    }
}

/// The script that is `oidc-exchange` on PATH. It adds options for Google's services, which have no variables for
/// their addresses.
const PROGRAM: &str = include_str!("on_path.sh");

/// A directory with the program, and with the name by which docker finds it.
fn on_path(private: &Path, program: &Path) -> io::Result<PathBuf> {
    let bin = private.join("bin");
    fs::create_dir(&bin)?;
    symlink(program, bin.join("docker-credential-oidc-exchange"))?;
    let script = bin.join("oidc-exchange");
    fs::write(&script, PROGRAM)?;
    fs::set_permissions(&script, Permissions::from_mode(0o700))?;
    Ok(bin)
}

/// PATH with the program's directory first.
fn path(bin: &Path) -> io::Result<OsString> {
    let before = env::var_os("PATH").unwrap_or_default();
    let directories = [bin.to_owned()].into_iter().chain(env::split_paths(&before));
    env::join_paths(directories).map_err(io::Error::other)
}

/// The terminal sends SIGINT and SIGQUIT to COMMAND too. Other signals must be forwarded.
async fn wait(mut command: Command) -> io::Result<ExitStatus> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut quit = signal(SignalKind::quit())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hang_up = signal(SignalKind::hangup())?;
    let mut child = command.spawn()?;
    let pid = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
    loop {
        let forward = tokio::select! {
            status = child.wait() => return status,
            _ = interrupt.recv() => None,
            _ = quit.recv() => None,
            _ = terminate.recv() => Some(Signal::TERM),
            _ = hang_up.recv() => Some(Signal::HUP),
        };
        if let (Some(signal), Some(pid)) = (forward, pid) {
            // If it has just ended, the next iteration notices.
            let _ = kill_process(pid, signal);
        }
    }
}

fn code(status: ExitStatus) -> ExitCode {
    let code = status.code().or_else(|| status.signal().map(|signal| 128 + signal)).unwrap_or(1);
    ExitCode::from(u8::try_from(code).unwrap_or(1))
}
