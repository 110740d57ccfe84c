//! Checks the parent directories of the private directory.
//!
//! A user who can write to one of them can replace the private directory. Keeping it open would not help, because other
//! programs use its path later. So such a place is refused.

use std::ffi::OsString;
use std::fs::Metadata;
use std::io::ErrorKind;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Component, Path, PathBuf};

use rustix::process::{getegid, geteuid};

use super::Error;

const STICKY: u32 = 0o1000;

/// Checks every existing directory on the way to the absolute `path`, following symlinks. The object at `path` itself
/// is not checked.
pub(super) fn check(path: &Path) -> Result<(), Error> {
    const MOST_LINKS: u32 = 40;
    let fail = |error: std::io::Error| Error { hint: Some(ELSEWHERE.into()), ..Error::write(path, error) };
    let mut links = 0;
    let mut rest = reversed(path);
    let mut at = PathBuf::from("/");
    while let Some(name) = rest.pop() {
        if name == ".." {
            at.pop();
            continue;
        }
        let next = at.join(&name);
        let found = match next.symlink_metadata() {
            Ok(found) => Some(found),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(fail(error)),
        };
        let holder = at.symlink_metadata().map_err(fail)?;
        if let Some(why) = danger(&at, &holder, found.as_ref()) {
            return Err(Error { hint: Some(ELSEWHERE.into()), ..Error::write(path, why) });
        }
        match found {
            None => return Ok(()),
            Some(found) if found.is_symlink() && !rest.is_empty() => {
                links += 1;
                if links > MOST_LINKS {
                    return Err(Error::write(path, "too many symbolic links lead there"));
                }
                let target = next.read_link().map_err(fail)?;
                if target.is_absolute() {
                    at = PathBuf::from("/");
                }
                rest.extend(reversed(&target));
            }
            Some(_) => at = next,
        }
    }
    Ok(())
}

/// The hint if there is no safe place.
pub(super) const ELSEWHERE: &str = "name a directory of its own: export OIDC_EXCHANGE_DIR=\"$(mktemp -d)\"";

/// Whether no other user can replace the content of this directory.
pub(super) fn is_safe(directory: &Path, holder: &Metadata) -> bool {
    danger(directory, holder, None).is_none()
}

fn reversed(path: &Path) -> Vec<OsString> {
    let names = path.components().filter(|part| matches!(part, Component::Normal(_) | Component::ParentDir));
    names.rev().map(|part| part.as_os_str().to_owned()).collect()
}

fn danger(directory: &Path, holder: &Metadata, entry: Option<&Metadata>) -> Option<String> {
    let name = directory.display();
    if !is_trusted(holder.uid()) {
        return Some(format!("{name} belongs to another user, who can put another directory in its place"));
    }
    if !is_writable_by_others(directory, holder) {
        return None;
    }
    if holder.permissions().mode() & STICKY == 0 {
        return Some(format!("other users may write to {name}, and can put another directory in its place"));
    }
    // In a sticky directory, users cannot replace each other's files. But a symlink of another user can lead
    // to any place.
    let link = entry.filter(|entry| entry.is_symlink() && !is_trusted(entry.uid()))?;
    Some(format!("a link of user {} in {name} leads there", link.uid()))
}

fn is_writable_by_others(directory: &Path, found: &Metadata) -> bool {
    const GROUP: u32 = 0o020;
    const OTHERS: u32 = 0o002;
    let mode = found.permissions().mode();
    // If each user has a private group with the same number, it has no other members. The group of root is trusted
    // like root.
    let own_group = found.gid() == 0 || (found.gid() == getegid().as_raw() && found.gid() == geteuid().as_raw());
    mode & OTHERS != 0 || (mode & GROUP != 0 && (!own_group || has_access_list(directory)))
}

/// Whether the directory has an access control list. Then the permissions of the group are the most that the list gives
/// to any user; see acl(5).
#[cfg(target_os = "linux")]
fn has_access_list(directory: &Path) -> bool {
    let mut list = [0_u8; 256];
    match rustix::fs::getxattr(directory, "system.posix_acl_access", &mut list[..]) {
        Ok(length) => length > 0,
        Err(error) => error == rustix::io::Errno::RANGE,
    }
}

#[cfg(not(target_os = "linux"))]
fn has_access_list(_: &Path) -> bool {
    false
}

/// Trusted are root, this user, and the owner without a number in this user namespace: outside of it, that is root,
/// and `/` may belong to it.
fn is_trusted(owner: u32) -> bool {
    owner == 0 || owner == geteuid().as_raw() || (owner == UNMAPPED && !is_mapped(owner))
}

/// The default number for users without one.
const UNMAPPED: u32 = 65534;

fn is_mapped(user: u32) -> bool {
    // Three numbers per line: the first one inside, the first one outside, and the count; see user_namespaces(7).
    let Ok(map) = std::fs::read_to_string("/proc/self/uid_map") else { return true };
    map.lines().any(|line| {
        let numbers: Vec<u64> = line.split_whitespace().filter_map(|number| number.parse().ok()).collect();
        matches!(numbers[..], [first, _, count] if (first..first + count).contains(&u64::from(user)))
    })
}
