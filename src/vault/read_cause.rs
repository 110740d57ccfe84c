//! The causes of a refused read or write, with the title and hints of each.

use super::answer::{Answer, Gone, Kind};
use super::cause::Common;
use super::client_command::ClientCommand;
use super::path::Path;

/// Why a read or write is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ReadCause {
    /// The secret, or this version of it, does not exist.
    Absent,
    /// The version was deleted; it can be restored.
    Deleted(Gone),
    /// The version was destroyed.
    Destroyed(Gone),
    /// The path of a KV v2 secret lacks `data/`.
    LacksData,
    /// No engine is mounted there, or the token has no permission below it.
    NoMount,
    /// The policies do not allow it.
    Policy,
    /// The client token is invalid: used up, expired or revoked.
    Token,
    /// KV v2 cannot read the path, because of its end.
    NoVersionData,
    /// The server rejects the path.
    RelativePath,
    /// The path does not support reads, or writes.
    Unsupported,
    /// The token's last use would create a secret that expires with it.
    LastUse,
    /// The engine rejects the parameters of a write.
    Parameters,
    /// Another refusal.
    Other,
}

/// The hint that allows more uses of a token.
pub(super) const MORE_USES: &str = "raise token_num_uses on the role, or set it to 0";

impl ReadCause {
    /// # Errors
    /// If it is a cause that can occur in every call.
    pub(super) fn of(answer: &Answer) -> Result<Self, Common> {
        if let Some(common) = Common::of(answer) {
            return Err(common);
        }
        Ok(match answer.status {
            404 => Self::of_absence(answer),
            403 if answer.kind == Kind::Preflight => Self::NoMount,
            // OpenBao lists a refusal by policy as an error of the request; for an invalid token it does not. Vault
            // names the token since 1.17.
            403 if answer.says("invalid token") || answer.says("bad token") => Self::Token,
            403 if answer.says("1 error occurred") => Self::Policy,
            403 if answer.only_says("permission denied") => Self::Token,
            403 => Self::Policy,
            405 => Self::Unsupported,
            _ if answer.says("could not find version data") => Self::NoVersionData,
            _ if answer.says("relative paths not supported") => Self::RelativePath,
            400 if answer.says("unsupported operation") => Self::Unsupported,
            400 if answer.says("token had one use left") => Self::LastUse,
            400 => Self::Parameters,
            _ => Self::Other,
        })
    }

    fn of_absence(answer: &Answer) -> Self {
        if answer.says("no handler for route") {
            return Self::NoMount;
        }
        if answer.warns("Invalid path for a versioned K/V secrets engine") {
            return Self::LacksData;
        }
        match &answer.gone {
            None => Self::Absent,
            Some(gone) if gone.destroyed => Self::Destroyed(gone.clone()),
            Some(gone) => Self::Deleted(gone.clone()),
        }
    }

    /// Whether `?optional` and `?default=` apply.
    pub(super) fn is_absence(&self) -> bool {
        matches!(self, Self::Absent | Self::Deleted(_) | Self::Destroyed(_))
    }

    /// The title of the refusal, and its hints.
    pub(super) fn row(&self, kind: Kind, path: &Path, client: ClientCommand) -> (String, Option<String>) {
        let refused = |hint: &str| (format!("Vault refused {path}"), Some(hint.to_owned()));
        match self {
            Self::Absent => (
                format!("Vault has no secret at {path}"),
                Some(other_words(path).unwrap_or_else(|| "check the exact path and the version; `?optional` and `?default=` are for secrets that may be absent".into())),
            ),
            Self::Deleted(Gone { number, at, .. }) => (
                format!("version {number} of {path} is deleted"),
                Some(format!("it was deleted {at}: ask for another with `?version=`, or restore it: {client} kv undelete -versions={number} …")),
            ),
            Self::Destroyed(Gone { number, .. }) => (
                format!("version {number} of {path} is destroyed"),
                Some("it cannot be restored: write a new version, or ask for another with `?version=`".into()),
            ),
            Self::LacksData => {
                refused("this is a KV version 2 secret: leave `kv1:` out, or put `data/` after the mount in its path")
            }
            Self::NoMount => (
                format!("Vault has no secrets engine for {path}, or none that this token may use"),
                Some(other_words(path).unwrap_or_else(|| format!("a policy must allow something below the mount; --namespace names another namespace; list the mounts with: {client} secrets list"))),
            ),
            Self::Token => {
                refused("the client token is used up, expired or revoked: see token_num_uses and token_ttl on the role")
            }
            Self::LastUse => refused(MORE_USES),
            Self::NoVersionData | Self::RelativePath => {
                refused(&format!("write the path as for `{client} kv get`, without a slash at its end"))
            }
            Self::Unsupported if kind == Kind::Write => refused("this path is read, not written: leave POST: out"),
            Self::Unsupported => refused("this path is written, not read: NAME=POST:path{…}#field"),
            Self::Parameters if kind == Kind::Write => {
                refused(&format!("the engine does not accept these parameters; `{client} path-help` shows what it accepts"))
            }
            // The permissions are requested from the server, and added.
            Self::Policy | Self::Parameters | Self::Other => (format!("Vault refused {path}"), None),
        }
    }
}

/// The hint for a path that is meant in another way: in another tool's syntax, or with a variable that nothing replaces.
fn other_words(path: &Path) -> Option<String> {
    if ["$", "{{"].iter().any(|mark| path.as_str().contains(mark)) {
        return Some(
            "nothing here replaces a variable in a path: pass the secret as an argument in double quotes".into(),
        );
    }
    let right = path.other_syntax()?;
    Some(format!("write the path, the version and the field like this: {right}"))
}
