//! docs/commands.md is made from the definitions of the command line, like the help texts.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use clap::{Arg, Command};
use oidc_exchange::error::Exit;

use super::commands;

const BEGINNING: &str = "\
# Commands and options

This page is generated from the program's help texts. The option `--help` and `oidc-exchange man` show the same.

Options have precedence over [environment variables](environment.md).
";

#[test]
fn the_page_is_the_programs() {
    let page = page();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/commands.md");
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        fs::write(&path, &page).unwrap();
    }
    assert!(fs::read_to_string(&path).unwrap_or_default() == page, "run it with UPDATE_EXPECT=1, and read the diff");
}

fn page() -> String {
    let mut page = BEGINNING.to_owned();
    let all: Vec<_> = commands().into_iter().filter(|(_, command)| !command.is_hide_set()).collect();
    page.push_str("\n| command | purpose |\n|---|---|\n");
    for (path, command) in all.iter().filter(|(path, _)| !path.is_empty() && path[0] != "help") {
        let name = path.join(" ");
        let about = command.get_about().map(ToString::to_string).unwrap_or_default();
        writeln!(page, "| [`{name}`](#{}) | {} |", name.replace(' ', "-"), cell(&about)).unwrap();
    }
    for (path, command) in all.iter().filter(|(path, _)| !path.is_empty() && path[0] != "help") {
        section(&mut page, &path.join(" "), command);
    }
    page.push_str("\n## Exit codes\n\n| exit | meaning |\n|---|---|\n");
    for exit in Exit::ALL {
        writeln!(page, "| {} | {} |", exit.code(), exit.meaning()).unwrap();
    }
    page.push_str("| other | COMMAND's own, after `--` |\n");
    page
}

fn section(page: &mut String, name: &str, command: &Command) {
    writeln!(page, "\n## {name}\n").unwrap();
    let text = command.get_long_about().or(command.get_about()).map(ToString::to_string).unwrap_or_default();
    for paragraph in text.split("\n\n") {
        let end = if paragraph.ends_with(['.', ')', '"', 'D']) { "" } else { "." };
        writeln!(page, "{}{end}\n", paragraph.trim()).unwrap();
    }
    let usage = command.clone().render_usage().to_string();
    writeln!(page, "```text\n{}\n```", usage.trim_start_matches("Usage: oidc-exchange ")).unwrap();
    let shown: Vec<&Arg> = command.get_arguments().filter(|argument| !argument.is_hide_set()).collect();
    let (operands, options): (Vec<&Arg>, Vec<&Arg>) = shown.into_iter().partition(|argument| argument.is_positional());
    table(page, "argument", &operands);
    let mut headings: Vec<&str> = Vec::new();
    for option in &options {
        let heading = option.get_help_heading().unwrap_or("Options");
        if !headings.contains(&heading) {
            headings.push(heading);
        }
    }
    for heading in headings {
        let of: Vec<&Arg> = options
            .iter()
            .copied()
            .filter(|option| option.get_help_heading().unwrap_or("Options") == heading)
            .collect();
        table(page, &heading.to_lowercase(), &of);
    }
    if let Some(examples) = command.get_after_long_help() {
        let examples = examples.to_string();
        let lines = examples.trim_start_matches("Examples:\n").lines();
        let lines: Vec<&str> = lines.map(|line| line.strip_prefix("  ").unwrap_or(line)).collect();
        writeln!(page, "\n```console\n{}\n```", lines.join("\n")).unwrap();
    }
}

fn table(page: &mut String, heading: &str, arguments: &[&Arg]) {
    if arguments.is_empty() {
        return;
    }
    write!(page, "\n| {heading} | |\n|---|---|\n").unwrap();
    for argument in arguments {
        let help = argument.get_long_help().or(argument.get_help()).map(ToString::to_string).unwrap_or_default();
        let default: Vec<String> =
            argument.get_default_values().iter().map(|value| value.to_string_lossy().into_owned()).collect();
        let default = if default.is_empty() || !argument.get_action().takes_values() {
            String::new()
        } else {
            format!(" [default: {}]", default.join(" "))
        };
        writeln!(page, "| `{}` | {}{default} |", name(argument).replace('|', "\\|"), cell(&help)).unwrap();
    }
}

/// `-v, --verbose`, `--format env|json`, `[SECRET]`.
fn name(argument: &Arg) -> String {
    let value = argument.get_value_names().and_then(|names| names.first()).map(ToString::to_string);
    let possible = argument.get_possible_values();
    let possible: Vec<&str> = possible.iter().map(clap::builder::PossibleValue::get_name).collect();
    // A `|` would end the table's cell.
    let value = if possible.is_empty() { value.unwrap_or_default() } else { possible.join(", ") };
    if argument.is_positional() {
        return value;
    }
    let short = argument.get_short().map(|letter| format!("-{letter}, ")).unwrap_or_default();
    let long = argument.get_long().unwrap_or_default();
    let value = if argument.get_action().takes_values() { format!(" {value}") } else { String::new() };
    format!("{short}--{long}{value}")
}

/// A table's cell has one line and no `|`. Text that looks like a tag is escaped.
fn cell(text: &str) -> String {
    text.trim().replace("\n\n", ": ").replace('\n', " ").replace('|', "\\|").replace('<', "&lt;").replace('*', "\\*")
}
