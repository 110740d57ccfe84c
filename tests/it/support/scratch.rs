//! A test's own directory: home, temporary files, and a PATH with the program.

use std::fs;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// The directory. It is deleted on drop.
pub(crate) struct Scratch(TempDir);

impl Scratch {
    pub(crate) fn new() -> Self {
        let directory = tempfile::Builder::new().prefix("oidc-exchange-it-").tempdir().unwrap();
        for part in ["home", "tmp", "bin"] {
            fs::create_dir(directory.path().join(part)).unwrap();
        }
        for name in ["oidc-exchange", "docker-credential-oidc-exchange"] {
            symlink(env!("CARGO_BIN_EXE_oidc-exchange"), directory.path().join("bin").join(name)).unwrap();
        }
        Self(directory)
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn home(&self) -> PathBuf {
        self.path().join("home")
    }

    pub(crate) fn tmp(&self) -> PathBuf {
        self.path().join("tmp")
    }

    /// `oidc-exchange` and the system's own tools.
    pub(crate) fn search_path(&self) -> String {
        format!("{}:/usr/bin:/bin", self.path().join("bin").display())
    }

    /// Writes a private file; `name` may contain directories.
    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        // Do not write through a symlink: the program on PATH is one.
        let _ = fs::remove_file(&path);
        let mut file = fs::OpenOptions::new().create(true).write(true).truncate(true).mode(0o600).open(&path).unwrap();
        std::io::Write::write_all(&mut file, content.as_ref()).unwrap();
        path
    }

    /// Writes an executable script.
    pub(crate) fn script(&self, name: &str, content: &str) -> PathBuf {
        let path = self.write(name, content);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).unwrap();
        path
    }

    /// Every file in it; symlinks are not followed.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        let mut files = Vec::new();
        let mut directories = vec![self.path().to_owned()];
        while let Some(directory) = directories.pop() {
            // A test may change a directory's permissions, or delete it during this.
            for entry in fs::read_dir(&directory).into_iter().flatten().flatten() {
                match entry.file_type() {
                    Ok(kind) if kind.is_dir() => directories.push(entry.path()),
                    Ok(kind) if kind.is_file() => files.push(entry.path()),
                    _ => {}
                }
            }
        }
        files.sort();
        files
    }
}

/// The permissions of `path`, for example `0o600`.
pub(crate) fn mode(path: &Path) -> u32 {
    path.symlink_metadata().unwrap().permissions().mode() & 0o7777
}
