//! Values are read back byte for byte.

use std::time::SystemTime;

use oidc_exchange::delivery;
use oidc_exchange::emit::{Content, Exports, Format};
use oidc_exchange::host::Host;
use oidc_exchange::shell::Name;
use oidc_exchange::state::StateDir;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use sandbox::Sandbox;
use tempfile::TempDir;

use super::answer;
use crate::support::expect;
use crate::support::shells::{self, Shell};

/// Values that have caused errors in other programs.
const ODD: [&str; 26] = [
    "",
    " ",
    "two words",
    "  led and trailed  ",
    "   ",
    "'  '",
    "-n",
    "-e x",
    "--",
    "it's",
    "'",
    "''''",
    "\"double\"",
    "$HOME ${HOME} $(id) `id`",
    "a\\b\\\\c\\n",
    "ends with \\",
    "\n",
    "one\ntwo\n",
    "\r\n",
    "\t",
    "*?[a-z]{b,c}~",
    "!history !!",
    "# no comment",
    "a;b&c|d>e<f(g)",
    "päß 日本語 🦀 \u{202e}",
    "\u{1}\u{7f}\u{1b}[2J",
];

/// The text of this format, and the directory that it may name.
fn text(format: Format, values: &[String]) -> (String, TempDir) {
    let mut exports = Exports::new(vec![Name::fixed("BEATEN")]);
    for (index, value) in values.iter().enumerate() {
        exports.set(Name::new(&format!("V{index}")).unwrap(), value.clone()).unwrap();
    }
    let private = tempfile::tempdir().unwrap();
    let path = private.path().join("it's  a * dir");
    let place =
        StateDir::locate(&Host::fake(&[("OIDC_EXCHANGE_DIR", path.to_str().unwrap())], SystemTime::UNIX_EPOCH).env);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let content = Content::Variables(exports);
    let text = runtime.block_on(delivery::text(format, &content, &place.unwrap())).unwrap();
    (text.reveal().to_owned(), private)
}

/// A shell and a way to give it the values.
struct Reader {
    shell: Shell,
    format: Format,
    locale: &'static str,
}

/// Every shell with each of its formats, in a locale of single bytes and in a UTF-8 locale.
fn readers() -> Vec<Reader> {
    let quotes = shells::find("zsh with rc_quotes", "zsh", &["-o", "rc_quotes"]);
    let posix = shells::posix()
        .into_iter()
        .chain(quotes)
        .flat_map(|shell| [(shell.clone(), Format::Env), (shell, Format::Source)]);
    let fish = shells::find("fish", "fish", &["--no-config"]).map(|shell| (shell, Format::Fish));
    let both = |(shell, format): (Shell, Format)| {
        ["C", "C.UTF-8"].map(|locale| Reader { shell: shell.clone(), format, locale })
    };
    // In a locale of single bytes, yash ends at the first character that is not ASCII.
    posix.chain(fish).flat_map(both).filter(|reader| (reader.shell.name, reader.locale) != ("yash", "C")).collect()
}

impl Reader {
    /// The values in the shell after it has evaluated the text, and in its child process.
    fn evaluated(&self, values: &[String]) -> Vec<u8> {
        let (text, _private) = text(self.format, values);
        let show = (0..values.len()).map(|n| format!("printf '%s\\0' \"$V{n}\"\n")).collect::<Vec<_>>().concat();
        let fish = self.format == Format::Fish;
        let options: &[&str] = if fish { &["./script"] } else { &["-eu", "./script"] };
        let program = self.shell.with(options).env("BEATEN", "stale").env("LC_ALL", self.locale);
        program.scratch().write("text", text);
        program.scratch().write("show", &show);
        let child = "sh -c '. ./show; printf %s \"${BEATEN-gone}\"'";
        let eval = if fish { "eval (cat text | string collect)" } else { "eval \"$(cat text)\"" };
        program.scratch().write("script", format!("{eval}\n{show}{child}\n"));
        let output = program.run();
        output.exits(0).stderr_is(expect![""]);
        output.stdout
    }

    fn name(&self) -> String {
        format!("{} of {:?} in {}", self.shell.name, self.format, self.locale)
    }
}

fn expected(values: &[String]) -> Vec<u8> {
    let once = values.iter().map(|value| format!("{value}\0")).collect::<Vec<_>>().concat();
    format!("{once}{once}gone").into_bytes()
}

#[test]
fn odd_values_come_back() {
    let values: Vec<String> = ODD.map(str::to_owned).to_vec();
    for reader in readers() {
        let found = reader.evaluated(&values);
        assert_eq!(String::from_utf8_lossy(&found), String::from_utf8_lossy(&expected(&values)), "{}", reader.name());
    }
}

/// Every byte of a text except NUL, after every other byte with a meaning.
#[test]
fn any_pair_of_characters_comes_back() {
    let special = "\n\t\r !\"#$%&'()*+,-./0:;<=>?@A[\\]^_`a{|}~\u{1}\u{7f}é日🦀";
    let all = (1..=0x7f).map(char::from).chain("\u{80}\u{a0}é日\u{feff}\u{fffd}🦀\u{10ffff}".chars());
    let values: Vec<String> = all.map(|second| special.chars().flat_map(|first| [first, second]).collect()).collect();
    for reader in readers() {
        assert!(reader.evaluated(&values) == expected(&values), "{}", reader.name());
    }
}

#[test]
fn any_values_come_back() {
    let mut runner = TestRunner::new(Config { cases: 8, failure_persistence: None, ..Config::default() });
    let awkward = prop::sample::select(vec![
        "'", "\"", "\\", "$", "`", "\n", " ", "!", "-", "--", "*", "é", "(", "#", "\r", "~", "=", "=ls", "\t", "{a,b}",
        "[", "%",
    ]);
    let value = prop_oneof!["[^\\x00]{0,40}", prop::collection::vec(awkward, 0..24).prop_map(|parts| parts.concat()),];
    let readers = readers();
    runner
        .run(&prop::collection::vec(value, 1..40), |values| {
            for reader in &readers {
                prop_assert_eq!(reader.evaluated(&values), expected(&values), "{}", reader.name());
            }
            Ok(())
        })
        .unwrap();
}

/// Values from the service's answer.
#[test]
fn an_odd_session_token_comes_back() {
    let sandbox = Sandbox::start().unwrap();
    let odd = "-n it's \"two  words\" $(id) `id` \\n a\\\n* é🦀\n'";
    for shell in shells::posix() {
        sandbox.aws.script([answer(odd)]);
        // posh and mksh run another program for `printf`, whose command line everybody can read.
        let script = "set -eu; eval \"$(oidc-exchange aws --role-arn arn:aws:iam::123456789012:role/deploy)\"\n\
                      cat <<END\n$AWS_SESSION_TOKEN|$AWS_ACCOUNT_ID|$(env | grep -c ^AWS_)\nEND\n";
        let output = shell.runs(script).job(&sandbox).secret("the session token", odd).run();
        // The sandbox's endpoints are three of the AWS variables.
        output.exits(0).stdout_is(&format!("{odd}|123456789012|8\n")).stderr_is(expect![""]);
    }
}

/// Readers of `env-no-export` read each line as a variable.
#[test]
fn a_line_break_is_refused_where_lines_are_values() {
    let sandbox = Sandbox::start().unwrap();
    for odd in ["one\ntwo", "one\r"] {
        sandbox.aws.script([answer(odd)]);
        let program = crate::aws::deploy(&["--format", "env-no-export"]).job(&sandbox);
        program.run().exits(6).stdout_is(&crate::support::output::stopped_as_arguments(6)).stderr_is(expect![[r#"
            error: the value for AWS_SESSION_TOKEN holds a line break, which this format cannot carry

            hint: use --format env or --format json
        "#]]);
    }
}

/// docker and podman refuse a file with a longer line, and kubectl ignores it and all following lines.
#[test]
fn a_line_is_as_long_as_its_readers_take() {
    let sandbox = Sandbox::start().unwrap();
    let room = 65_535 - "AWS_SESSION_TOKEN=".len();
    for (length, code) in [(room, 0), (room + 1, 6)] {
        sandbox.aws.script([answer(&"x".repeat(length))]);
        let output = crate::aws::deploy(&["--format", "env-no-export"]).job(&sandbox).run();
        output.exits(code);
        if code == 6 {
            output.stdout_is(&crate::support::output::stopped_as_arguments(6)).stderr_is(expect![[r#"
                error: the line for AWS_SESSION_TOKEN is longer than 65,535 bytes, which docker, podman and kubectl do not read

                hint: write --format env or --format json
            "#]]);
        }
    }
    sandbox.aws.script([answer(&"x".repeat(room + 1))]);
    crate::aws::deploy(&["--format", "dotenv"]).job(&sandbox).run().exits(0);
}

#[test]
fn a_dotenv_file_has_quotes() {
    let sandbox = Sandbox::start().unwrap();
    sandbox.aws.script([answer("pa#ss two")]);
    let output = crate::aws::deploy(&["--format", "dotenv"]).job(&sandbox).run();
    assert!(output.exits(0).stdout().contains("\nAWS_SESSION_TOKEN='pa#ss two'\n"), "{}", output.describe());
    sandbox.aws.script([answer("it's")]);
    let output = crate::aws::deploy(&["--format", "dotenv"]).job(&sandbox).run();
    output.exits(6).stdout_is("").stderr_is(expect![[r#"
        error: the value for AWS_SESSION_TOKEN holds an apostrophe, which readers of dotenv files take in different ways

        hint: write --format env or --format json
    "#]]);
}

#[test]
fn json_carries_any_value() {
    let sandbox = Sandbox::start().unwrap();
    let odd = "it's \"quoted\" \\ \n é🦀";
    sandbox.aws.script([answer(odd)]);
    let output = crate::aws::deploy(&["--format", "json"]).job(&sandbox).run();
    output.exits(0);
    let object: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(object["AWS_SESSION_TOKEN"], odd);
}
