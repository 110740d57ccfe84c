//! The pictures of README and docs/, made of the program's output and of measurements. `UPDATE_EXPECT=1` rewrites
//! them.

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;

use crate::support::oidc_exchange;

const README: &str = include_str!("../../../README.md");
const SPEED: &str = include_str!("../../../docs/speed.md");

const ROLE: &str = "arn:aws:iam::123456789012:role/deploy";
const ISSUER: &str = "https://acme.semaphoreci.com";
const SUBJECT: &str = "org:acme:project:936a5312-a3b8-4921-8b3f-2cec8baac574:repo:web:ref_type:branch:ref:refs/heads/";

/// Readable on a dark page and on a light one.
const STYLE: &str = "text { font: 12px ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; fill: #24292f }
.good { fill: #1a7f37 } .bad { fill: #cf222e } .quiet { fill: #656d76 } .note { fill: #9a6700 } .ours { fill: #1a7f37 } .theirs { fill: #8c959f }
rect.page { fill: #f6f8fa; stroke: #d0d7de } line { stroke: #d0d7de }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 } .good { fill: #3fb950 } .bad { fill: #f85149 } .quiet { fill: #9198a1 } .note { fill: #d29922 } .ours { fill: #3fb950 } .theirs { fill: #6e7681 }
rect.page { fill: #161b22; stroke: #30363d } line { stroke: #30363d }
}";

/// Text with no-break spaces, since viewers of SVG join other spaces. Some viewers also need `xml:space`.
pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace(' ', "\u{a0}")
}

pub(super) fn svg(width: usize, height: usize, title: &str, body: &str) -> String {
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" role=\"img\" xml:space=\"preserve\">\n<title>{title}</title>\n\
         <style>{STYLE}</style>\n\
         <rect class=\"page\" x=\"0.5\" y=\"0.5\" width=\"{}\" height=\"{}\" rx=\"6\"/>\n{body}</svg>\n",
        width - 1,
        height - 1
    )
}

/// The colour of a line of a terminal.
fn class(line: &str) -> &'static str {
    let start = line.trim_start();
    match start.chars().next() {
        Some('$') => "quiet",
        Some('✓') => "good",
        Some('✗' | '^') => "bad",
        _ if start.starts_with("refused") || start.starts_with("error") => "bad",
        _ if start.starts_with("# allows") => "good",
        _ if start.starts_with("# denies") => "bad",
        _ if start.starts_with("lint") || start.starts_with("# beware") => "note",
        _ => "plain",
    }
}

/// Lines of a terminal.
fn terminal(title: &str, lines: &[String]) -> String {
    let mut body = String::new();
    for (index, line) in lines.iter().enumerate() {
        let class = class(line);
        writeln!(body, "<text class=\"{class}\" x=\"16\" y=\"{}\">{}</text>", 28 + 18 * index, escaped(line)).unwrap();
    }
    let widest = lines.iter().map(|line| line.chars().count()).max().unwrap_or_default();
    svg(32 + widest * 73 / 10, 28 + 18 * lines.len(), title, &body)
}

/// Compares, or writes. The page, by its path, shows the picture.
pub(super) fn is_kept(name: &str, picture: &str, page: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/pictures").join(name);
    if env::var_os("UPDATE_EXPECT").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, picture).unwrap();
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == picture, "docs/pictures/{name} is another one: UPDATE_EXPECT=1 writes it");
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(page)).unwrap();
    let from = if page.starts_with("docs/") { "" } else { "docs/" };
    assert!(text.contains(&format!("]({from}pictures/{name})")), "{name} is not on {page}");
}

/// The output of `explain` for a rule on `heads/*` without wildcards, and a job of the branch `main`. The output has
/// the verdict, the statement and the lint. The text before it depends on the day.
fn explained() -> Vec<String> {
    let part = |value: &serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let claims = json!({ "iss": ISSUER, "aud": ISSUER, "sub": format!("{SUBJECT}main"), "iat": 1_790_000_000, "exp": 4_102_444_800_i64 });
    let token = format!("{}.{}.c2ln", part(&json!({ "alg": "RS256" })), part(&claims));
    let policy = json!({ "Version": "2012-10-17", "Statement": [{
        "Effect": "Allow",
        "Principal": { "Federated": "arn:aws:iam::123456789012:oidc-provider/acme.semaphoreci.com" },
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": { "StringEquals": { "acme.semaphoreci.com:sub": format!("{SUBJECT}*") } },
    }] });
    let program = oidc_exchange(["explain", "aws", "--role-arn", ROLE, "--trust-policy", "role.json"]).token(&token);
    program.scratch().write("role.json", policy.to_string());
    let output = program.run();
    output.exits(4);
    let text = output.stdout();
    let verdict = text.lines().take(1);
    let rest = text.lines().skip_while(|line| !line.starts_with("✗ Statement"));
    let rest = rest.take_while(|line| !line.starts_with("note")).filter(|line| !line.is_empty());
    verdict.chain(rest).map(str::to_owned).collect()
}

#[test]
fn a_refusal_is_what_the_program_prints() {
    let explained = explained();
    let text = format!("```\n{}\n```", explained.join("\n"));
    assert!(README.contains(&text), "the README has another text than this: {text}");
    let typed =
        ["$ oidc-exchange explain aws --role-arn arn:aws:iam::123456789012:role/deploy --trust-policy role.json"];
    let lines: Vec<String> = typed.into_iter().map(str::to_owned).chain(explained).collect();
    is_kept("refusal.svg", &terminal("oidc-exchange explain shows the condition that fails", &lines), "README.md");
}

/// Lines of at most that many characters, broken at spaces, with continued lines indented.
fn wrapped(line: &str, most: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in line.split_inclusive(' ') {
        let last = lines.last().unwrap();
        if last.chars().count() + word.trim_end().chars().count() > most && !last.trim().is_empty() {
            lines.push("    ".to_owned());
        }
        lines.last_mut().unwrap().push_str(word);
    }
    lines
}

/// The comments that precede the commands: whom the role allows, whom it denies, and what remains.
#[test]
fn setup_is_what_the_program_prints() {
    let typed = format!(
        "$ oidc-exchange setup aws --role-arn {ROLE} --issuer {ISSUER} --project-id 936a5312-a3b8-4921-8b3f-2cec8baac574 --repo web --branch main"
    );
    let words: Vec<&str> = typed.split(' ').skip(2).collect();
    let printed = oidc_exchange(words).run().exits(0).stdout();
    let comments: Vec<&str> = printed.lines().take_while(|line| line.starts_with('#')).collect();
    assert!(
        comments.len() > 2 && comments[0].starts_with("# allows") && comments[1].starts_with("# denies"),
        "{printed}"
    );
    let mut lines = Vec::new();
    for line in [typed.as_str()].into_iter().chain(comments) {
        lines.push(wrapped(line, 118));
    }
    let mut body = String::new();
    let mut y = 28;
    for parts in &lines {
        let class = class(&parts[0]);
        for part in parts {
            writeln!(body, "<text class=\"{class}\" x=\"16\" y=\"{y}\">{}</text>", escaped(part.trim_end())).unwrap();
            y += 18;
        }
    }
    let title = "oidc-exchange setup prints whom a role allows and whom it denies";
    is_kept("setup.svg", &svg(900, y, title, &body), "docs/aws.md");
}

/// The wall times over TLS of docs/speed.md, in ms: of ours, of one curl, and of the recipe.
fn times(cloud: &str) -> [f64; 3] {
    let table = SPEED.lines().skip_while(|line| *line != format!("## {cloud}, over TLS")).skip(4);
    let rows: Vec<Vec<&str>> =
        table.take_while(|line| line.starts_with('|')).map(|line| line.split('|').map(str::trim).collect()).collect();
    let of = |start: &str| {
        let row = rows.iter().find(|row| row[1].starts_with(start)).unwrap_or_else(|| panic!("{cloud}: {start}"));
        row[2].split(' ').next().unwrap().parse::<f64>().unwrap()
    };
    [of("oidc-exchange"), of("curl"), of("the recipe")]
}

/// Bars on a logarithmic axis from 1 ms to 10 s.
#[test]
fn speed_is_what_was_measured() {
    const LEFT: f64 = 190.0;
    const DECADE: f64 = 140.0;
    let along = |ms: f64| LEFT + DECADE * ms.log10();
    let mut body = String::new();
    for (index, mark) in ["1 ms", "10 ms", "100 ms", "1 s", "10 s"].into_iter().enumerate() {
        let x = along(10_f64.powi(i32::try_from(index).unwrap()));
        writeln!(body, "<line x1=\"{x:.0}\" y1=\"34\" x2=\"{x:.0}\" y2=\"274\"/>").unwrap();
        writeln!(body, "<text class=\"quiet\" x=\"{x:.0}\" y=\"26\" text-anchor=\"middle\">{mark}</text>").unwrap();
    }
    let mut y = 44.0;
    for cloud in ["aws", "gcp", "vault, 1 secret", "vault, 10 secrets"] {
        for (who, ms) in ["oidc-exchange", "curl", "the recipe"].into_iter().zip(times(cloud)) {
            let (class, width) = (if who == "oidc-exchange" { "ours" } else { "theirs" }, along(ms) - LEFT);
            let name = if who == "oidc-exchange" { cloud } else { "" };
            writeln!(body, "<text x=\"16\" y=\"{:.0}\">{name}</text>", y + 11.0).unwrap();
            writeln!(
                body,
                "<rect class=\"{class}\" data-ms=\"{ms}\" x=\"{LEFT}\" y=\"{y:.0}\" width=\"{width:.1}\" height=\"14\"/>\
                 <text x=\"{:.0}\" y=\"{:.0}\">{who}, {ms} ms</text>",
                along(ms) + 6.0,
                y + 11.0
            )
            .unwrap();
            y += 17.0;
        }
        y += 8.0;
    }
    is_kept("speed.svg", &svg(940, 290, "One exchange over TLS: wall time on a logarithmic axis", &body), "README.md");
}
