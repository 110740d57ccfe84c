//! Every YAML block of the pages is valid, and pipelines of Semaphore follow its reference:
//! <https://docs.semaphore.io/reference/pipeline-yaml>

use serde_json::Value;

use super::agent::Job;
use super::blocks::{of, pages};
use crate::support::{Program, peers};

const READ: &str = "import json, sys, yaml; json.dump(yaml.safe_load(sys.stdin), sys.stdout)";

/// YAML in another implementation: `PyYAML`, which comes with the AWS CLI. It reads a bare `on` as true.
pub(super) fn read(text: &str) -> Value {
    let output = Program::new(peers::aws().python(), ["-c", READ]).stdin(text).run();
    output.exits(0);
    serde_json::from_str(&output.stdout()).unwrap()
}

fn list<'v>(of: &'v Value, key: &str) -> Vec<&'v Value> {
    of[key].as_array().into_iter().flatten().collect()
}

fn texts(of: &Value, key: &str) -> Vec<String> {
    list(of, key)
        .iter()
        .map(|text| text.as_str().unwrap_or_else(|| panic!("{text} is no command")).to_owned())
        .collect()
}

/// The jobs of a pipeline, with the prologues and epilogues that each has.
pub(super) fn jobs(pipeline: &Value) -> Vec<(String, Job)> {
    let mut jobs = Vec::new();
    for block in list(pipeline, "blocks") {
        let task = &block["task"];
        let places = [&pipeline["global_job_config"], task];
        let before: Vec<String> = places.iter().flat_map(|place| texts(&place["prologue"], "commands")).collect();
        let after =
            places.iter().rev().flat_map(|place| texts(&place["epilogue"]["always"], "commands")).collect::<Vec<_>>();
        let pair = |entry: &&Value| Some((entry["name"].as_str()?.to_owned(), entry["value"].as_str()?.to_owned()));
        let variables: Vec<(String, String)> =
            places.iter().flat_map(|place| list(place, "env_vars")).filter_map(|entry| pair(&entry)).collect();
        for job in list(task, "jobs") {
            let commands = [before.clone(), texts(job, "commands")].concat();
            let name = job["name"].as_str().unwrap().to_owned();
            jobs.push((name, Job { commands, epilogue: after.clone(), variables: variables.clone() }));
        }
    }
    assert!(!jobs.is_empty());
    jobs
}

/// Keys that the reference has, and no others.
#[track_caller]
fn has_only(value: &Value, keys: &[&str], place: &str) {
    for key in value.as_object().unwrap_or_else(|| panic!("{place}: no map")).keys() {
        assert!(keys.contains(&key.as_str()), "{place}: {key}");
    }
}

const PIPELINE: [&str; 7] =
    ["version", "name", "agent", "execution_time_limit", "global_job_config", "blocks", "promotions"];

fn check(pipeline: &Value, place: &str) {
    has_only(pipeline, &PIPELINE, place);
    let blocks = list(pipeline, "blocks");
    let names: Vec<&Value> = blocks.iter().map(|block| &block["name"]).collect();
    let ordered = blocks.iter().any(|block| block.get("dependencies").is_some());
    for block in &blocks {
        has_only(block, &["name", "dependencies", "run", "task"], place);
        assert_eq!(
            ordered,
            block.get("dependencies").is_some(),
            "{place}: dependencies are for all blocks or for none"
        );
        assert!(list(block, "dependencies").iter().all(|name| names.contains(name)), "{place}");
        has_only(&block["task"], &["agent", "prologue", "epilogue", "env_vars", "secrets", "jobs"], place);
        for job in list(&block["task"], "jobs") {
            has_only(job, &["name", "commands", "parallelism"], place);
        }
    }
    for (name, job) in jobs(pipeline) {
        for command in job.commands.iter().chain(&job.epilogue) {
            let output = Program::new("/bin/bash", ["-n"]).stdin(command.as_str()).run();
            assert!(output.code == Some(0), "{place}, {name}: {}", output.describe());
        }
    }
}

#[test]
fn every_block_is_yaml_and_every_pipeline_is_one() {
    let mut pipelines = 0;
    for (page, text) in pages() {
        let blocks = of(&text, "yaml");
        for block in &blocks {
            let read = read(block);
            assert!(read.is_object(), "{page}: {block}");
            let is_of_kubernetes = read.get("apiVersion").is_some();
            if page == "other-ci.md" || is_of_kubernetes {
                continue;
            }
            check(&read, &page);
            pipelines += 1;
            let whole = ["version", "name", "agent"].iter().all(|key| read.get(key).is_some());
            assert!(whole, "{page}: {block}");
            for promotion in list(&read, "promotions") {
                let file = format!("# .semaphore/{}\n", promotion["pipeline_file"].as_str().unwrap());
                assert!(blocks.iter().any(|block| block.starts_with(&file)), "{page}: {file}");
            }
        }
    }
    assert!(pipelines > 7, "{pipelines}");
}
