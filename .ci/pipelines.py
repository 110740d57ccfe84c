#!/usr/bin/env python3
"""Checks the pipelines of GitHub and Semaphore, as far as that is possible without running them.

They parse. Every command is valid in a shell, and every script that they name exists. Every action is pinned by its commit,
with its version in a comment. No script contains an expression. Only jobs have permissions, not the workflow.
"""

import pathlib
import re
import subprocess
import sys

import yaml

PINNED = re.compile(r"^[\w.-]+/[\w./-]+@[0-9a-f]{40}$")
wrong = []


def check_script(where, script):
    parsed = subprocess.run(["bash", "-n"], input=script, text=True, stderr=subprocess.PIPE)
    if parsed.returncode:
        wrong.append(f"{where}: {parsed.stderr.strip()}: {script}")
    if "${{" in script:
        wrong.append(f"{where}: an expression in a script: {script}")
    for name in re.findall(r"\b(?:sh|bash|python3) ((?:release|\.ci)/[\w./-]+)", script):
        if not pathlib.Path(name).is_file():
            wrong.append(f"{where}: there is no {name}")


def check_workflow(path):
    text = path.read_text()
    workflow = yaml.safe_load(text)
    if workflow["permissions"] != {}:
        wrong.append(f"{path}: permissions for every job")
    for name, job in workflow["jobs"].items():
        where = f"{path}, {name}"
        if "permissions" not in job or "timeout-minutes" not in job:
            wrong.append(f"{where}: no permissions or no timeout of its own")
        for step in job["steps"]:
            if "run" in step:
                check_script(where, step["run"])
                continue
            if not PINNED.match(step["uses"]) or not re.search(rf"{re.escape(step['uses'])} # v\d", text):
                wrong.append(f"{where}: not pinned by a commit, with its version beside it: {step['uses']}")
            if "/checkout@" in step["uses"] and step["with"]["persist-credentials"] is not False:
                wrong.append(f"{where}: the checkout keeps its credentials")
    return len(workflow["jobs"])


def commands(pipeline):
    for block in pipeline["blocks"]:
        task = block["task"]
        for job in task["jobs"]:
            yield from job["commands"]
        yield from task.get("epilogue", {}).get("always", {}).get("commands", [])


def check_pipeline(path):
    pipeline = yaml.safe_load(path.read_text())
    names = [block["name"] for block in pipeline["blocks"]]
    for block in pipeline["blocks"]:
        for dependency in set(block["dependencies"]) - set(names):
            wrong.append(f"{path}: there is no block {dependency}")
    for promotion in pipeline.get("promotions", []):
        if not path.with_name(promotion["pipeline_file"]).is_file():
            wrong.append(f"{path}: there is no {promotion['pipeline_file']}")
    for command in commands(pipeline):
        check_script(path, command)
    return len(names)


jobs = sum(check_workflow(path) for path in sorted(pathlib.Path(".github/workflows").glob("*.yml")))
blocks = sum(check_pipeline(path) for path in sorted(pathlib.Path(".semaphore").glob("*.yml")))
yaml.safe_load(pathlib.Path(".github/dependabot.yml").read_text())
for line in wrong:
    print(f"error: {line}", file=sys.stderr)
if wrong or not jobs or not blocks:
    sys.exit(1)
print(f"{jobs} jobs and {blocks} blocks hold what can be checked here")
