//! Finds `oidc-exchange`; builds it if cargo started this program.

use std::env;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

const NAME: &str = "oidc-exchange";
/// The longest time of a build without output.
const EVERY: Duration = Duration::from_secs(5);

/// The directory of the program: the same as that of this executable, because cargo puts both into it.
pub(crate) fn directory() -> io::Result<PathBuf> {
    let own = env::current_exe()?;
    let directory = own.parent().ok_or_else(|| io::Error::other("this executable has no directory"))?;
    let cargo = env::var_os("CARGO");
    let program = directory.join(NAME);
    // The sources may be newer than the program. Only cargo can check that.
    if cargo.is_some() || !program.is_file() {
        build(&cargo.unwrap_or_else(|| "cargo".into()), directory)?;
    }
    if !program.is_file() {
        return Err(io::Error::other(format!("{} was not built", program.display())));
    }
    Ok(directory.to_owned())
}

fn build(cargo: &std::ffi::OsStr, directory: &Path) -> io::Result<()> {
    let mut command = Command::new(cargo);
    // Both packages: cargo resolves other features for one of them, and would build the dependencies again.
    command.args(["build", "--package", NAME, "--package", env!("CARGO_PKG_NAME"), "--bins"]);
    command.args(["--profile", profile(directory)]);
    // Cargo's variables for this program would cause build scripts to run again.
    for (variable, _) in env::vars_os() {
        let name = variable.as_encoded_bytes();
        if name.starts_with(b"CARGO_PKG_") || name.starts_with(b"CARGO_MANIFEST_") {
            command.env_remove(variable);
        }
    }
    if let Some(manifest) = env::var_os("CARGO_MANIFEST_DIR") {
        command.current_dir(manifest);
    }
    // Standard output is only for COMMAND.
    let mut child = command.stdin(Stdio::null()).stdout(io::stderr()).spawn().map_err(|error| {
        io::Error::new(error.kind(), format!("cannot run {} to build {NAME}: {error}", cargo.display()))
    })?;
    let status = wait(&mut child)?;
    if status.success() { Ok(()) } else { Err(io::Error::other(format!("cannot build {NAME}"))) }
}

/// Prints a line from time to time. The last crates take longest, and cargo prints nothing without a terminal.
fn wait(child: &mut Child) -> io::Result<ExitStatus> {
    let began = Instant::now();
    let mut next = EVERY;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        if began.elapsed() >= next {
            // A closed standard error is not an error.
            let _ = writeln!(io::stderr(), "sandbox: building {NAME}: {} s", began.elapsed().as_secs());
            next += EVERY;
        }
        thread::sleep(Duration::from_millis(20));
    }
}

/// The profile of a directory: cargo uses the profile's name, except for the development profile.
fn profile(directory: &Path) -> &str {
    match directory.file_name().and_then(|name| name.to_str()) {
        None | Some("debug") => "dev",
        Some(profile) => profile,
    }
}
