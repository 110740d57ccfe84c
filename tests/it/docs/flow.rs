//! The diagram of docs/contract.md: its steps are those of docs/faults.md, and its exit codes are the program's.

use std::collections::BTreeSet;

use oidc_exchange::error::Exit;
use regex_lite::Regex;

use super::blocks::of;

const PAGE: &str = include_str!("../../../docs/contract.md");
const FAULTS: &str = include_str!("../../../docs/faults.md");

#[test]
fn it_has_every_step_and_every_exit_code() {
    let [diagram] = &of(PAGE, "mermaid")[..] else { panic!("one diagram") };
    let codes = Regex::new(r"exit ([0-9])").unwrap();
    let shown: BTreeSet<u8> = codes.captures_iter(diagram).map(|found| found[1].parse().unwrap()).collect();
    assert_eq!(shown, Exit::ALL.iter().map(|exit| exit.code()).collect());
    let head = FAULTS.lines().skip_while(|line| *line != "## Steps").nth(2).unwrap();
    let columns = head.trim_matches('|').split('|').map(str::trim).filter(|name| !name.is_empty());
    for (cloud, step) in columns.map(|name| name.split_once(": ").unwrap()) {
        let cloud = if cloud == "token" { "token --verify" } else { cloud };
        let line =
            diagram.lines().find(|line| line.contains(&format!("{cloud}:"))).unwrap_or_else(|| panic!("{cloud}"));
        assert!(line.contains(step), "{cloud}: {step}: {line}");
    }
}
