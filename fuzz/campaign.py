#!/usr/bin/env python3
"""Fuzzes every target for a number of seconds, and writes the results as a table.

    cargo fuzz build -s none
    python3 fuzz/campaign.py 600 docs/fuzzing.md [JOBS [TARGET…]]

Run it from the root of the checkout. The targets take turns, in slices of at most a minute, JOBS of them in parallel (by default
one). So load on the machine affects all of them. If a slice fails, its target is not run again, its input stays in
fuzz/artifacts/, and the exit code is 1. fuzz/corpus/ gets the new inputs. A campaign that was interrupted continues: its
progress is in fuzz/campaign.json. Delete that file for a new campaign. If targets are named, only these run, and the table still
has all: they can get more time than the others. BIN names another directory of the built targets.
"""
import concurrent.futures
import datetime
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

FUZZ = pathlib.Path(__file__).resolve().parent
SLICE = 60
PROGRESS = FUZZ / "campaign.json"
LAST = re.compile(r"#(\d+)\s+DONE\s+cov: (\d+) ft: (\d+) corp: (\d+)/(\S+)")


def built():
    """Where cargo-fuzz puts what it has built."""
    named = os.environ.get("BIN")
    host = next(line.split()[1] for line in subprocess.check_output(["rustc", "-vV"], text=True).splitlines() if line.startswith("host:"))
    return pathlib.Path(named) if named else FUZZ / "target" / host / "release"


class Target:
    """One target's campaign so far."""

    def __init__(self, name, before):
        self.name, self.found = name, False
        self.done = before.get(name) or {"seconds": 0.0, "cpu": 0.0, "runs": 0, "last": ["0"] * 4}

    def slice(self, program, seconds):
        corpus = FUZZ / "corpus" / self.name
        corpus.mkdir(parents=True, exist_ok=True)
        command = [program, corpus, FUZZ / "seeds" / self.name, f"-max_total_time={seconds}", "-max_len=4096", f"-artifact_prefix={FUZZ}/artifacts/{self.name}-"]
        with tempfile.TemporaryFile() as log:
            began = time.monotonic()
            child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=log)
            _, status, used = os.wait4(child.pid, 0)
            took = time.monotonic() - began
            child.returncode = os.waitstatus_to_exitcode(status)
            log.seek(0)
            said = log.read().decode(errors="replace")
        last = LAST.search(said)
        if child.returncode or not last:
            print(f"{self.name} ended with {child.returncode}:\n{said[-4000:]}", flush=True)
            self.found = True
            return
        self.done["seconds"] += took
        self.done["cpu"] += used.ru_utime + used.ru_stime
        self.done["runs"] += int(last[1])
        self.done["last"] = last.groups()[1:]

    def row(self):
        done = self.done
        return f"| `{self.name}` | {done['seconds'] / 60:.1f} | {done['cpu'] / 60:.1f} | {done['runs']:,} | {' | '.join(done['last'])} |"


def report(targets):
    commit = subprocess.check_output(["git", "-C", FUZZ, "rev-parse", "--short", "HEAD"], text=True).strip()
    rows = "\n".join(target.row() for target in targets)
    total = sum(target.done["runs"] for target in targets)
    return f"""# Fuzzing: what was run

Written by `python3 fuzz/campaign.py`, on {datetime.date.today()}, at commit {commit}. [fuzz/README.md](../fuzz/README.md) explains
the targets and how to run them. {total:,} runs in all, without a panic, a failed assertion, an overflow or a token
in an error. Coverage is the number of edges. A feature is an edge with its number of executions.

| target | minutes | minutes of processor time | runs | coverage | features | inputs kept | their size |
|---|---|---|---|---|---|---|---|
{rows}
"""


def main():
    bound, page = float(sys.argv[1]), pathlib.Path(sys.argv[2])
    jobs = int(sys.argv[3]) if len(sys.argv) > 3 else 1
    named = sys.argv[4:]
    (FUZZ / "artifacts").mkdir(exist_ok=True)
    bins, seconds = built(), int(min(SLICE, bound))
    before = json.loads(PROGRESS.read_text()) if PROGRESS.exists() else {}
    targets = [Target(path.stem, before) for path in sorted((FUZZ / "fuzz_targets").glob("*.rs"))]
    if unknown := set(named) - {target.name for target in targets}:
        sys.exit(f"no such target: {' '.join(sorted(unknown))}")
    chosen = [target for target in targets if target.name in named or not named]
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        while waiting := [target for target in chosen if target.done["seconds"] < bound and not target.found]:
            list(pool.map(lambda target: target.slice(bins / target.name, seconds), waiting))
            PROGRESS.write_text(json.dumps({target.name: target.done for target in targets}))
            least = min(target.done["seconds"] for target in chosen)
            print(f"{least:.0f} s each, {sum(target.done['runs'] for target in targets):,} runs", flush=True)
    if any(target.found for target in targets):
        sys.exit(1)
    page.write_text(report(targets))


main()
