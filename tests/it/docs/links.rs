//! Every link between the pages is valid.

use std::path::Path;

use regex_lite::Regex;

use super::blocks::pages;

/// A heading's anchor, as GitHub makes it.
fn anchor(heading: &str) -> String {
    let text = heading.trim_start_matches('#').trim().to_lowercase().replace(' ', "-");
    text.chars().filter(|c| c.is_alphanumeric() || "-_".contains(*c)).collect()
}

#[test]
fn each_leads_to_a_file_and_a_heading() {
    let link = Regex::new(r"\]\(([^)#]*)(?:#([^)]+))?\)").unwrap();
    let mut followed = 0;
    for (name, page) in pages() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let place = if name == "README.md" { root.to_owned() } else { root.join("docs") };
        for found in link.captures_iter(&page).filter(|found| !found[1].starts_with("https://")) {
            let path = place.join(&found[1]);
            let text =
                if found[1].is_empty() { page.clone() } else { std::fs::read_to_string(&path).unwrap_or_default() };
            assert!(!text.is_empty(), "{name}: {}", &found[0]);
            let heading = |wanted: &str| text.lines().any(|line| line.starts_with('#') && anchor(line) == wanted);
            assert!(found.get(2).is_none_or(|wanted| heading(wanted.as_str())), "{name}: {}", &found[0]);
            followed += 1;
        }
    }
    assert!(followed > 10, "{followed}");
}
