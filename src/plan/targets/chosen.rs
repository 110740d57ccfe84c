//! A target in place of options, for `explain` and `setup`.

use super::{Faults, SharedFile, TargetsFile, WrittenTarget, checked_file};
use crate::cli::TargetPlace;
use crate::error::Usage;
use crate::host::Env;
use crate::input::Reader;

/// Values for options that are not on the command line: those of a target, or none.
pub(in crate::plan) struct Chosen<'f>(Option<(&'f TargetsFile, &'f WrittenTarget)>);

impl<'f> Chosen<'f> {
    /// The target that `place` names, if it names one. It must be a target of `cloud`, the name of a command.
    ///
    /// # Errors
    /// If the file is invalid, has no such target, or the target is of another cloud.
    pub(in crate::plan) fn new(
        place: &TargetPlace,
        cloud: &str,
        env: &Env,
        reader: &Reader,
        file: &'f SharedFile,
    ) -> Result<Self, Faults> {
        let Some(name) = &place.target else { return Ok(Self(None)) };
        let file = checked_file(file.read(place.targets_file.as_deref(), env, reader)?)?;
        let target = file.target(name)?;
        if target.cloud != cloud {
            let usage = Usage::new(format!("it is a target of {}, and not of {cloud}", target.cloud));
            return Err(file.at(target, usage.hint(format!("write {} in place of {cloud}", target.cloud))).into());
        }
        Ok(Self(Some((file, target))))
    }

    /// The value on the command line, or else that of the target's key `name`.
    pub(in crate::plan) fn or<'v>(&'v self, option: Option<&'v str>, name: &'v str) -> Option<&'v str> {
        option.or_else(|| self.0?.1.values(name).next())
    }

    /// The values of the target's key `name`; none without a target.
    pub(in crate::plan) fn values<'v>(&'v self, name: &'v str) -> impl Iterator<Item = &'v str> {
        self.0.into_iter().flat_map(move |(_, target)| target.values(name))
    }

    /// Adds to `usage` the place of the key that it names, or else of the target. Without a target, it is unchanged.
    pub(in crate::plan) fn at(&self, usage: Usage) -> Usage {
        match self.0 {
            Some((file, target)) => file.at(target, usage),
            None => usage,
        }
    }

    /// Adds to `usage` the place of the key that it names. Without a key, it is unchanged.
    pub(in crate::plan) fn at_key(&self, usage: Usage) -> Usage {
        match self.0 {
            Some((file, target)) => file.at_key(target, usage),
            None => usage,
        }
    }
}
