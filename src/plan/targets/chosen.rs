//! One target in place of a command's options: `explain` and `setup` read what they need of it.

use super::{Faults, SharedFile, TargetsFile, WrittenTarget, checked_file};
use crate::cli::TargetPlace;
use crate::error::Usage;
use crate::host::Env;
use crate::input::Reader;

/// What the options of a command are taken from, beside the command line: a target, or nothing.
pub(in crate::plan) struct Chosen<'f>(Option<(&'f TargetsFile, &'f WrittenTarget)>);

impl<'f> Chosen<'f> {
    /// The target that `place` names, if it names one. It must be one of `cloud`, which is a command.
    ///
    /// # Errors
    /// When the file is not good, has no such target, or the target is of another cloud.
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

    /// What the command line has, or else the target's key `name`.
    pub(in crate::plan) fn or<'v>(&'v self, option: Option<&'v str>, name: &'v str) -> Option<&'v str> {
        option.or_else(|| self.0?.1.values(name).next())
    }

    /// The values of the target's key `name`; none without a target.
    pub(in crate::plan) fn values<'v>(&'v self, name: &'v str) -> impl Iterator<Item = &'v str> {
        self.0.into_iter().flat_map(move |(_, target)| target.values(name))
    }

    /// `usage` with the place of the key that it names, or of the target; as it is without a target.
    pub(in crate::plan) fn at(&self, usage: Usage) -> Usage {
        match self.0 {
            Some((file, target)) => file.at(target, usage),
            None => usage,
        }
    }

    /// `usage` with the place of the key that it names; as it is if it names none.
    pub(in crate::plan) fn at_key(&self, usage: Usage) -> Usage {
        match self.0 {
            Some((file, target)) => file.at_key(target, usage),
            None => usage,
        }
    }
}
