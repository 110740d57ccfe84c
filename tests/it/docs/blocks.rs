//! The code blocks of a page.

use std::fs;
use std::path::Path;

/// A block: fenced, with its language, or indented, without one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Block {
    pub(super) language: String,
    pub(super) text: String,
}

/// README.md and every page of docs/, by name.
pub(super) fn pages() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let docs = fs::read_dir(root.join("docs")).unwrap().map(|entry| entry.unwrap().path());
    let docs = docs.filter(|path| path.extension().is_some_and(|extension| extension == "md"));
    let mut all: Vec<_> = docs.chain([root.join("README.md")]).collect();
    all.sort();
    let name = |path: &Path| path.file_name().unwrap().to_string_lossy().into_owned();
    all.iter().map(|path| (name(path), fs::read_to_string(path).unwrap())).collect()
}

/// The blocks of a page, in order.
pub(super) fn blocks(page: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut lines = page.lines().peekable();
    let mut blank = true;
    while let Some(line) = lines.next() {
        if let Some(language) = line.strip_prefix("```") {
            let text = lines.by_ref().take_while(|line| *line != "```").flat_map(|line| [line, "\n"]).collect();
            blocks.push(Block { language: language.to_owned(), text });
        } else if let Some(first) = line.strip_prefix("    ").filter(|_| blank) {
            let mut text = format!("{first}\n");
            while let Some(more) = lines.next_if(|line| line.starts_with("    ")) {
                text.push_str(&more[4..]);
                text.push('\n');
            }
            blocks.push(Block { language: String::new(), text });
        }
        blank = line.trim().is_empty();
    }
    blocks
}

/// Those in this language.
pub(super) fn of(page: &str, language: &str) -> Vec<String> {
    blocks(page).into_iter().filter(|block| block.language == language).map(|block| block.text).collect()
}

#[test]
fn both_kinds_are_found() {
    let page = "text\n\n    one\n    two\n\n```sh\nthree\n```\n- item\n    no block\n";
    let block = |language: &str, text: &str| Block { language: language.into(), text: text.into() };
    assert_eq!(blocks(page), [block("", "one\ntwo\n"), block("sh", "three\n")]);
    assert!(pages().len() > 6);
}
