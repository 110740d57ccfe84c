//! Programs from Debian's archive, which are unpacked and not installed.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::Command;

use super::venv::{peers, run};

/// The directory with a Debian package's files, downloaded at first use. The version is that of this system's
/// release.
#[track_caller]
pub(crate) fn debian(package: &str) -> PathBuf {
    let place = peers().join(format!("{package}.debian"));
    fs::create_dir_all(&place).unwrap();
    let lock = File::create(place.join("lock")).unwrap();
    lock.lock().unwrap();
    let root = place.join("root");
    if !place.join("complete").exists() {
        run(Command::new("apt-get")
            .args(["-qq", "-o", "APT::Sandbox::User=root", "download", package])
            .current_dir(&place));
        let mut files = fs::read_dir(&place).unwrap().map(|entry| entry.unwrap().path());
        let archive = files.find(|path| path.extension().is_some_and(|extension| extension == "deb"));
        run(Command::new("dpkg-deb").arg("-x").arg(archive.expect("a package")).arg(&root));
        fs::write(place.join("complete"), "").unwrap();
    }
    root
}
