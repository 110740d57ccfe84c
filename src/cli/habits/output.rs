//! The meaning of the value of `--output`: a file, standard output, or a mistake.

use std::path::{Component, Path};

use clap::ValueEnum;

use super::row;
use super::table::VALUES;
use crate::cli::{AwsAnswer, TokenAnswer, VaultAnswer};
use crate::emit::Format;

/// The meaning of the value of `--output`.
#[derive(Debug, PartialEq, Eq)]
pub enum Place {
    /// A file.
    File,
    /// Standard output: `-`, or a system path for it.
    Stdout,
    /// A device or a stream, which cannot be replaced.
    Device,
    /// A format by mistake, as in the AWS CLI; the suggestion.
    Form(String),
}

/// Words that are neither formats nor file names.
const STREAMS: &[&str] = &["stdout", "stderr", "console", "terminal", "off", "none", "disable"];

/// The meaning of `word` as the value of `--output`. If a mistake were used as a file name, a caller that evaluates
/// standard output would continue without credentials.
#[must_use]
pub fn place(word: &Path) -> Place {
    let Some(text) = word.to_str() else { return Place::File };
    let small = text.to_ascii_lowercase();
    if text == "-" || is_stdout(word) {
        Place::Stdout
    } else if is_device(word) {
        Place::Device
    } else if STREAMS.contains(&small.as_str()) {
        Place::Form("leave `--output` out: standard output is the default".into())
    } else if let Some(instead) = form(&small) {
        Place::Form(instead)
    } else {
        Place::File
    }
}

/// The suggestion in place of `--output WORD`, if WORD is a value of `--format` or similar to one.
fn form(word: &str) -> Option<String> {
    fn names<V: ValueEnum>() -> Vec<String> {
        V::value_variants().iter().filter_map(V::to_possible_value).map(|value| value.get_name().to_owned()).collect()
    }
    let of = |names: Vec<String>, whose: &str| {
        names.iter().any(|name| name == word).then(|| format!("write `--format {word}`{whose}"))
    };
    of(names::<Format>(), "")
        .or_else(|| of(names::<TokenAnswer>(), ", of `aws`, `gcp` or `azure`"))
        .or_else(|| of(names::<AwsAnswer>(), ", of `aws`"))
        .or_else(|| of(names::<VaultAnswer>(), ", of `vault`"))
        // `.env` is more likely a file name.
        .or_else(|| row(VALUES, "--format", word).filter(|_| !word.starts_with('.')).map(|row| row.instead.to_owned()))
}

/// The path components below the root, without `.` and empty ones.
fn below_root(path: &Path) -> Option<Vec<&str>> {
    let mut parts = path.components();
    (parts.next() == Some(Component::RootDir)).then(|| parts.filter_map(|part| part.as_os_str().to_str()).collect())
}

fn is_stdout(path: &Path) -> bool {
    matches!(
        below_root(path).as_deref(),
        Some(["dev", "stdout"] | ["dev", "fd", "1"] | ["proc", "self" | "thread-self", "fd", "1"])
    )
}

/// Only memory file systems contain regular files there.
fn is_device(path: &Path) -> bool {
    match below_root(path).as_deref() {
        Some(["dev", "shm" | "mqueue", _, ..]) => false,
        Some(["dev" | "proc" | "sys", ..]) => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(word: &str) -> Place {
        place(Path::new(word))
    }

    #[test]
    fn a_form_is_no_file() {
        for value in Format::value_variants().iter().filter_map(Format::to_possible_value) {
            assert_eq!(of(value.get_name()), Place::Form(format!("write `--format {}`", value.get_name())));
        }
        for row in VALUES.iter().filter(|row| row.within == "--format") {
            for word in row.typed.split(' ').filter(|word| !word.starts_with('.')) {
                assert_eq!(of(word), Place::Form(row.instead.to_owned()), "{word}");
                assert_eq!(of(&word.to_ascii_uppercase()), of(word), "{word}");
                assert_eq!(of(&format!("./{word}")), Place::File, "{word}");
            }
        }
        assert_eq!(of("raw"), Place::Form("write `--format raw`, of `vault`".into()));
        assert_eq!(of("Process"), Place::Form("write `--format process`, of `aws`".into()));
        for stream in STREAMS {
            assert!(matches!(of(stream), Place::Form(_)));
        }
    }

    #[test]
    fn a_stream_is_no_file() {
        for stdout in ["-", "/dev/stdout", "//dev//./stdout", "/dev/fd/1", "/proc/self/fd/1", "/proc/thread-self/fd/1"]
        {
            assert_eq!(of(stdout), Place::Stdout, "{stdout}");
        }
        for device in ["/dev/stderr", "/dev/null", "/dev/fd/2", "/dev/tty", "/proc/self/fd/2", "/proc/1/fd/1", "/dev"] {
            assert_eq!(of(device), Place::Device, "{device}");
        }
        for file in [".env", "aws.env", "json.txt", "/tmp/json", "dev/stdout", "/dev/shm/x", "/devices/x", "out/-", ""]
        {
            assert_eq!(of(file), Place::File, "{file}");
        }
    }
}
