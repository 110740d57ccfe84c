//! release/repository contains the project's address. Every file for readers uses it, and `UPDATE_EXPECT=1` rewrites
//! them. No release is made from a clone of another repository.

use std::fs;
use std::path::{Path, PathBuf};

use regex_lite::{Captures, Regex};

use crate::support::{Output, Program, Scratch};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// The forms of the address: the text before it, and the text after it. The fourth is the owner and the name only.
const FORMS: [&str; 5] = [
    r"(https://github\.com/)([\w.-]+/[\w.-]+)(/releases/)",
    r"(https://raw\.githubusercontent\.com/)([\w.-]+/[\w.-]+)(/main/docs/)",
    r#"(?m)(^repository = "https://github\.com/)([\w.-]+/[\w.-]+)(")"#,
    r"(gh attestation verify [^\n]* --repo )([\w.-]+/[\w.-]+)()",
    r"(https://github\.com/)(OWNER/REPOSITORY)()",
];

/// The owner and the name, as GitHub writes them.
fn project() -> String {
    let address = fs::read_to_string(Path::new(ROOT).join("release/repository")).unwrap();
    address.strip_prefix("https://github.com/").and_then(|rest| rest.strip_suffix('\n')).unwrap().to_owned()
}

/// The files that a reader or a registry sees.
fn files() -> Vec<PathBuf> {
    let root = Path::new(ROOT);
    let listed = |place: &str| fs::read_dir(root.join(place)).unwrap().map(|entry| entry.unwrap().path());
    let text =
        |path: &PathBuf| path.extension().is_some_and(|end| ["md", "toml", "json"].iter().any(|kind| end == *kind));
    let mut all: Vec<_> = listed("").chain(listed("docs")).chain(listed("release")).filter(text).collect();
    all.extend(listed("fuzz/seeds/targets_file").filter(|path| path.is_file()));
    all.sort();
    all
}

/// The text with the project's address in each place, and how many there are.
fn with(text: &str, project: &str) -> (String, usize) {
    let mut places = 0;
    let text = FORMS.iter().fold(text.to_owned(), |text, form| {
        let form = Regex::new(form).unwrap();
        places += form.find_iter(&text).count();
        form.replace_all(&text, |found: &Captures<'_>| format!("{}{project}{}", &found[1], &found[3])).into_owned()
    });
    (text, places)
}

#[test]
fn every_mention_is_the_one_in_the_file() {
    let (project, mut mentions) = (project(), 0);
    for path in files() {
        let Ok(text) = fs::read_to_string(&path) else { continue };
        let (right, places) = with(&text, &project);
        mentions += places;
        if right != text {
            let update = std::env::var_os("UPDATE_EXPECT").is_some();
            assert!(update, "{} names another repository: run it with UPDATE_EXPECT=1", path.display());
            fs::write(path, right).unwrap();
        }
    }
    assert!(mentions > 6, "{mentions}");
}

#[test]
fn each_form_is_seen() {
    let page = "https://github.com/a/b/releases/x https://raw.githubusercontent.com/a/b/main/docs/y\n\
        repository = \"https://github.com/a/b\"\ngh attestation verify FILE --repo a/b\n https://github.com/docker/cli and --repo web";
    let (text, places) = with(page, "c.d/e-f");
    assert_eq!((text, places), (page.replace("a/b", "c.d/e-f"), 4));
}

/// release/check-tag.sh in a clone whose origin is this.
fn checked(address: &str, origin: Option<&str>, variables: &[(&str, &str)]) -> Output {
    let scratch = Scratch::new();
    let root = Path::new(ROOT);
    scratch.script("release/check-tag.sh", &fs::read_to_string(root.join("release/check-tag.sh")).unwrap());
    scratch.write("release/repository", address);
    scratch.write("Cargo.toml", "version = \"1.2.3\"\n");
    scratch.write("CHANGELOG.md", "# Changelog\n\n## 1.2.3 (2026-01-01)\n\n- A change.\n");
    let origin = origin.map_or(String::new(), |origin| format!("git remote add origin '{origin}' && "));
    let script = format!("git init -q . && {origin}sh release/check-tag.sh v1.2.3");
    let program = Program::new("/bin/sh", ["-c", &script]).within(scratch);
    variables.iter().fold(program, |program, (name, value)| program.env(name, value)).run()
}

#[test]
fn a_release_is_made_from_that_repository_only() {
    const HERE: &str = "https://git.example/team/tool\n";
    for same in [
        "https://git.example/team/tool",
        "https://git.example/team/tool.git",
        "https://git.example/Team/Tool/",
        "https://someone@git.example/team/tool.git",
        "ssh://git@git.example/team/tool.git",
        "ssh://git@git.example:22/team/tool",
        "git@git.example:team/tool.git",
        "git@git.example:/team/tool",
    ] {
        checked(HERE, Some(same), &[]).exits(0).stdout_is("\n- A change.\n");
    }
    for other in [
        "https://git.example/team/tools",
        "https://git.example/other/tool",
        "https://git.example.org/team/tool",
        "https://other.example/git.example/team/tool",
        "git@git.example:fork/tool.git",
        "/srv/team/tool",
    ] {
        let output = checked(HERE, Some(other), &[]);
        assert!(output.exits(1).stderr().contains("change release/repository"), "{}", output.describe());
    }
    let output = checked(HERE, None, &[]);
    assert!(output.exits(1).stderr().contains("no remote `origin`"), "{}", output.describe());
    for bad in
        ["", "git.example/team/tool", "http://git.example/team/tool", "https://git.example/a b/c", "https://x/y/z\nq\n"]
    {
        let output = checked(bad, Some("https://git.example/team/tool"), &[]);
        assert!(output.exits(1).stderr().contains("one line, an https address"), "{}", output.describe());
    }
}

/// GitHub's own variables come before the origin.
#[test]
fn a_workflow_is_compared_by_its_variables() {
    let github = |name| [("GITHUB_SERVER_URL", "https://github.com"), ("GITHUB_REPOSITORY", name)];
    let origin = Some("https://github.com/team/tool");
    checked("https://github.com/team/tool\n", origin, &github("team/tool")).exits(0);
    let output = checked("https://github.com/team/tool\n", origin, &github("fork/tool"));
    assert!(output.exits(1).stderr().contains("a clone of github.com/fork/tool"), "{}", output.describe());
}
