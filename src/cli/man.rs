//! The manual page in the man macros. <https://man7.org/linux/man-pages/man7/groff_man.7.html>

use super::man_sections::{ENVIRONMENT, FILES};
use super::outline::{Entry, Opt, Value, outline};
use crate::error::Exit;

/// The date of this version, as in CHANGELOG.md after its release. With the build's date, the page would differ from
/// build to build.
const DATE: &str = "2026-11-25";

const SHARED: &str = "OPTIONS OF SEVERAL COMMANDS";

/// The manual page, for `man`.
#[must_use]
pub fn man_page() -> String {
    render(&outline())
}

fn render(commands: &[Entry]) -> String {
    let mut page = Page(String::new());
    page.line(&[".TH OIDC-EXCHANGE 1 ", DATE, " \"oidc-exchange ", env!("CARGO_PKG_VERSION"), "\""].concat());
    // Hyphenated or stretched names could not be searched.
    page.line(".nh\n.ad l\n.SH NAME");
    let Some((program, below)) = commands.split_first() else { return page.0 };
    page.text(&["oidc-exchange \\- ", &escaped(&program.about)].concat());
    page.line(".SH SYNOPSIS");
    let lines = commands.iter().filter(|command| command.below.is_empty()).map(|command| bold(&command.usage));
    page.line(&lines.collect::<Vec<_>>().join("\n.br\n"));
    page.line(".SH DESCRIPTION");
    page.paragraphs(&program.details);
    for option in program.options.iter().filter(|option| !is_shared(option, commands)) {
        page.option(option);
    }
    page.line(".SH COMMANDS");
    for command in below {
        page.command(command, commands);
    }
    page.line(&[".SH ", SHARED].concat());
    let mut seen = Vec::new();
    for option in commands.iter().flat_map(|command| &command.options).filter(|option| is_shared(option, commands)) {
        if !seen.contains(&key(option)) {
            seen.push(key(option));
            page.option(option);
        }
    }
    page.line(".SH EXIT STATUS");
    for exit in Exit::ALL {
        page.item(&exit.code().to_string(), exit.meaning());
    }
    page.item("other", "COMMAND's own, after `--`; 126 and 127 as a shell gives them");
    for (title, items) in [("ENVIRONMENT", &ENVIRONMENT[..]), ("FILES", &FILES)] {
        page.line(&[".SH ", title].concat());
        for (tag, text) in items {
            page.item(tag, text);
        }
    }
    page.0
}

/// Identifies the same option of several commands. (clap's help for its own `--help` differs.)
fn key(option: &Opt) -> (&str, &str, String) {
    (&option.long, if option.long == "help" { "" } else { &option.help }, placeholder(option))
}

fn is_shared(option: &Opt, commands: &[Entry]) -> bool {
    commands.iter().flat_map(|command| &command.options).filter(|other| key(other) == key(option)).count() > 2
}

/// The placeholder for the value: its name, or the possible values.
fn placeholder(option: &Opt) -> String {
    match &option.value {
        Value::Absent => String::new(),
        Value::OneOf(values) => values.join("|"),
        Value::Path | Value::Any => option.value_name.clone(),
    }
}

struct Page(String);

impl Page {
    fn command(&mut self, command: &Entry, commands: &[Entry]) {
        self.line(&[".SS oidc-exchange ", &command.path].concat());
        self.paragraphs(&command.details);
        if command.below.is_empty() {
            self.line(".PP");
            self.text(&bold(&command.usage));
        }
        for (name, help) in &command.operands {
            self.item(name, help);
        }
        let (shared, own): (Vec<&Opt>, Vec<&Opt>) =
            command.options.iter().partition(|option| is_shared(option, commands));
        for option in own {
            self.option(option);
        }
        if !shared.is_empty() && command.below.is_empty() {
            let names: Vec<String> = shared.iter().map(|option| bold(&["--", &option.long].concat())).collect();
            self.line(".PP");
            self.text(&["And ", &names.join(", "), ": see ", SHARED, "."].concat());
        }
        if !command.examples.is_empty() {
            self.line(".PP\n.nf");
            for line in command.examples.lines() {
                self.text(&escaped(line));
            }
            self.line(".fi");
        }
    }

    fn option(&mut self, option: &Opt) {
        let mut tag = option.names().join(", ");
        let value = placeholder(option);
        if !value.is_empty() {
            tag.push(' ');
            tag.push_str(&value);
        }
        self.item(&tag, &option.details.replace("\n\n", ": "));
    }

    /// A tagged paragraph.
    fn item(&mut self, tag: &str, text: &str) {
        self.line(".TP");
        self.text(&bold(tag));
        self.text(&escaped(text));
    }

    fn paragraphs(&mut self, text: &str) {
        self.text(&escaped(text).replace("\n\n", "\n.PP\n"));
    }

    /// A line of text, which may start like a request.
    fn text(&mut self, text: &str) {
        if text.starts_with(['.', '\'']) {
            self.0.push_str("\\&");
        }
        self.line(text);
    }

    fn line(&mut self, line: &str) {
        self.0.push_str(line);
        self.0.push('\n');
    }
}

fn bold(text: &str) -> String {
    ["\\fB", &escaped(text), "\\fR"].concat()
}

/// Escapes hyphens, quotes and carets, so that they can be copied from the screen. A path may be wrapped at its
/// slashes.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\e"),
            '-' => out.push_str("\\-"),
            '\'' => out.push_str("\\(aq"),
            '`' => out.push_str("\\(ga"),
            '^' => out.push_str("\\(ha"),
            '~' => out.push_str("\\(ti"),
            '/' => out.push_str("/\\:"),
            c => out.push(c),
        }
    }
    out
}
