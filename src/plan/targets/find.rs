//! Finds the targets file.

use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};

use crate::error::Usage;
use crate::host::Env;
use crate::input::{self, Kind, Reader};

/// The option that names the file.
const OPTION: &str = "--targets";
/// The variable that names the file.
const VARIABLE: &str = "OIDC_EXCHANGE_TARGETS";
/// What errors call it if neither names it.
const UNNAMED: &str = "the targets file";
/// The default names, in the working directory or the root of its checkout.
const NAMES: [&str; 2] = ["oidc-exchange.toml", ".semaphore/oidc-exchange.toml"];

/// The file's path for errors, and its content.
///
/// # Errors
/// If it is missing, not a regular file, too large, not UTF-8, or a symlink out of the tree.
pub(super) fn read(option: Option<&Path>, env: &Env, reader: &Reader) -> Result<(String, String), Usage> {
    let working = std::env::current_dir().map_err(|error| Usage::new(format!("the working directory: {error}")))?;
    let root = reader.by(UNNAMED, &working, root).map_err(|fault| fault.at(UNNAMED, &working))?;
    let variable = env.get("OIDC_EXCHANGE_TARGETS")?.filter(|_| option.is_none()).map(PathBuf::from);
    let named = option.map(|path| (OPTION, path)).or(variable.as_deref().map(|path| (VARIABLE, path)));
    let (origin, path) = match named {
        Some((origin, path)) => (origin, plain(&working.join(path))),
        None => (UNNAMED, default(&working, &root)?),
    };
    let shown = path.strip_prefix(&working).unwrap_or(&path);
    let bytes = if path.starts_with(&root) {
        // Somebody who can edit the tree must not choose a file outside it by a symlink.
        reader.file_inside(origin, &root, &path, Kind::Targets)
    } else {
        reader.ordinary_file(origin, &path, Kind::Targets)
    };
    let text = bytes.and_then(input::text);
    Ok((shown.display().to_string(), text.map_err(|fault| fault.at(origin, shown))?))
}

fn default(working: &Path, root: &Path) -> Result<PathBuf, Usage> {
    let mut places = [working, root].into_iter().flat_map(|place| NAMES.map(|name| place.join(name)));
    // A broken symlink counts as a file, so that it is reported.
    places.find(|path| path.symlink_metadata().is_ok()).ok_or_else(|| {
        Usage::new("there is no targets file")
            .hint(format!("write {}, in this directory or in the root of its git checkout", NAMES[0]))
            .hint(format!("or name the file with {OPTION} FILE, or with the variable {VARIABLE}"))
    })
}

/// The root of the checkout that contains `working`; otherwise `working`. A `.git` of another user, for example in
/// /tmp, does not count.
fn root(working: &Path) -> PathBuf {
    let own = working.symlink_metadata().map(|found| found.uid());
    let owners = [Some(0), Some(rustix::process::geteuid().as_raw()), own.ok()];
    let is_root = |place: &&Path| {
        let found = place.join(".git").symlink_metadata();
        found.is_ok_and(|found| !found.is_symlink() && owners.contains(&Some(found.uid())))
    };
    working.ancestors().find(is_root).unwrap_or(working).to_owned()
}

/// `path` without `.` and `..`. Symlinks are not followed.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for component in path.components() {
        match component {
            Component::ParentDir => drop(plain.pop()),
            Component::CurDir => {}
            Component::Prefix(_) | Component::RootDir | Component::Normal(_) => plain.push(component),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_read_as_it_is_written() {
        for (path, expected) in [("/a/./b/../c", "/a/c"), ("/../a", "/a"), ("/a/b/../../c", "/c")] {
            assert_eq!(plain(Path::new(path)), Path::new(expected));
        }
    }
}
