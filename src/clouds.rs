//! The table of clouds. The failure output, `clean`, `token` and the tests iterate over it, so a new cloud needs one
//! entry.

use crate::cloud::About;
use crate::{aws, azure, google, vault};

/// Every cloud, in the order in which they are shown.
pub const ALL: [&About; 4] = [&aws::ABOUT, &google::ABOUT, &azure::ABOUT, &vault::ABOUT];

#[cfg(test)]
pub(crate) mod tests {
    use std::ffi::OsString;
    use std::time::SystemTime;

    use clap::{Arg, ArgAction, Command, CommandFactory};

    use super::*;
    use crate::clean;
    use crate::cli::Cli;
    use crate::cloud::Reaction;
    use crate::host::Host;
    use crate::plan::fail_closed::FailureOutput;
    use crate::shell::{Name, either};
    use crate::state::StateDir;

    /// An invented cloud for tests.
    pub(crate) const MADE_UP: About = About {
        name: "Moon",
        command: "moon",
        credential_variables: |arguments, _| {
            vec![Name::fixed(if arguments.has("far") { "MOON_FAR" } else { "MOON_KEY" })]
        },
        option_of_names: None,
        variables_left: || vec![Name::fixed("MOON_KEY"), Name::fixed("MOON_FAR")],
        variables_into: |_, env| env.raw("MOON_DIR").map(|_| Name::fixed("MOON_DIR")).into_iter().collect(),
        is_registry: |name| name == "registry.moon",
        limits: |_| vec!["it is too heavy".into()],
        reaction: |_| Reaction::says("no air"),
    };

    fn parser() -> Command {
        let format = Arg::new("format").long("format").value_parser(["env", "orbit"]);
        let far = Arg::new("far").long("far").action(ArgAction::SetTrue);
        Cli::command().subcommand(Command::new("moon").arg(format).arg(far))
    }

    /// With its entry in the table, a cloud's variables are unset by the failure output and by `clean`. Without the
    /// entry, a failure would stop the caller but leave the credentials in its environment.
    #[test]
    fn an_entry_serves_a_further_cloud() {
        let with: Vec<&'static About> = ALL.into_iter().chain([&MADE_UP]).collect();
        let text = |clouds: &[&'static About], line: &str| {
            let arguments: Vec<OsString> = line.split(' ').map(OsString::from).collect();
            FailureOutput::among(clouds, parser, &arguments).text(4)
        };
        let stop = crate::shell::posix::stop(4);
        assert_eq!(text(&with, "oidc-exchange moon"), format!("unset MOON_KEY;\n{stop}\n"));
        assert_eq!(text(&with, "oidc-exchange moon --far"), format!("unset MOON_FAR;\n{stop}\n"));
        assert_eq!(text(&with, "oidc-exchange moon --format orbit"), "");
        assert_eq!(text(&with, "oidc-exchange moon --format process"), either::stop(&[Name::fixed("MOON_KEY")], 4));
        assert_eq!(text(&ALL, "oidc-exchange moon"), format!("{stop}\n"), "forgotten");

        let env = Host::fake(&[("MOON_DIR", "x")], SystemTime::UNIX_EPOCH).env;
        let place = StateDir::locate(&env).unwrap();
        let names = |clouds: &[&About]| {
            clean::names(clouds, &place, &env).iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
        };
        let forgotten = names(&ALL);
        let (first, last) = names(&with).split_once(" VAULT_TOKEN").map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
        assert_eq!(forgotten, format!("{first} VAULT_TOKEN"));
        assert_eq!(last, " MOON_KEY MOON_FAR MOON_DIR");
    }

    #[test]
    fn no_two_clouds_are_called_the_same() {
        for (index, about) in ALL.iter().enumerate() {
            let others = &ALL[..index];
            assert!(others.iter().all(|other| other.name != about.name && other.command != about.command));
        }
    }

    /// `clean` unsets every variable that the failure output unsets.
    #[test]
    fn whatever_a_failure_removes_is_left_by_an_exchange() {
        for about in ALL {
            let left = (about.variables_left)();
            let removed = (about.credential_variables)(&crate::cloud::Arguments::default(), "");
            assert!(removed.iter().all(|name| left.contains(name)), "{}", about.name);
        }
    }
}
