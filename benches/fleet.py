#!/usr/bin/env python3
"""Measures 500 jobs that start at once, with an STS that limits the rate, and with one that is down.

    sh install.sh --to target/bench
    python3 benches/fleet.py target/bench/oidc-exchange [--write]

Every process is started first and waits for its token on a pipe; then all get it. The rate limit is the sandbox's:
50 requests per second, and 50 at once after a second without requests; others get AWS's error. The STS that is down refuses
connections for 20 s and then answers all requests. A relay in front of the sandbox counts requests. Attempts at a closed
port are counted by the line that `-v` prints for each.

The question is whether jobs that failed together retry together. The measure is the autocorrelation of arrivals per
100 ms. To show that it can find waves, it is also computed for a simulated fleet without jitter.
`--write` writes docs/load.md and its two pictures.
"""

import argparse
import contextlib
import datetime
import heapq
import os
import random
import resource
import statistics
import threading
import time
from urllib.parse import urlsplit

from contestants import ROLE
from loopback import ROOT, sandbox
from measure import processor, say
from relay import Relay

JOBS = 500
RATE = 50
DOWN = 20.0
BIN = 0.1
LAGS = range(3, 61)


class Fleet:
    """Processes in a separate group that wait for their tokens."""

    def __init__(self, program, env):
        self.token = env["SEMAPHORE_OIDC_TOKEN"].encode()
        self.tokens, self.group = [], 0
        self.said, said = os.pipe()
        self.lines = []
        threading.Thread(target=self._listen, daemon=True).start()
        command = [program, "aws", "--role-arn", ROLE, "--token-file", "-", "-v"]
        for _ in range(JOBS):
            theirs, ours = os.pipe()
            files = [
                (os.POSIX_SPAWN_DUP2, theirs, 0),
                (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
                (os.POSIX_SPAWN_DUP2, said, 2),
            ]
            child = os.posix_spawn(program, command, env, file_actions=files, setpgroup=self.group)
            self.group = self.group or child
            self.tokens.append(ours)
            os.close(theirs)
        os.close(said)

    def _listen(self):
        """The time of each line. Lines are short enough to arrive completely."""
        rest = b""
        while some := os.read(self.said, 1 << 16):
            now = time.monotonic()
            *lines, rest = (rest + some).split(b"\n")
            self.lines += [(now, line) for line in lines]

    def go(self):
        began = time.monotonic()
        for pipe in self.tokens:
            os.write(pipe, self.token)
            os.close(pipe)
        return began

    def ends(self):
        """The time at which each process ended, and its status."""
        for _ in range(JOBS):
            _, status = os.waitpid(-self.group, 0)
            yield time.monotonic(), os.waitstatus_to_exitcode(status)


class Run:
    """The results; times in seconds after the common start."""

    def __init__(self, name, ideal, began, ends, arrivals, attempts):
        self.name, self.ideal = name, ideal
        self.succeeded = sum(code == 0 for _, code in ends)
        self.times = sorted(at - began for at, code in ends if code == 0)
        self.arrivals = sorted(at - began for at in arrivals)
        self.attempts = sorted(at - began for at in attempts)
        self.last = max(at - began for at, _ in ends)
        self.waves = Waves(self.attempts)


class Waves:
    """The autocorrelation of counts without their trend, after the first second: its highest value at lags from 0.3 to
    6 s. In 999 of 1000 random series it is below `chance`."""

    def __init__(self, times):
        counts = bins(times)[round(1 / BIN):]
        trend = [statistics.fmean(counts[max(0, at - 10): at + 11]) for at in range(len(counts))]
        self.mean = statistics.fmean(counts)
        self.peak_to_mean = max(count / max(level, 1) for count, level in zip(counts, trend))
        # The standard deviation of counts of independent arrivals is the square root of their mean.
        rest = [(count - level) / max(level, 1) ** 0.5 for count, level in zip(counts, trend)]
        self.highest, self.lag = autocorrelation(rest)
        shuffled = []
        chance = random.Random(1)
        for _ in range(1000):
            chance.shuffle(rest)
            shuffled.append(autocorrelation(rest)[0])
        self.chance = sorted(shuffled)[998]

    @property
    def found(self):
        return self.highest > self.chance


def autocorrelation(rest):
    power = sum(value * value for value in rest) or 1
    lags = [lag for lag in LAGS if lag < len(rest) // 2]
    found = {lag: sum(a * b for a, b in zip(rest, rest[lag:])) / power for lag in lags}
    lag = max(found, key=found.get)
    return found[lag], lag * BIN


def bins(times):
    counts = [0] * (int(max(times) / BIN) + 1)
    for at in times:
        counts[int(at / BIN)] += 1
    return counts


def port_of(env):
    return urlsplit(env["AWS_ENDPOINT_URL_STS"]).port


def run(name, ideal, program, env, relay, listen_after=0.0):
    say(f"{name}: starting {JOBS} processes")
    env = {**env, "AWS_ENDPOINT_URL_STS": f"http://127.0.0.1:{relay.port}"}
    fleet = Fleet(program, env)
    time.sleep(3)  # For the last of them to wait, too.
    began = fleet.go()
    if listen_after:
        threading.Timer(listen_after, relay.listen).start()
    ends = list(fleet.ends())
    arrivals = relay.ledger.tally.arrivals
    refused = [at for at, line in fleet.lines if b"trying again" in line and at < began + listen_after]
    return Run(name, ideal, began, ends, arrivals, arrivals + refused)


def without_jitter():
    """A simulated fleet with pauses that double from 0.2 to 5 s, with the same rate limit."""
    chance = random.Random(1)
    waiting = [(chance.random() * 0.3, 0.2) for _ in range(JOBS)]
    heapq.heapify(waiting)
    arrivals, level, seen = [], float(RATE), 0.0
    while waiting:
        at, pause = heapq.heappop(waiting)
        arrivals.append(at)
        level, seen = min(level + (at - seen) * RATE, RATE), at
        if level >= 1:
            level -= 1
        else:
            heapq.heappush(waiting, (at + pause + chance.random() * 0.02, min(pause * 2, 5)))
    return arrivals


# For dark and light pages, like the other pictures (tests/it/docs/pictures.rs).
STYLE = """text { font: 12px sans-serif; fill: #24292f } .page { fill: #f6f8fa } .bars { fill: #0969da } .axis { stroke: #57606a; fill: none }
.limit { stroke: #cf222e; stroke-dasharray: 4 3 } text.mark { fill: #cf222e }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 } .page { fill: #161b22 } .bars { fill: #4493f8 } .axis { stroke: #9198a1 }
.limit { stroke: #f85149 } text.mark { fill: #f85149 }
}"""


def picture(one):
    """Attempts per 100 ms, as bars: a path with a step for each, so that the file stays small."""
    counts = bins(one.attempts)
    width, height, left, floor = 860, 220, 50, 180
    across, most = (width - left - 10) / len(counts), max(counts)
    up = (floor - 30) / most
    steps = "".join(f"V{floor - count * up:.0f}h{across:.2f}" for count in counts)
    seconds = range(0, int(len(counts) * BIN) + 1, 2)
    marks = "".join(f'<text x="{left + at / BIN * across:.0f}" y="{floor + 16}">{at}</text>' for at in seconds)
    level = floor - RATE * BIN * up
    rate = f'<path class="limit" d="M{left} {level:.0f}H{width - 10}"/>'
    # Above the last bars, which are low.
    at = f'x="{width - 10}" y="{level - 14:.0f}" text-anchor="end"'
    rate += f'<text class="mark" {at}>the limit: {RATE} requests per second</text>'
    back = left + DOWN / BIN * across
    up_again = f'<path class="limit" d="M{back:.0f} 30V{floor}"/>'
    up_again += f'<text class="mark" x="{back - 4:.0f}" y="40" text-anchor="end">the server is up again</text>'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img">\n'
        f"<title>{JOBS} jobs at once, {TITLES[one.name]}: attempts per 100 ms</title>\n<style>{STYLE}</style>\n"
        f'<rect class="page" width="{width}" height="{height}" rx="6"/>\n'
        f'<text x="{left}" y="18">{JOBS} jobs at once, {TITLES[one.name]}: attempts per 100 ms</text>\n'
        f'<path class="bars" d="M{left} {floor}{steps}V{floor}Z"/>\n'
        f'<path class="axis" d="M{left} 30V{floor}H{width - 10}"/>\n'
        f'<g text-anchor="middle">{marks}<text x="{width / 2:.0f}" y="{height - 8}">seconds</text></g>\n'
        f'<g text-anchor="end"><text x="{left - 6}" y="34">{most}</text>'
        f'<text x="{left - 6}" y="{floor + 4}">0</text></g>\n'
        f"{rate if one.name == 'throttled' else up_again}\n</svg>\n"
    )


TITLES = {"throttled": f"STS with a limit of {RATE} requests per second", "down": f"STS down for {DOWN:.0f} s"}


def report(runs):
    simulated = Waves(without_jitter())
    head = ["", *(TITLES[one.name] for one in runs), "target"]
    rows = [
        ["jobs that succeed", *(f"{one.succeeded} of {JOBS}" for one in runs), "all"],
        ["the last job ends after, s", *(f"{one.last:.1f}" for one in runs), ""],
        ["the ideal, s", *(f"{one.ideal:.1f}" for one in runs), ""],
        ["× the ideal", *(f"{one.last / one.ideal:.2f}" for one in runs), "≤ 1.5"],
        ["half of the jobs end after, s", *(f"{statistics.median(one.times):.1f}" for one in runs), ""],
        ["attempts per job", *(f"{len(one.attempts) / JOBS:.1f}" for one in runs), ""],
        ["requests that arrived", *(str(len(one.arrivals)) for one in runs), ""],
        ["most attempts in 100 ms, × the trend", *(f"{one.waves.peak_to_mean:.1f}" for one in runs), ""],
        ["highest autocorrelation", *(f"{one.waves.highest:.2f} at {one.waves.lag:.1f} s" for one in runs), ""],
        ["by chance, up to", *(f"{one.waves.chance:.2f}" for one in runs), ""],
        ["synchronised waves", *("**found**" if one.waves.found else "none" for one in runs), "none"],
    ]
    lines = [head, ["---"] * len(head), *rows]
    table = "\n".join("| " + " | ".join(line) + " |" for line in lines)
    met = all(one.succeeded == JOBS and one.last <= 1.5 * one.ideal and not one.waves.found for one in runs)
    return (
        f"{processor()}; {datetime.date.today().isoformat()}. "
        f"The targets are {'met' if met else '**missed**'}.\n\n{table}\n\n"
        f"A simulated fleet without jitter, against the same rate limit, has an autocorrelation of {simulated.highest:.2f} at "
        f"{simulated.lag:.1f} s (by chance, up to {simulated.chance:.2f}), and {simulated.peak_to_mean:.1f} times the trend "
        f"at most.\n"
    )


HEAD = f"""# Under load

`benches/fleet.py` measures and writes this page. Its docstring describes the method:

    sh install.sh --to target/bench
    python3 benches/fleet.py target/bench/oidc-exchange --write

{JOBS} jobs get their tokens at the same moment. No retry strategy can be faster than the ideal: the rate-limited server answers {RATE} requests
at once and then {RATE} per second. The server that is down answers all requests when it is up again.

![attempts per 100 ms against a rate limit](load-throttled.svg)

![attempts per 100 ms against a server that is down](load-down.svg)

"""


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program")
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    program = os.path.abspath(given.program)
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    runs = []
    with sandbox("--throttle", str(RATE)) as env:
        ideal = (JOBS - RATE) / RATE
        with contextlib.closing(Relay(port_of(env))) as relay:
            runs.append(run("throttled", ideal, program, env, relay))
    with sandbox() as env, contextlib.closing(Relay(port_of(env), listening=False)) as relay:
        runs.append(run("down", DOWN, program, env, relay, DOWN))
    text = report(runs)
    print(text)
    if given.write:
        docs = os.path.join(ROOT, "docs")
        with open(os.path.join(docs, "load.md"), "w") as file:
            file.write(HEAD + text)
        for one in runs:
            with open(os.path.join(docs, f"load-{one.name}.svg"), "w") as file:
                file.write(picture(one))


main()
