//! Command lines from the parser's definitions, in real shells: without a token each of them fails.

use clap::CommandFactory;
use oidc_exchange::cli::Cli;
use oidc_exchange::shell::{fish, posix};

use self::generator::{line, seeded};
use crate::support::{oidc_exchange, shells};

#[path = "../../../src/plan/fail_closed/generator.rs"]
mod generator;

/// The output stops each kind of shell that it is for. Other command lines print no shell text.
#[test]
fn what_is_printed_stops_the_shell() {
    const LINES: usize = 300;
    let (mut rng, seed) = seeded();
    let mut program = Cli::command();
    program.build();
    let (posix_shells, fish_shell) = (shells::posix(), shells::find("fish", "fish", &[]));
    let mut stopped = 0;
    for number in 0..LINES {
        let words = line(&program, &mut rng);
        let case = format!("line {number} of OIDC_EXCHANGE_SEED={seed}: {words:?}");
        let alone = oidc_exchange(&words).stdin("").run();
        let Some(code @ 1..) = alone.code else { continue };
        let text = alone.stdout();
        if text.is_empty() || text.ends_with(&format!("exit {code}'\n")) {
            continue;
        }
        let code_of = u8::try_from(code).unwrap();
        let any = text.trim_start_matches("no-credentials/;\n=;\n").starts_with("string length ");
        let is_fish = text.ends_with(&format!("{}\n", fish::stop(code_of)));
        if text.ends_with(&format!("{}\n", posix::status(code_of))) && !text.contains(&posix::stop(code_of)) {
            continue;
        }
        if text.ends_with(&format!("{}\n", fish::status(code_of))) {
            continue;
        }
        if !is_fish {
            let quoted: Vec<String> = words.iter().map(|word| posix::quote(word)).collect();
            let shell = &posix_shells[number % posix_shells.len()];
            let script = format!("eval \"$(oidc-exchange {} 2>/dev/null </dev/null)\"; echo AFTER", quoted.join(" "));
            let output = shell.runs(&script).run();
            assert!(output.code == Some(code) && output.stdout().is_empty(), "{case}\n{}", output.describe());
        }
        if is_fish || any {
            let quoted: Vec<String> = words.iter().map(|word| fish::quote(word)).collect();
            let Some(shell) = &fish_shell else { continue };
            let script = format!(
                "eval (oidc-exchange {} 2>/dev/null </dev/null | string collect); echo AFTER",
                quoted.join(" ")
            );
            let output = shell.with(["--no-config", "-c", &script]).run();
            assert!(output.code == Some(code) && output.stdout().is_empty(), "{case}\n{}", output.describe());
        }
        stopped += 1;
    }
    assert!(stopped > LINES / 4, "{stopped}, seed {seed}");
}
