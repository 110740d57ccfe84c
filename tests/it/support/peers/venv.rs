//! Python programs, each in its own virtual environment.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use super::super::terminal::python;

/// An installed set of Python packages.
pub(crate) struct Venv(PathBuf);

impl Venv {
    /// One of its programs.
    pub(crate) fn program(&self, name: &str) -> PathBuf {
        let path = self.0.join("bin").join(name);
        assert!(path.is_file(), "{} is not there", path.display());
        path
    }

    /// Its Python.
    pub(crate) fn python(&self) -> PathBuf {
        self.program("python")
    }
}

/// The packages with their versions, in pip's syntax. They are installed at first use, and again if the list or
/// Python has changed. Other tests and processes with the same list wait.
///
/// pip has the user's environment (an index, a proxy, certificates).
#[track_caller]
pub(crate) fn venv(name: &str, packages: &[&str]) -> Venv {
    assert!(packages.iter().all(|package| package.contains("==")), "a peer is pinned: {packages:?}");
    let peers = peers();
    fs::create_dir_all(&peers).unwrap();
    let lock = File::create(peers.join(format!("{name}.lock"))).unwrap();
    lock.lock().unwrap();
    let place = peers.join(name);
    let complete = place.join("complete");
    let wanted = format!("{}\n{}\n", python().display(), packages.join("\n"));
    if fs::read_to_string(&complete).is_ok_and(|found| found == wanted) {
        return Venv(place);
    }
    eprintln!("fetching {}", packages.join(" "));
    if place.exists() {
        fs::remove_dir_all(&place).unwrap();
    }
    run(Command::new(python()).args(["-m", "venv"]).arg(&place));
    // A module is compiled at its first use. That of thousands which no test uses would take longer than the download.
    let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input", "--no-compile"];
    run(Command::new(place.join("bin/python")).args(pip).args(packages));
    fs::write(complete, wanted).unwrap();
    Venv(place)
}

/// A package's source archive, with its test suites, downloaded at first use.
#[track_caller]
pub(crate) fn source(venv: &Venv, package: &str) -> PathBuf {
    let (name, _) = package.split_once("==").expect("a peer is pinned");
    let place = venv.0.with_file_name(format!("{}.source", package.replace("==", "-")));
    fs::create_dir_all(&place).unwrap();
    let lock = File::create(place.join("lock")).unwrap();
    lock.lock().unwrap();
    let archive = || {
        let mut files = fs::read_dir(&place).unwrap().map(|entry| entry.unwrap().path());
        files.find(|path| path.extension().is_some_and(|extension| extension == "gz"))
    };
    if let Some(archive) = archive() {
        return archive;
    }
    eprintln!("fetching the source of {package}");
    let pip = ["-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-input", "--no-deps"];
    run(Command::new(venv.python()).args(pip).args(["--no-binary", name, package, "--dest"]).arg(&place));
    archive().unwrap_or_else(|| panic!("{package} has no source archive"))
}

/// The directory of an npm package without its dependencies, installed at first use.
#[track_caller]
pub(crate) fn npm(name: &str, version: &str) -> PathBuf {
    let place = peers().join(format!("{name}-{version}.npm"));
    fs::create_dir_all(&place).unwrap();
    let lock = File::create(place.join("lock")).unwrap();
    lock.lock().unwrap();
    let package = place.join("node_modules").join(name);
    if !place.join("complete").exists() {
        let install = ["install", "--silent", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix"];
        run(Command::new("npm").args(install).arg(&place).arg(format!("{name}@{version}")));
        fs::write(place.join("complete"), "").unwrap();
    }
    package
}

/// The directory of a crate's source from crates.io, downloaded at first use.
#[track_caller]
pub(crate) fn crate_source(name: &str, version: &str) -> PathBuf {
    let place = peers().join(format!("{name}-{version}.crate"));
    fs::create_dir_all(place.join("src")).unwrap();
    let lock = File::create(place.join("lock")).unwrap();
    lock.lock().unwrap();
    let manifest = format!(
        "[package]\nname = \"holder\"\nversion = \"0.0.0\"\nedition = \"2024\"\n[workspace]\n\
         [dependencies]\n{name} = {{ version = \"={version}\", default-features = false }}\n"
    );
    fs::write(place.join("Cargo.toml"), manifest).unwrap();
    fs::write(place.join("src/lib.rs"), "").unwrap();
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["metadata", "--format-version", "1", "--quiet", "--manifest-path"]).arg(place.join("Cargo.toml"));
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let found = packages.iter().find(|package| package["name"] == name).unwrap();
    Path::new(found["manifest_path"].as_str().unwrap()).parent().unwrap().to_owned()
}

/// A Go program of one file. It is built at first use, with the libraries from Debian's packages in
/// /usr/share/gocode.
#[track_caller]
pub(crate) fn go_program(go: &Path, name: &str, source: &str) -> PathBuf {
    let place = peers().join(format!("{name}.go"));
    fs::create_dir_all(&place).unwrap();
    let lock = File::create(place.join("lock")).unwrap();
    lock.lock().unwrap();
    let (file, program) = (place.join("main.go"), place.join("program"));
    if !program.exists() || fs::read_to_string(&file).unwrap_or_default() != source {
        fs::write(&file, source).unwrap();
        let mut build = Command::new(go);
        build.env("GO111MODULE", "off").env("GOPATH", "/usr/share/gocode").env("GOCACHE", place.join("cache"));
        run(build.args(["build", "-o"]).arg(&program).arg(&file));
    }
    program
}

pub(super) fn peers() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("peers")
}

#[track_caller]
pub(super) fn run(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(
        output.status.success(),
        "{command:?}\n{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}
