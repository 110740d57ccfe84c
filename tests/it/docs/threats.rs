//! The README's table of who can get what: every test that it names is there.

use std::fs;
use std::path::Path;

use regex_lite::Regex;

const README: &str = include_str!("../../../README.md");

#[test]
fn every_test_that_is_named_is_there() {
    let table = README.lines().skip_while(|line| *line != "| who | can | cannot | tested in |").skip(2);
    let rows: Vec<&str> = table.take_while(|line| line.starts_with("| ")).collect();
    assert!(rows.len() > 8);
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let pair = Regex::new(r"`([a-z_/]+\.rs)`: `([a-z_]+)`").unwrap();
    let file = Regex::new(r"`([a-z_/-]+\.(?:rs|sh))`").unwrap();
    let mut named = 0;
    for row in rows {
        let tests = row.trim_end_matches(" |").rsplit(" | ").next().unwrap();
        for found in file.captures_iter(tests) {
            let path = if found[1].starts_with("tests/") {
                root.join(&found[1])
            } else {
                root.join("tests/it").join(&found[1])
            };
            assert!(path.is_file(), "{}", path.display());
        }
        for found in pair.captures_iter(tests) {
            let text = fs::read_to_string(root.join("tests/it").join(&found[1])).unwrap();
            assert!(text.contains(&format!("#[test]\nfn {}()", &found[2])), "{}: {}", &found[1], &found[2]);
            named += 1;
        }
    }
    assert!(named > 10, "{named}");
}
