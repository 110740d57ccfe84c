#!/usr/bin/env python3
"""Measures many jobs that start at once, with rate-limited services, and with one that is down.

    sh install.sh --to target/bench
    python3 benches/fleet.py target/bench/oidc-exchange [--write]
    python3 benches/fleet.py --simulate [--write]

Every process is started first and waits for its token on a pipe. Then all of them get it. The rate-limited services are the
sandbox's. Each answers 50 requests per second, and 50 at once after a second without requests. It refuses the others with its
provider's own message. The server that is down refuses connections for 20 s, and then answers all requests. An attempt is a line
that `-v` prints for a failure, or the end of a successful job. A relay counts the requests that reach the server after it was down.

Jobs that failed together must not retry together. The measure is the autocorrelation of attempts per 100 ms. The page also shows
it for a simulated fleet without jitter, which proves that the measure finds waves.
`--write` writes docs/load.md and its two pictures. `--simulate` needs no program: it only compares pauses in a simulation. With
`--write` it replaces that section of the page.
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

from contestants import CLIENT, PROVIDER, ROLE, TENANT
from loopback import ROOT, sandbox
from measure import processor, say
from relay import Relay

SIZES = (100, 300, 500, 2000)
SHOWN = 500  # The fleet of the pictures.
RATE = 50
DOWN = 20.0
BIN = 0.1
LAGS = range(3, 61)

# One request each, at the rate-limited service.
COMMANDS = {
    "AWS": ["aws", "--role-arn", ROLE],
    "Google": ["gcp", "--provider", PROVIDER, "--access-token", "--sts-endpoint", "{SANDBOX_GOOGLE_STS}"],
    "Azure": ["azure", "--tenant-id", TENANT, "--client-id", CLIENT, "--access-token-env", "TOKEN"],
    "Vault": ["vault", "--role", "ci"],
}


class Fleet:
    """Processes in a separate group that wait for their tokens."""

    def __init__(self, program, cloud, jobs, env):
        self.jobs, self.token = jobs, env["SEMAPHORE_OIDC_TOKEN"].encode()
        self.tokens, self.group = [], 0
        self.said, said = os.pipe()
        self.lines = []
        threading.Thread(target=self._listen, daemon=True).start()
        command = [program, *(word.format(**env) for word in COMMANDS[cloud]), "--token-file", "-", "-v"]
        for _ in range(jobs):
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
        """Records the time of each line. Lines are short enough to arrive whole."""
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
        """Yields the time and the exit code of each process as it ends."""
        for _ in range(self.jobs):
            _, status = os.waitpid(-self.group, 0)
            yield time.monotonic(), os.waitstatus_to_exitcode(status)


class Run:
    """The result of a run. Times are seconds from the moment when all jobs began."""

    def __init__(self, kind, cloud, jobs, ideal, began, ends, failures, arrivals=None):
        self.kind, self.cloud, self.jobs, self.ideal = kind, cloud, jobs, ideal
        self.succeeded = sum(code == 0 for _, code in ends)
        self.attempts = sorted(at - began for at in failures + [at for at, code in ends if code == 0])
        self.requests = (len(self.attempts) if arrivals is None else arrivals) / jobs
        self.last = max(at - began for at, _ in ends)
        self.ratio = self.last / ideal
        self.waves = Waves(self.attempts)

    @property
    def met(self):
        return self.succeeded == self.jobs and self.ratio <= 1.3 and self.requests <= 5 and not self.waves.found


class Waves:
    """The autocorrelation of counts without their trend, after the first second: its highest value at lags from 0.3 to
    6 s. In 999 of 1000 random series it is below `chance`."""

    def __init__(self, times):
        counts = bins(times)[round(1 / BIN):]
        trend = [statistics.fmean(counts[max(0, at - 10): at + 11]) for at in range(len(counts))]
        # Counts of independent arrivals vary with the square root of their mean.
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
    if not lags:
        return 0.0, 0.0
    found = {lag: sum(a * b for a, b in zip(rest, rest[lag:])) / power for lag in lags}
    lag = max(found, key=found.get)
    return found[lag], lag * BIN


def bins(times):
    counts = [0] * (int(max(times) / BIN) + 1)
    for at in times:
        counts[int(at / BIN)] += 1
    return counts


def throttled(program, cloud, jobs):
    say(f"{cloud}, throttled: starting {jobs} processes")
    with sandbox("--throttle", str(RATE)) as env:
        fleet = Fleet(program, cloud, jobs, env)
        time.sleep(3)  # Until the last of them waits, too.
        began = fleet.go()
        ends = list(fleet.ends())
    failures = [at for at, line in fleet.lines if b"trying again" in line]
    return Run("throttled", cloud, jobs, (jobs - RATE) / RATE, began, ends, failures)


def down(program, jobs):
    say(f"AWS, down: starting {jobs} processes")
    with sandbox() as env:
        port = urlsplit(env["AWS_ENDPOINT_URL_STS"]).port
        with contextlib.closing(Relay(port, listening=False)) as relay:
            fleet = Fleet(program, "AWS", jobs, {**env, "AWS_ENDPOINT_URL_STS": f"http://127.0.0.1:{relay.port}"})
            time.sleep(3)
            began = fleet.go()
            threading.Timer(DOWN, relay.listen).start()
            ends = list(fleet.ends())
            arrivals = len(relay.ledger.tally.arrivals)
    failures = [at for at, line in fleet.lines if b"trying again" in line]
    return Run("down", "AWS", jobs, DOWN, began, ends, failures, arrivals)


def simulated(jobs, pause, seed=1):
    """Attempts of a fleet with the same rate limit, in order; `pause(chance, times, failing, last)` is the next pause after
    that many failures over that many seconds and after that last pause. Jobs begin within `jobs` milliseconds."""
    chance = random.Random(seed)
    waiting = [(at, 0, at, 0.0) for at in (chance.random() * (0.1 + jobs / 1000) for _ in range(jobs))]
    heapq.heapify(waiting)
    arrivals, level, seen = [], float(RATE), 0.0
    while waiting:
        at, times, began, last = heapq.heappop(waiting)
        arrivals.append(at)
        level, seen = min(level + (at - seen) * RATE, RATE), at
        if level >= 1:
            level -= 1
        else:
            last = pause(chance, times, at - began, last)
            heapq.heappush(waiting, (at + last, times + 1, began, last))
    return arrivals


def doubling(chance, times, *_):
    """No jitter: pauses double from 0.2 to 5 s."""
    return min(0.2 * 2**times, 5) + chance.random() * 0.02


def share(least, most, first=(0.5, 1)):
    """A pause between these shares of the time since the first failure, and not shorter than the first one."""
    return lambda chance, _, failing, __: chance.uniform(max(first[0], least * failing), max(first[1], most * failing))


def powers(first, factor, cap, jitter):
    """Pauses that grow by a factor up to a cap. `jitter` is the random part of each."""
    return lambda chance, times, *_: min(first * factor**times, cap) * chance.uniform(1 - jitter, 1)


def decorrelated(least, cap):
    """Between the least pause and three times the last one."""
    return lambda chance, _, __, last: min(cap, chance.uniform(least, 3 * max(least, last)))


SCHEDULES = {
    "a third to a half of the time since the first failure": share(0.33, 0.5),
    "the same, first 0.7 to 1.2 s": share(0.33, 0.5, (0.7, 1.2)),
    "0.45 to 0.55 of that time": share(0.45, 0.55),
    "0.6 to 0.7 of that time": share(0.6, 0.7),
    "half of that time to all of it": share(0.5, 1),
    "that time to twice of it": share(1, 2),
    "0.5 to 1 s": share(0, 0),
    "5 to 6 s, as if a server asked for 5": share(0, 0, (5, 6)),
    "doubling from 0.2 to 5 s, full jitter": powers(0.2, 2, 5, 1),
    "doubling from 1 to 10 s, half of it jitter": powers(1, 2, 10, 0.5),
    "doubling from 1 to 60 s, half of it jitter": powers(1, 2, 60, 0.5),
    "half more each time, from 1 to 60 s": powers(1, 1.5, 60, 0.5),
    "decorrelated jitter, 0.5 to 20 s": decorrelated(0.5, 20),
}


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
    title = f"{one.jobs} jobs at once, {TITLES[one.kind]}: attempts per 100 ms"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img">\n'
        f"<title>{title}</title>\n"
        f"<style>{STYLE}</style>\n"
        f'<rect class="page" width="{width}" height="{height}" rx="6"/>\n'
        f'<text x="{left}" y="18">{title}</text>\n'
        f'<path class="bars" d="M{left} {floor}{steps}V{floor}Z"/>\n'
        f'<path class="axis" d="M{left} 30V{floor}H{width - 10}"/>\n'
        f'<g text-anchor="middle">{marks}<text x="{width / 2:.0f}" y="{height - 8}">seconds</text></g>\n'
        f'<g text-anchor="end"><text x="{left - 6}" y="34">{most}</text>'
        f'<text x="{left - 6}" y="{floor + 4}">0</text></g>\n'
        f"{rate if one.kind == 'throttled' else up_again}\n</svg>\n"
    )


# The colours of a light page and of a dark one.
STYLE = """text { font: 12px sans-serif; fill: #24292f } .page { fill: #f6f8fa } .bars { fill: #0969da } .axis { stroke: #57606a; fill: none }
.limit { stroke: #cf222e; stroke-dasharray: 4 3 } text.mark { fill: #cf222e }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 } .page { fill: #161b22 } .bars { fill: #4493f8 } .axis { stroke: #9198a1 }
.limit { stroke: #f85149 } text.mark { fill: #f85149 }
}"""


TITLES = {"throttled": f"STS with a limit of {RATE} requests per second", "down": f"STS down for {DOWN:.0f} s"}


def table(head, rows):
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def measured(runs):
    head = ["service", "jobs", "succeeded", "ideal, s", "last one's end, s", "× the ideal", "requests per job", "waves", "goals"]
    return table(head, [
        [one.cloud, str(one.jobs), str(one.succeeded), f"{one.ideal:.0f}", f"{one.last:.1f}", f"{one.ratio:.2f}",
         f"{one.requests:.1f}", "**found**" if one.waves.found else "none", "met" if one.met else "**missed**"]
        for one in runs
    ])


def schedules():
    rows = []
    for name, pause in SCHEDULES.items():
        cells = [name]
        for jobs in SIZES:
            fleets = [simulated(jobs, pause, seed) for seed in range(5)]
            ratio = statistics.median(fleet[-1] for fleet in fleets) / ((jobs - RATE) / RATE)
            cells.append(f"{ratio:.2f}×, {statistics.median(map(len, fleets)) / jobs:.1f}")
        rows.append(cells)
    return table(["pauses", *(f"{jobs} jobs" for jobs in SIZES)], rows)


SIMULATED = "## Other pauses, simulated\n"


def simulation():
    """The last section of the page."""
    return f"""{SIMULATED}
The first line has the pauses of this program. Each cell has the time of the last job, as a multiple of the ideal, and the requests
per job. Both are medians of five fleets. No pauses have at most 1.3× and at most 5 requests for every number of jobs.

{schedules()}
A job sees only its own failures, and not how many other jobs wait. If a fleet needs T seconds, its last jobs must return before
1.3 T. This must hold for every T. So a pause may be only a share of the time that has passed. With such pauses, a job of the largest
fleet needs more than 5 requests. With longer pauses, the server has nothing to do at the end. This command writes the section again:
`python3 benches/fleet.py --simulate --write`.
"""


def report(runs):
    blind = Waves(simulated(SHOWN, doubling))
    return f"""{processor()}; {datetime.date.today().isoformat()}.

## Against a rate limit

{measured([one for one in runs if one.kind == "throttled"])}
The goals: all jobs succeed, without waves. The last one ends within 1.3 times the ideal. A job sends at most 5 requests on average.

## Against an outage

{measured([one for one in runs if one.kind == "down"])}
A connection that is refused is not a request. All four clouds use the same code for it.

A simulated fleet without jitter, against the same rate limit, has an autocorrelation of {blind.highest:.2f} at {blind.lag:.1f} s.
By chance it would be up to {blind.chance:.2f}. So the measure finds waves if there are any.

{simulation()}"""


HEAD = f"""# Under load

`benches/fleet.py` measures and writes this page. Its docstring describes the method:

    sh install.sh --to target/bench
    python3 benches/fleet.py target/bench/oidc-exchange --write

All jobs of a fleet get their tokens at the same moment. The ideal is the shortest possible time. The rate-limited server answers {RATE}
requests at once, and then {RATE} per second. The server that is down answers all requests when it is up again.

![attempts per 100 ms against a rate limit](load-throttled.svg)

![attempts per 100 ms against a server that is down](load-down.svg)

"""


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program", nargs="?")
    parser.add_argument("--simulate", action="store_true", help="only compare schedules of pauses")
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    if bool(given.program) == given.simulate:
        parser.error("either a program or --simulate")
    page = os.path.join(ROOT, "docs", "load.md")
    if given.simulate:
        text = simulation()
        print(text)
        if given.write:
            with open(page, "r+") as file:
                before = file.read().partition(SIMULATED)[0].rstrip()
                file.seek(0)
                file.write(f"{before}\n\n{text}")
                file.truncate()
        return
    program = os.path.abspath(given.program)
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    runs = [throttled(program, cloud, jobs) for cloud in COMMANDS for jobs in SIZES]
    runs += [down(program, jobs) for jobs in SIZES]
    text = report(runs)
    print(text)
    if given.write:
        with open(page, "w") as file:
            file.write(HEAD + text)
        for kind in TITLES:
            one = next(one for one in runs if (one.kind, one.cloud, one.jobs) == (kind, "AWS", SHOWN))
            with open(os.path.join(ROOT, "docs", f"load-{kind}.svg"), "w") as file:
                file.write(picture(one))


main()
