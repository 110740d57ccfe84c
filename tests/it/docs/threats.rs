//! The table "who can get what" in docs/security.md: each entry of "cannot" has its tests.

use std::fs;
use std::path::Path;

use regex_lite::Regex;

const PAGE: &str = include_str!("../../../docs/security.md");

/// The entries of "cannot", and their tests, in the same order.
fn claims<'r>(row: &'r str) -> Vec<(&'r str, &'r str)> {
    let columns: Vec<&'r str> = row.split('|').map(str::trim).collect();
    let [_, _, _, cannot, tests, _] = columns[..] else { panic!("another number of columns: {row}") };
    let parts = |text: &'r str| text.split("; ").filter(|part| !part.is_empty());
    assert_eq!(parts(cannot).count(), parts(tests).count(), "a claim without a test: {row}");
    parts(cannot).zip(parts(tests)).collect()
}

#[test]
fn each_claim_has_tests_that_are_there() {
    let table = PAGE.lines().skip_while(|line| *line != "| who | can | cannot | tested in |").skip(2);
    let rows: Vec<&str> = table.take_while(|line| line.starts_with("| ")).collect();
    assert!(rows.len() > 8);
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let test = Regex::new(r"`([a-z0-9_/]+\.rs)`: `([a-z0-9_]+)`|`(tests/[a-z_/-]+\.sh)`").unwrap();
    let mut named = 0;
    for (claim, tests) in rows.into_iter().flat_map(claims) {
        let found: Vec<_> = test.captures_iter(tests).collect();
        let whole: usize = found.iter().map(|one| one[0].len()).sum();
        assert!(!found.is_empty(), "no test for: {claim}");
        // Only tests and separators.
        assert_eq!(tests.len(), whole + 2 * (found.len() - 1), "{tests}");
        for one in found {
            if let Some(script) = one.get(3) {
                assert!(root.join(script.as_str()).is_file(), "{}", script.as_str());
                continue;
            }
            let path = root.join("tests/it").join(&one[1]);
            let source = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            assert!(source.contains(&format!("#[test]\nfn {}()", &one[2])), "{}: {}", &one[1], &one[2]);
            named += 1;
        }
    }
    assert!(named > 20, "{named}");
}
