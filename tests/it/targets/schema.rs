//! docs/targets.schema.json is made from the parser's table of keys, and accepts the same files.

use std::path::Path;
use std::process::Command;

use oidc_exchange::clouds;
use oidc_exchange::plan::targets::{Keys, Takes, TargetsFile};
use serde_json::{Map, Value, json};

use super::file;
use crate::support::peers;

/// The schema, from the program's definitions.
fn schema() -> Value {
    let clouds: Map<String, Value> = clouds::ALL
        .iter()
        .map(|about| {
            let key = |key: &oidc_exchange::plan::targets::Key| {
                let takes = match key.takes {
                    Takes::Flag => json!({ "type": "boolean" }),
                    Takes::Text => json!({ "type": "string" }),
                    Takes::List => json!({ "type": "array", "items": { "type": "string" } }),
                };
                let mut takes = takes.as_object().unwrap().clone();
                takes.insert("description".into(), key.about.clone().into());
                (key.name.clone(), Value::Object(takes))
            };
            let keys: Map<String, Value> = Keys::of(about.command).unwrap().all().iter().map(key).collect();
            let table = json!({
                "type": "object",
                "description": format!("The options of oidc-exchange {}, without --", about.command),
                "properties": keys,
                "additionalProperties": false,
            });
            (about.command.to_owned(), table)
        })
        .collect();
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Targets of oidc-exchange",
        "type": "object",
        "required": ["version", "target"],
        "properties": {
            "version": { "const": 1, "type": "integer" },
            "target": {
                "type": "object",
                "minProperties": 1,
                "maxProperties": 100,
                "patternProperties": {
                    "^[a-z0-9][a-z0-9-]{0,62}$": {
                        "type": "object",
                        "description": "A target, with the keys of one cloud",
                        "minProperties": 1,
                        "maxProperties": 1,
                        "properties": clouds,
                        "additionalProperties": false,
                    },
                },
                "additionalProperties": false,
            },
        },
        "additionalProperties": false,
    })
}

#[test]
fn the_schema_is_that_of_the_parser() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/targets.schema.json");
    let made = serde_json::to_string_pretty(&schema()).unwrap() + "\n";
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(&path, &made).unwrap();
    }
    let checked_in = std::fs::read_to_string(path).unwrap_or_default();
    assert!(made == checked_in, "write it anew with UPDATE_EXPECT=1");
}

const SAMPLES: [&str; 22] = [
    "version = 1\n[target.x.aws]\n",
    "version = 1\n[target.x]\naws.role-arn = 'a'\naws.verify = true\naws.policy-arn = ['a', 'b']\n",
    "version = 1\n[target.x]\nvault = { role = 'a', secrets = [] }\n",
    "version = 1\ntarget.a.gcp.provider = 'x'\ntarget.b.azure.tenant-id = 'x'\n",
    "",
    "version = 1\n",
    "version = 2\n[target.x.aws]\n",
    "version = '1'\n[target.x.aws]\n",
    "version = 1\n[target]\n",
    "version = 1\n[target.x]\n",
    "version = 1\n[target.X.aws]\n",
    "version = 1\n[target.-x.aws]\n",
    "version = 1\n[target.x.aws]\n[target.x.gcp]\n",
    "version = 1\n[target.x.asw]\n",
    "version = 1\n[target.x.aws]\nrole_arn = 'a'\n",
    "version = 1\n[target.x.aws]\nrole-arn = 5\n",
    "version = 1\n[target.x.aws]\nrole-arn = ['a']\n",
    "version = 1\n[target.x.aws]\npolicy-arn = 'a'\n",
    "version = 1\n[target.x.aws]\npolicy-arn = [5]\n",
    "version = 1\n[target.x.aws]\nverify = 'true'\n",
    "version = 1\n[target.x.aws]\ntoken-file = 'a'\n",
    "version = 1\nx = 1\n[target.x.aws]\n",
];

/// An independent validator accepts and refuses the same files as the parser.
#[test]
fn a_validator_takes_what_the_parser_takes() {
    let many = |count: usize| {
        (0..count).fold("version = 1\n".to_owned(), |text, number| format!("{text}[target.n{number}.aws]\n"))
    };
    let mut samples: Vec<String> = SAMPLES.map(str::to_owned).to_vec();
    samples.extend([file(), many(100), many(101)]);
    let ours: Vec<bool> = samples.iter().map(|text| TargetsFile::parse("x", text).is_ok()).collect();
    let python = peers::venv("jsonschema", &["jsonschema==4.26.0"]).python();
    let script = "import json, sys, tomllib, jsonschema
schema, samples = json.load(sys.stdin)
validator = jsonschema.Draft202012Validator(schema)
print(json.dumps([validator.is_valid(tomllib.loads(sample)) for sample in samples]))";
    let mut child = Command::new(python)
        .args(["-c", script])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    serde_json::to_writer(child.stdin.take().unwrap(), &json!([schema(), samples])).unwrap();
    let output = child.wait_with_output().unwrap();
    let theirs: Vec<bool> = serde_json::from_slice(&output.stdout).unwrap();
    for ((sample, ours), theirs) in samples.iter().zip(ours).zip(theirs) {
        assert_eq!(ours, theirs, "{sample}");
    }
}
