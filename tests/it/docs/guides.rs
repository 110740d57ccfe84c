//! The guides of the clouds have the same headings in the same order.

use super::blocks::pages;

const GUIDES: [&str; 4] = ["aws.md", "google.md", "azure.md", "vault.md"];

const HEADINGS: [&str; 6] =
    ["Set up", "Use in a job", "Long jobs", "Several roles or accounts", "Options and limits", "If it is refused"];

#[test]
fn headings_are_the_same() {
    let pages = pages();
    for guide in GUIDES {
        let (_, page) = pages.iter().find(|(name, _)| name == guide).unwrap();
        let headings: Vec<&str> = page.lines().filter_map(|line| line.strip_prefix("## ")).collect();
        assert_eq!(headings, HEADINGS, "{guide}");
    }
}
