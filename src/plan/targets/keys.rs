//! The keys of a target: the options of its cloud's command, except those that a file may not set.

use std::any::TypeId;
use std::path::PathBuf;

use clap::{Arg, ArgAction, Command, CommandFactory};

use crate::cli::Cli;

/// A key of a target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// The option's long name, or the name of the positional argument.
    pub name: String,
    /// The type of its value.
    pub takes: Takes,
    /// Its purpose, in one line.
    pub about: String,
    /// Whether it is for the positional arguments.
    pub(super) is_for_words: bool,
}

/// The type of a key's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// `true` or `false`.
    Flag,
    /// A text.
    Text,
    /// Several texts.
    List,
}

const SERVER: &str = "a targets file names no server but a Vault's";
const PATH: &str = "a targets file names no file";
const COMMAND_LINE: &str = "only the command line chooses it, for all targets";

/// Options that a file may not set, because others can edit it, with the reason. All options whose value is a path
/// are also forbidden.
const FORBIDDEN: [(&str, &str); 12] = [
    ("sts-endpoint", SERVER),
    ("iamcredentials-endpoint", SERVER),
    ("universe-domain", SERVER),
    ("allow-http", COMMAND_LINE),
    ("token-env", COMMAND_LINE),
    ("pass-token", COMMAND_LINE),
    ("print-secrets", COMMAND_LINE),
    ("on-error", COMMAND_LINE),
    ("timeout", COMMAND_LINE),
    ("format", COMMAND_LINE),
    ("overwrite-profile", "a targets file replaces no profile that is not this program's"),
    ("help", "it is not part of a target"),
];

/// The keys of each cloud.
#[derive(Debug)]
pub struct Keys(Command);

impl Keys {
    /// The keys of the cloud with the command `command`; none if there is no such command.
    #[must_use]
    pub fn of(command: &str) -> Option<Self> {
        let mut program = Cli::command();
        let mut found = program.find_subcommand_mut(command)?.clone();
        found.build();
        Some(Self(found))
    }

    /// The keys that a target may have.
    #[must_use]
    pub fn all(&self) -> Vec<Key> {
        let allowed = self.0.get_arguments().filter(|option| forbidden(option).is_none());
        let mut keys: Vec<Key> = allowed.filter_map(key).collect();
        let names: Vec<String> = keys.iter().map(|key| key.name.clone()).collect();
        for key in &mut keys {
            key.about = about(&key.name, &key.about, &names);
        }
        keys
    }

    /// Why `name` is not a key, although the command has an option of that name.
    #[must_use]
    pub fn why_not(&self, name: &str) -> Option<&'static str> {
        forbidden(self.0.get_arguments().find(|option| option.get_long() == Some(name))?)
    }
}

/// The help text of the option `name` for a file. `names` are the keys. Options become keys, and a repeated option
/// becomes a list. Sentences about standard output or forbidden values are left out.
fn about(name: &str, help: &str, names: &[String]) -> String {
    match name {
        "policy" => return "A policy that narrows the session, as JSON".into(),
        "authority-host" => {
            return "The cloud: AzureCloud, AzureUSGovernment or AzureChinaCloud [variable: AZURE_AUTHORITY_HOST]"
                .into();
        }
        _ => {}
    }
    let plain = help.replace("; print nothing", "").replace("; may be repeated", "");
    names.iter().fold(plain, |text, key| text.replace(&format!("--{key}"), key))
}

fn forbidden(option: &Arg) -> Option<&'static str> {
    let name = option.get_long()?;
    if let Some((_, why)) = FORBIDDEN.iter().find(|(known, _)| *known == name) {
        return Some(why);
    }
    if option.get_value_parser().type_id() == TypeId::of::<PathBuf>() {
        return Some(PATH);
    }
    // An option with a short form is for interactive use.
    option.get_short().map(|_| COMMAND_LINE)
}

fn key(option: &Arg) -> Option<Key> {
    let action = option.get_action();
    let takes = if matches!(action, ArgAction::SetTrue) {
        Takes::Flag
    } else if matches!(action, ArgAction::Append) {
        Takes::List
    } else if action.takes_values() {
        Takes::Text
    } else {
        return None;
    };
    let name = match option.get_long() {
        Some(long) => long.to_owned(),
        None if option.is_last_set() => return None,
        None => option.get_id().as_str().replace('_', "-"),
    };
    let about = option.get_help().map(ToString::to_string).unwrap_or_default();
    Some(Key { name, takes, about, is_for_words: option.is_positional() })
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::clouds;

    /// A new option becomes a key of the file, unless it is forbidden here. So each new option is a decision.
    #[test]
    fn the_keys_are_these() {
        let keys_of = |cloud: &'static str| {
            let keys = Keys::of(cloud).unwrap().all();
            keys.into_iter().map(move |key| format!("{cloud} {} {:?}", key.name, key.takes))
        };
        let seen = clouds::ALL.iter().flat_map(|about| keys_of(about.command)).collect::<Vec<_>>().join("\n") + "\n";
        expect![[r#"
            aws role-arn Text
            aws role-session-name Text
            aws duration Text
            aws region Text
            aws sts-region Text
            aws policy Text
            aws policy-arn List
            aws chain-role-arn List
            aws external-id List
            aws source-identity Text
            aws session-tag List
            aws allowed-account-id List
            aws verify Flag
            aws wait-for-iam Text
            aws registry List
            aws env-prefix Text
            aws refreshable Flag
            aws profile Text
            aws eks-cluster Text
            gcp provider Text
            gcp service-account Text
            gcp lifetime Text
            gcp project Text
            gcp no-credentials-file Flag
            gcp access-token Flag
            gcp id-token-audience Text
            gcp id-token-env Text
            gcp include-email Flag
            gcp delegate List
            gcp scope List
            gcp wait-for-iam Text
            gcp registry List
            gcp keep-gcloud-config Flag
            azure tenant-id Text
            azure client-id Text
            azure subscription-id Text
            azure authority-host Text
            azure scope Text
            azure access-token-env Text
            azure az Flag
            azure registry List
            azure wait-for-iam Text
            vault addr Text
            vault role Text
            vault mount Text
            vault namespace Text
            vault export-token Flag
            vault no-revoke Flag
            vault secrets List
        "#]]
        .assert_eq(&seen);
    }

    #[test]
    fn a_key_is_described_in_the_words_of_a_file() {
        let keys = clouds::ALL.iter().flat_map(|about| Keys::of(about.command).unwrap().all());
        for Key { name, about, .. } in keys {
            let about = about.replace("--format kubernetes", "");
            for word in ["--", "print nothing", "repeated", "@", "an address"] {
                assert!(!about.contains(word) && !about.is_empty(), "{name}: {about}");
            }
        }
    }

    #[test]
    fn what_a_file_may_not_choose_has_a_reason() {
        let why = |cloud: &str, name: &str| Keys::of(cloud).unwrap().why_not(name);
        for about in clouds::ALL {
            for name in ["allow-http", "ca-file", "token-env", "token-file", "print-secrets", "timeout", "on-error"]
                .into_iter()
                .chain(["pass-token", "output", "format", "verbose", "quiet"])
            {
                assert!(why(about.command, name).is_some(), "{name}");
            }
        }
        assert_eq!(why("vault", "secrets-file"), Some(PATH));
        assert_eq!(why("gcp", "credentials-file"), Some(PATH));
        assert_eq!(why("gcp", "universe-domain"), Some(SERVER));
        assert_eq!(why("vault", "addr"), None);
        assert!(FORBIDDEN.iter().all(|(name, _)| {
            *name == "help" || clouds::ALL.iter().any(|about| why(about.command, name).is_some())
        }));
    }
}
