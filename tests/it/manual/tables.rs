//! The tables of exit codes (README) and of variables (docs/environment.md) equal those of the code.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use oidc_exchange::error::Exit;
use regex_lite::Regex;

use crate::support::oidc_exchange;

const README: &str = include_str!("../../../README.md");
const ENVIRONMENT: &str = include_str!("../../../docs/environment.md");

#[test]
fn every_exit_code_stands_in_the_readme() {
    let row = |exit: Exit| format!("| {} | {} |", exit.code(), exit.meaning());
    let table = README.lines().skip_while(|line| *line != "| exit | meaning |").skip(2);
    let rows: Vec<&str> = table.take_while(|line| line.starts_with("| ") && !line.starts_with("| other")).collect();
    assert_eq!(rows, Exit::ALL.map(row));
    assert!(Exit::ALL.iter().enumerate().all(|(index, exit)| usize::from(exit.code()) == index), "none is left out");
}

/// Calls without a literal name: the file, the expression, and its possible names. Another such place fails the test
/// until it is listed here.
const ELSEWHERE: [(&str, &str, &[&str]); 15] = [
    ("aws/question.rs", "name", &["AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL"]),
    ("aws/registry/mod.rs", "own", &["AWS_ENDPOINT_URL_ECR", "AWS_ENDPOINT_URL_ECR_PUBLIC"]),
    ("aws/shared_files.rs", "self.variable", &["AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"]),
    ("azure/az.rs", "CONFIG_DIR", &["AZURE_CONFIG_DIR"]),
    ("azure/az.rs", "EXTENSION_DIR", &["AZURE_EXTENSION_DIR"]),
    ("google/exports.rs", "&PROJECT", &PROJECT),
    ("google/exports.rs", "BOTO_CONFIG", &["BOTO_CONFIG"]),
    ("google/exports.rs", "GCLOUD_CONFIG", &["CLOUDSDK_CONFIG"]),
    ("http/trust.rs", "variable", &[]), // named by its callers: see CALLS
    ("plan/aws_request.rs", "variable", &["AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL"]),
    (
        "registry/callers.rs",
        "name",
        &["DOCKER_AUTH_CONFIG", "REGISTRY_AUTH_FILE", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "HOME"],
    ),
    ("subject/mod.rs", "name.as_str()", &["SEMAPHORE_OIDC_TOKEN"]),
    ("vault/client_command.rs", "name", &[]), // as in vault/settings.rs
    ("vault/settings.rs", "bao", &[]),        // likewise
    ("vault/settings.rs", "name", &[]),       // likewise
];

const PROJECT: [&str; 5] =
    ["CLOUDSDK_CORE_PROJECT", "CLOUDSDK_PROJECT", "GCLOUD_PROJECT", "GCP_PROJECT", "GOOGLE_CLOUD_PROJECT"];

/// Calls that read the variables with a literal name.
const CALLS: [&str; 3] = [
    r"env\s*\.\s*(?:get|raw|first)\(\s*([^;]*?)\)",
    r#"from_variable\(\s*env,\s*("[A-Z_]+")\s*\)"#,
    r"\w\(\s*env,\s*(?:reader,\s*)?((?:\[[^\]]*\],?\s*)+)",
];

/// Documented variables that are read by a list of names, with the settings of the AWS SDKs.
const BY_THE_SDK: [&str; 3] =
    ["AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"];

/// Every variable whose value the program reads.
fn read_by_the_code() -> BTreeSet<String> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let literal = Regex::new(r#""([^"]+)""#).unwrap();
    let mut names = BTreeSet::new();
    let mut elsewhere = BTreeSet::new();
    for path in files(&source, "rs") {
        let file = path.strip_prefix(&source).unwrap().to_str().unwrap().to_owned();
        let code = code(&path);
        for call in CALLS.map(|pattern| Regex::new(pattern).unwrap()) {
            for found in call.captures_iter(&code).map(|captures| captures[1].to_owned()) {
                let written: Vec<String> = literal.captures_iter(&found).map(|name| name[1].to_owned()).collect();
                if written.is_empty() && file != "host.rs" {
                    elsewhere.insert((file.clone(), found.replace("as_str(", "as_str()")));
                }
                names.extend(written);
            }
        }
        for (_, _, listed) in ELSEWHERE.iter().filter(|(known, ..)| *known == file) {
            for name in *listed {
                assert!(code.contains(&format!("\"{name}\"")), "{file} no longer has {name}");
                names.insert((*name).to_owned());
            }
        }
    }
    let listed = ELSEWHERE.iter().map(|(file, what, _)| ((*file).to_owned(), (*what).to_owned())).collect();
    assert_eq!(elsewhere, listed, "the places where a name is not written in the call that reads it");
    names
}

/// A file's code: neither its comments nor its tests.
fn code(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    let code = text.split("#[cfg(test)]").next().unwrap_or_default();
    code.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

fn files(directory: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.is_dir() {
            found.extend(files(&entry, extension));
        } else if entry.extension().is_some_and(|it| it == extension) {
            found.push(entry);
        }
    }
    found
}

#[test]
fn every_variable_that_is_read_is_documented() {
    let docs = files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("docs"), "md");
    let docs: String = docs.iter().map(|path| fs::read_to_string(path).unwrap()).chain([README.to_owned()]).collect();
    let read = read_by_the_code();
    assert!(read.len() > 40, "{read:?}");
    // docs/vault.md lists a setting once for both prefixes.
    let setting = |name: &str| name.strip_prefix("BAO_").or(name.strip_prefix("VAULT_")).unwrap_or(name).to_owned();
    let is_there = |name: &str| Regex::new(&format!(r"\b{name}\b")).unwrap().is_match(&docs);
    let missing: Vec<&String> = read.iter().filter(|name| !is_there(name) && !is_there(&setting(name))).collect();
    assert_eq!(missing, Vec::<&String>::new());
}

/// The manual page names every variable that is read, and no other.
#[test]
fn the_manual_page_has_the_variables() {
    let page = oidc_exchange(["man"]).run().exits(0).stdout();
    let section = page.split_once("\n.SH ENVIRONMENT\n").unwrap().1.split("\n.SH ").next().unwrap();
    let tags = section.lines().filter_map(|line| line.strip_prefix("\\fB")?.strip_suffix("\\fR"));
    let name = Regex::new(r"\b[A-Za-z][A-Za-z_]{3,}\b").unwrap();
    let on_page: BTreeSet<String> =
        tags.flat_map(|tag| name.find_iter(tag).map(|found| found.as_str().to_owned()).collect::<Vec<_>>()).collect();
    let mut read = read_by_the_code();
    read.extend(BY_THE_SDK.map(str::to_owned));
    let read: BTreeSet<String> = read.into_iter().map(|name| name.replace("BAO_", "VAULT_")).collect();
    assert_eq!(on_page, read);
    assert!(page.contains("\n.SH FILES\n"));
}

#[test]
fn every_variable_of_the_page_is_read() {
    let table = ENVIRONMENT.lines().skip_while(|line| *line != "| variable | for |").skip(2);
    let rows = table.take_while(|line| line.starts_with("| "));
    let name = Regex::new(r"`([A-Z][A-Z_]+)`").unwrap();
    let first = |row: &str| row.split('|').nth(1).unwrap_or_default().to_owned();
    let documented: BTreeSet<String> = rows
        .flat_map(|row| name.captures_iter(&first(row)).map(|found| found[1].to_owned()).collect::<Vec<_>>())
        .collect();
    assert!(documented.len() > 20, "{documented:?}");
    let mut read = read_by_the_code();
    read.extend(BY_THE_SDK.map(str::to_owned));
    assert_eq!(documented.difference(&read).collect::<Vec<_>>(), Vec::<&String>::new());
}
