//! The file of a program that is named without a directory.

use std::env;
use std::ffi::OsStr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// The file of the program `name` in `search`, the run's own PATH.
///
/// The standard library would look for it after a fork of the tests' process. That copies the tables of gigabytes of
/// memory, and delays all other tests. It starts a path without a fork.
pub(super) fn found(name: &Path, search: &OsStr) -> PathBuf {
    if name.as_os_str().as_encoded_bytes().contains(&b'/') {
        return name.to_owned();
    }
    let mut files = env::split_paths(search).map(|directory| directory.join(name));
    files.find(|file| is_program(file)).unwrap_or_else(|| name.to_owned())
}

fn is_program(file: &Path) -> bool {
    file.is_absolute() && file.metadata().is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

#[test]
fn the_first_program_of_the_path_is_found() {
    let scratch = super::Scratch::new();
    scratch.write("first/tool", "not executable");
    let tool = scratch.script("second/tool", "#!/bin/sh\n");
    let search = format!("{0}/first:{0}/second:/usr/bin:/bin", scratch.path().display());
    let find = |name: &str| found(Path::new(name), OsStr::new(&search));
    assert_eq!(find("tool"), tool);
    assert!(find("sh").is_absolute());
    for other in ["no-such-program", "./tool", "/bin/sh", "second"] {
        assert_eq!(find(other), Path::new(other));
    }
}
