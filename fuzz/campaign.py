#!/usr/bin/env python3
"""Fuzzes every target in turn, each for so many seconds of processor time, and writes what came of it as a table.

    cargo fuzz build -s none
    python3 fuzz/campaign.py 600 docs/fuzzing.md

from the top of the checkout. The targets run in slices, one after the other, so that a machine that is busy for a while
is so for all of them; a target whose slice does not end well is run no further, its input stays in fuzz/artifacts/, and the
exit code is 1. What the slices grow is in fuzz/corpus/. A campaign that was stopped goes on where it was: what it has
done is in fuzz/campaign.json, which is to be deleted for a new one. BIN names another place of the built targets.
"""
import datetime
import json
import os
import pathlib
import re
import resource
import subprocess
import sys

FUZZ = pathlib.Path(__file__).resolve().parent
SLICE = 60
PROGRESS = FUZZ / "campaign.json"
LAST = re.compile(r"#(\d+)\s+DONE\s+cov: (\d+) ft: (\d+) corp: (\d+)/(\S+)")


def built():
    """Where cargo-fuzz puts what it has built."""
    named = os.environ.get("BIN")
    host = next(line.split()[1] for line in subprocess.check_output(["rustc", "-vV"], text=True).splitlines() if line.startswith("host:"))
    return pathlib.Path(named) if named else FUZZ / "target" / host / "release"


def used():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


class Target:
    """One target's campaign so far."""

    def __init__(self, name, before):
        self.name, self.found = name, False
        self.done = before.get(name) or {"seconds": 0.0, "runs": 0, "last": ["0"] * 4}

    @property
    def seconds(self):
        return self.done["seconds"]

    @property
    def runs(self):
        return self.done["runs"]

    def slice(self, program):
        corpus = FUZZ / "corpus" / self.name
        corpus.mkdir(parents=True, exist_ok=True)
        command = [program, corpus, FUZZ / "seeds" / self.name, f"-max_total_time={SLICE}", "-max_len=4096", f"-artifact_prefix={FUZZ}/artifacts/{self.name}-"]
        before = used()
        ended = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, errors="replace")
        self.done["seconds"] += used() - before
        last = LAST.search(ended.stderr)
        if ended.returncode or not last:
            print(f"{self.name} ended with {ended.returncode}:\n{ended.stderr[-4000:]}", flush=True)
            self.found = True
            return
        self.done["runs"] += int(last[1])
        self.done["last"] = last.groups()[1:]

    def row(self):
        return f"| `{self.name}` | {self.seconds / 60:.1f} | {self.runs:,} | {self.runs / self.seconds:,.0f} | {' | '.join(self.done['last'])} |"


def report(targets):
    commit = subprocess.check_output(["git", "-C", FUZZ, "rev-parse", "--short", "HEAD"], text=True).strip()
    rows = "\n".join(target.row() for target in targets)
    total = sum(target.runs for target in targets)
    return f"""# Fuzzing: what was run

Written by `python3 fuzz/campaign.py`, on {datetime.date.today()}, at commit {commit}. [fuzz/README.md](../fuzz/README.md) says what
the targets are and how to run them. {total:,} runs in all, without a panic, a failed assertion, an overflow or a token
in an error; coverage counts edges, a feature is an edge with how often it was taken.

| target | processor time, min | runs | runs a second | coverage | features | inputs kept | their size |
|---|---|---|---|---|---|---|---|
{rows}
"""


def main():
    bound, page = float(sys.argv[1]), pathlib.Path(sys.argv[2])
    (FUZZ / "artifacts").mkdir(exist_ok=True)
    bins = built()
    before = json.loads(PROGRESS.read_text()) if PROGRESS.exists() else {}
    targets = [Target(path.stem, before) for path in sorted((FUZZ / "fuzz_targets").glob("*.rs"))]
    while waiting := [target for target in targets if target.seconds < bound and not target.found]:
        for target in waiting:
            target.slice(bins / target.name)
            PROGRESS.write_text(json.dumps({target.name: target.done for target in targets}))
        if not any(target.found for target in targets):
            page.write_text(report(targets))
        print(f"{min(target.seconds for target in waiting):.0f} s each, {sum(target.runs for target in targets):,} runs", flush=True)
    sys.exit(any(target.found for target in targets))


main()
