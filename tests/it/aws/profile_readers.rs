//! The shared files with their real readers. A file that the AWS CLI's library cannot parse is refused. What is
//! written is read back unchanged.

use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};

use oidc_exchange::aws::profile::ini::{self, Kind, Refused, Setting, Wanted};
use oidc_exchange::emit::ini::Value;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Value as Json, json};

use crate::support::peers;

/// botocore's readers for each file separately; null if they fail.
const BOTOCORE: &str = r"
import json, sys
from botocore.configloader import load_config, raw_config_parse
def read(path):
    try:
        return {'sections': raw_config_parse(path), 'profiles': load_config(path)['profiles']}
    except Exception:
        return None
print(json.dumps([read(path) for path in json.load(sys.stdin)]))
";

/// botocore's result for each of these files.
fn botocore(files: &[Vec<u8>]) -> Vec<Json> {
    let directory = tempfile::tempdir().unwrap();
    let paths: Vec<_> = (0..files.len()).map(|index| directory.path().join(index.to_string())).collect();
    for (path, file) in paths.iter().zip(files) {
        fs::write(path, file).unwrap();
    }
    let mut reader = Command::new(peers::aws().python())
        .args(["-X", "utf8", "-c", BOTOCORE])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    reader.stdin.take().unwrap().write_all(&serde_json::to_vec(&paths).unwrap()).unwrap();
    let output = reader.wait_with_output().unwrap();
    let read: Vec<Json> = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(read.len(), files.len());
    read
}

/// Lines that some reader interprets, in any order.
fn line() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "\\[(profile |profile  |profile\t|)?(\"ci\"|'ci'|ci|a|b|default|DEFAULT| a )\\]( ; note| # x\\])?",
        4 => "(region|output|role_arn|s3|X|Region|aws_access_key_id|ünï) ?[=:] ?[a-z]{0,3}( ;c)?",
        2 => "[ \t]{1,2}(max|min|region|\u{b}x)( ?= ?[a-z]{0,2}|)",
        1 => "[#;] ?[a-z=\\[\\]]{0,4}",
        1 => "[ -~]{0,6}",
        1 => Just(String::new()),
        1 => "[ \t\u{b}\u{c}\u{1c}\u{85}\u{a0}\u{2028}=a]{1,5}",
        1 => prop_oneof![Just("= value".to_owned()), Just("[a".to_owned()), Just("nonsense".to_owned()), Just("[]".to_owned())],
    ]
}

fn file() -> impl Strategy<Value = Vec<u8>> {
    let end = prop_oneof![8 => Just("\n"), 2 => Just("\r\n"), 1 => Just("\r")];
    let start = prop_oneof![20 => Just(&b""[..]), 1 => Just(&b"\xef\xbb\xbf"[..]), 1 => Just(&b"\xff\n"[..])];
    (
        start,
        prop_oneof![Just("[first]"), Just("[profile first]"), Just("")],
        proptest::collection::vec((line(), end), 0..9),
        any::<bool>(),
    )
        .prop_map(|(start, first, lines, ended)| {
            let mut text = [start, first.as_bytes(), b"\n"].concat();
            for (line, end) in &lines {
                text.extend_from_slice(line.as_bytes());
                text.extend_from_slice(end.as_bytes());
            }
            if !ended {
                text.truncate(text.trim_ascii_end().len());
            }
            text
        })
}

fn settings(pairs: &[(&'static str, &str)]) -> Vec<Setting> {
    pairs.iter().map(|(key, value)| (*key, Value::new(key, *value).unwrap())).collect()
}

fn shown(text: &[u8]) -> String {
    String::from_utf8_lossy(text).into_owned()
}

/// botocore also reads the written settings, and its result for other sections has not changed.
#[test]
fn what_botocore_cannot_parse_is_refused_and_what_is_written_it_reads() {
    const MANY: usize = 1_500;
    let mut runner = TestRunner::deterministic();
    let strategy = file();
    let files: Vec<Vec<u8>> = (0..MANY).map(|_| strategy.new_tree(&mut runner).unwrap().current()).collect();
    let (refused, written) = beside_botocore(&files);
    assert!(refused > 400 && written > 400, "{refused} {written}");
}

/// The suite that the AWS SDKs share for their readers of these files: the same, for each of its files.
#[test]
fn the_files_of_the_sdks_own_suite_keep_what_they_have() {
    let suite = fs::read(peers::aws_runtime().join("test-data/profile-parser-tests.json")).unwrap();
    let suite: Json = serde_json::from_slice(&suite).unwrap();
    let inputs = suite["tests"].as_array().unwrap().iter().map(|test| &test["input"]);
    let texts = inputs.flat_map(|input| [&input["configFile"], &input["credentialsFile"]]).filter_map(Json::as_str);
    let files: Vec<Vec<u8>> = texts.map(|text| text.as_bytes().to_vec()).collect();
    let (refused, written) = beside_botocore(&files);
    assert!(files.len() > 60 && refused > 20 && written > 80, "{} {refused} {written}", files.len());
}

/// Writes a profile into each of these files, and compares what botocore reads before and after. Returns the numbers of
/// refused and of written files, for each of the two kinds.
fn beside_botocore(files: &[Vec<u8>]) -> (usize, usize) {
    let (keys, config) = (
        settings(&[("aws_access_key_id", "ASIANEW"), ("aws_secret_access_key", "new/secret")]),
        settings(&[("role_arn", "arn:aws:iam::1:role/x"), ("region", "eu-west-1")]),
    );
    let mut written: Vec<(usize, Kind, Vec<u8>)> = Vec::new();
    let mut refused = Vec::new();
    for (index, file) in files.iter().enumerate() {
        for (kind, settings) in [(Kind::Credentials, &keys), (Kind::Config, &config)] {
            let profile = if index % 4 == 0 { "default" } else { "ci" };
            let wanted = Wanted { profile, settings, overwrite: true, run: "r1", ..Wanted::default() };
            match ini::set(file, kind, &wanted) {
                Ok(new) => written.push((index, kind, new.map_or_else(|| file.clone(), |new| new.text))),
                Err(Refused::Malformed(fault)) => refused.push((index, fault)),
                Err(Refused::Foreign { keys }) => panic!("{keys:?} in {:?}", shown(file)),
            }
        }
    }
    let before = botocore(files);
    for (index, fault) in &refused {
        assert!(before[*index].is_null(), "botocore parses {:?}; {fault}", shown(&files[*index]));
    }
    let after = botocore(&written.iter().map(|(_, _, new)| new.clone()).collect::<Vec<_>>());
    for ((index, kind, new), after) in written.iter().zip(&after) {
        let (file, before) = (&files[*index], &before[*index]);
        assert!(!before.is_null(), "it cannot read {:?}", shown(file));
        assert!(!after.is_null(), "it cannot read what was made of {:?}: {:?}", shown(file), shown(new));
        let profile = if index % 4 == 0 { "default" } else { "ci" };
        let (place, settings) = match kind {
            Kind::Credentials => ("sections", &keys),
            Kind::Config => ("profiles", &config),
        };
        for (key, value) in settings {
            let found = after[place][profile][*key].as_str().unwrap_or_default();
            // One in another spelling, which only other tools read, is not changed.
            let odd = ini::odd_header(file, *kind, profile).is_some();
            assert!(
                odd || value.is(found),
                "{key} of {profile} is {found:?} in {:?}, made of {:?}",
                shown(new),
                shown(file)
            );
        }
        let others = |read: &Json| {
            let mut sections = read["sections"].clone();
            sections.as_object_mut().unwrap().retain(|name, _| {
                let name = name.trim().trim_start_matches("profile").trim().trim_matches(['"', '\'']);
                name != profile
            });
            sections
        };
        assert_eq!(others(before), others(after), "{:?} became {:?}", shown(file), shown(new));
    }
    eprintln!("{} files: {} times refused, {} written", files.len(), refused.len(), written.len());
    (refused.len(), written.len())
}

/// Names by AWS's own rule, through the AWS CLI's library.
#[test]
fn every_name_that_is_taken_is_read() {
    let names = ["a", "a/b", "a%b", "a:b", "a+b@c.d-e_f", "Default", "default", "9", "%", "profile"];
    let files: Vec<Vec<u8>> = names
        .iter()
        .map(|name| {
            let settings = settings(&[("region", "eu-west-1")]);
            let wanted = Wanted { profile: name, settings: &settings, run: "r1", ..Wanted::default() };
            ini::set(b"[other]\nx = 1\n", Kind::Config, &wanted).unwrap().unwrap().text
        })
        .collect();
    for (name, read) in names.iter().zip(botocore(&files)) {
        assert_eq!(read["profiles"][*name], json!({ "region": "eu-west-1" }), "{name}: {read}");
    }
}
