"""Writes the measurements as tables."""

import os
from statistics import median, median_high

from loopback import ROOT
from measure import processor, spread

LARGEST = 6_000_000
UNIT = 1024 * 1024


def table(head, rows):
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def count(values):
    """A number, with its range if it varied."""
    low, high = min(values), max(values)
    return str(low) if low == high else f"{median_high(values)} ({low}–{high})"


def times(value, ours):
    return f"{value / ours:.1f}" if value / ours >= 10 else f"{value / ours:.2f}"


def peak(contestant):
    return f"{contestant.peak:.1f}" if contestant.peak else "–"


def furthest(pair):
    """The most frequent number of a contestant's data round trips."""
    return median_high(round_trips for _, _, round_trips in pair[1].counts)


def race_table(race):
    head = ["", "wall, ms", "CPU, ms", "wall with 25 ms each way", "peak memory, MiB"]
    head += ["requests"] * (race.scheme == "http") + ["connections", "round trips"]
    head += ["wall, × ours", "CPU, × ours", "far wall, × ours"]
    near, far = race.row("ours")
    ours = median(near.walls), median(near.cpus), median(far.walls)
    rows = []
    for near, far in race.rows():
        requests, connections, round_trips = zip(*far.counts)
        row = [near.name, spread(near.walls), spread(near.cpus), spread(far.walls)]
        row += [peak(near)]
        row += [count(requests)] * (race.scheme == "http") + [count(connections), count(round_trips)]
        row += [times(median(near.walls), ours[0]), times(median(near.cpus), ours[1]), times(median(far.walls), ours[2])]
        rows.append(row)
    return table(head, rows)


def start_table(contestants):
    """Runs that send nothing; the first is that of oidc-exchange."""
    ours = median(contestants[0].walls), median(contestants[0].cpus)
    head = ["", "wall, ms", "CPU, ms", "peak memory, MiB", "wall, × ours", "CPU, × ours"]
    rows = []
    for one in contestants:
        ratios = [times(median(one.walls), ours[0]), times(median(one.cpus), ours[1])]
        rows.append([one.name, spread(one.walls), spread(one.cpus), peak(one), *ratios])
    return table(head, rows)


class Result:
    def __init__(self, races, kept, starts, size, sizes, checked, turns, date):
        self.races, self.kept, self.starts, self.size, self.sizes = races, kept, starts, size, sizes
        self.checked, self.turns, self.date = checked, turns, date

    def race(self, cloud, scheme):
        return next((race for race in self.races if (race.cloud, race.scheme) == (cloud, scheme)), None)

    def ratios(self, cloud, scheme, role):
        """Wall time, CPU time and distant wall time of the contestant with that role, divided by those of oidc-exchange."""
        race = self.race(cloud, scheme)
        ours, other = (race.row("ours"), race.row(role)) if race else (None, None)
        if not other:
            return None
        pairs = [(other[0].walls, ours[0].walls), (other[0].cpus, ours[0].cpus), (other[1].walls, ours[1].walls)]
        return [median(theirs) / median(own) for theirs, own in pairs]

    def targets(self):
        """Rows with the target, the result, and whether the target is met."""
        for cloud, least_wall, least_cpu in (
            ("aws", 50, 70), ("gcp", 100, 100), ("vault, 1 secret", 20, 20), ("vault, 10 secrets", 60, 60),
        ):
            found = self.ratios(cloud, "http", "recipe")
            if found:
                wall, cpu, _ = found
                aim = f"≥ {least_wall}× less wall, ≥ {least_cpu}× less CPU"
                met = wall >= least_wall and cpu >= least_cpu
                yield [f"{cloud}: the recipe, over plain HTTP", aim, f"{wall:.0f}×, {cpu:.0f}×", met]
        found = self.ratios("azure", "TLS", "recipe")
        if found:
            yield ["azure: the recipe, over TLS", "≥ 100× less wall", f"{found[0]:.0f}×", found[0] >= 100]
        for (ours, *others), (aim, is_met) in zip(self.kept, KEPT):
            if others:
                wall = median(others[0].walls) / median(ours.walls)
                cpu = median(others[0].cpus) / median(ours.cpus)
                yield [f"{ours.name}: {others[0].name}", aim, f"{wall:.1f}×, {cpu:.1f}×", is_met(wall, cpu)]
        yield from self.together()
        for race in self.races:
            found = self.ratios(race.cloud, "TLS", "curl") if race.scheme == "TLS" else None
            if found:
                wall, cpu, far = (1 / ratio for ratio in found)
                met = wall <= 0.75 and cpu <= 0.7 and far <= 1.0
                name = race.row("curl")[0].name
                aim = "wall ≤ 0.75×, CPU ≤ 0.7×; far wall ≤ 1×"
                yield [f"{race.cloud}: {name}, over TLS", aim, f"{wall:.2f}×, {cpu:.2f}×; {far:.2f}×", met]
        for race in self.races:
            if race.scheme == "TLS" and not race.cloud.startswith("use"):
                most = 2 if race.cloud in ("aws", "azure") else 4
                ours, told, kept = (race.row(role) and furthest(race.row(role)) for role in ("ours", "told", "kept"))
                found = f"{kept}, and one to revoke the login; {told} in all if the mount's kind is given" if kept else str(ours)
                yield [f"{race.cloud}: data round trips, over TLS", f"≤ {most}", found, (kept or ours) <= most]
        peaks = [race.row("ours")[0].peak for race in self.races if race.row("ours")[0].peak]
        if peaks:
            yield ["peak memory of an exchange", "≤ 12 MiB", f"{max(peaks):.1f} MiB", max(peaks) <= 12]
        yield ["the static binary", "≤ 6.0 MB", f"{self.size:,} bytes", self.size <= LARGEST]
        if self.starts:
            wall = median(self.starts[0].walls)
            yield ["`--version`", "≤ 2 ms wall", f"{wall:.1f} ms", wall <= 2]

    def together(self):
        """Rows for several targets in one run."""
        three, many = self.race("use, three clouds", "TLS"), self.race("use, 20 targets", "TLS")
        if three:
            ours, sequence = three.row("ours"), three.row("sequence")
            slowest = max(median(far.walls) for near, far in three.rows() if near.role == "alone")
            wall, cpu = median(ours[1].walls) / slowest, median(ours[0].cpus) / median(sequence[0].cpus)
            met = wall <= 1.2 and cpu <= 0.7
            aim = "far wall ≤ 1.2× the slowest single cloud, CPU ≤ 0.7× the three in turn"
            yield ["use: three clouds, over TLS", aim, f"{wall:.2f}×, {cpu:.2f}×", met]
        if many:
            wall = median(many.row("ours")[1].walls) / median(many.row("alone")[1].walls)
            yield ["use: 20 targets, over TLS", "far wall ≤ 1.5× one target", f"{wall:.2f}×", wall <= 1.5]

    def whole(self):
        parts = [f"{processor()}; {self.date}; {self.turns} turns, half as many far away."]
        if self.races:
            parts += [self.checked[0].upper() + self.checked[1:] + "."]
        for race in self.races:
            parts += [f"## {race.cloud}, {'over TLS' if race.scheme == 'TLS' else 'over plain HTTP'}", race_table(race)]
        if self.kept:
            parts += ["## Cached answers", KEPT_WORDS, *(start_table(pair) for pair in self.kept)]
        if self.starts:
            parts += ["## Starting", start_table(self.starts)]
        parts += [INSTRUCTIONS, BUILD]
        command, said = self.sizes
        parts += ["## Size", f"{self.size:,} bytes."]
        parts += [f"```\n{said}\n```" if said else f"By crate: left out, since `{' '.join(command)}` is not here."]
        rows = [[what, aim, found, "met" if met else "**missed**"] for what, aim, found, met in self.targets()]
        parts += ["## Targets", table(["what", "target", "found", ""], rows)]
        return "\n\n".join(parts) + "\n"

    def write(self):
        with open(os.path.join(ROOT, "docs", "speed.md"), "w") as file:
            file.write(HEAD + self.whole())


# The targets for cached answers, in the order of the pairs: Kubernetes, docker.
KEPT = (
    ("≥ 300× less wall", lambda wall, cpu: wall >= 300),
    ("≥ 5× less wall, ≥ 5× less CPU", lambda wall, cpu: wall >= 5 and cpu >= 5),
)

KEPT_WORDS = """A Kubernetes client runs its plugin for each command, and docker runs its helper for each pull and push. Most calls send nothing, because
the session or the password of an earlier call is still valid."""

INSTRUCTIONS = """## Instructions

`valgrind --tool=callgrind` counts the instructions of a static build. valgrind does not support the processor's instructions for SHA-256.
So these digests need more instructions here than in a real run.

| of `aws` over TLS | million instructions | why it stays |
| --- | --- | --- |
| the TLS handshake | 2.65 | two P-256 signatures take 1.50, X25519 0.67, digests 0.30: ring's assembly |
| the SDK's serializer | 0.13 | it builds the request. The SDK's client, with its table of partitions, took another 1.23 and is not called |
| the command line | 0.47 | clap builds the definitions of the command that is called, and of no other |
| the handlers of 17 signals | 0.18 | the library copies its table for each of them |
| relocations of a position-independent program | 0.14 | they let the system choose its addresses |
| the output | 0.15 | every character that a shell could expand is quoted |
| the token | 0.11 | its claims are parsed |
| all else | 1.00 | the C library's and Rust's start, the plan, HTTP |
| **sum** | **4.83** | |

| of a cached answer | million instructions |
| --- | --- |
| `--format kubernetes` | 1.85 |
| of it: the command line | 0.52 |
| of it: SHA-256, for the cache key and for the signature | 0.28 |
| of it: relocations | 0.14 |
| `docker-credential-oidc-exchange get` | 0.36 |
| of it: relocations | 0.14 |
| `--version` | 0.39 |

A run that waits for nothing installs no handlers of signals. Nor does it start a thread if it reads no file.

The 0.8 ms of `docker-credential-oidc-exchange get`, if it runs again and again, are mostly the start of a program:

- 0.12 ms for exec and exit, of a program that does nothing and has no C library.
- 0.28 ms for the start of the C library. It asks the processor for its features and the sizes of its caches, with 43 CPUID instructions.
  A virtual machine intercepts each of them.
- 0.11 ms for relocations: 0.14 million instructions that write to 47 pages, each of which is copied first. A third of these pages are
  places in the source code that a panic would print. A stable compiler cannot leave them out. A program at a fixed address has none.
- 0.06 ms because the functions that run are scattered over the program. A linker could put them together, from a list of 2,400 names that
  change with each build.
- 0.03 ms for a thread that ends the call if a file system hangs. The reads themselves stay on the first thread: a second one that reads
  took 0.3 ms, for its heap and for two changes of processor.

The first use of a page of memory takes 1.5 to 2 µs. The helper uses 120 pages, `--format kubernetes` 170."""

BUILD = """## The first build

`python3 benches/build.py` measures the CPU time from a clean clone to the first credentials: the README's first command in the sandbox.
It takes 0.67 times that of commit 68ceb61: 124.5 s and 185.7 s, medians of two turns. The table has rustc's part of a build.

| where it goes | CPU, s | at the least | what would have to go |
| --- | --- | --- | --- |
| this program and the sandbox | 30.0 | 24.0 | the lines of a backtrace, and the record that makes the next build short |
| TLS and signatures | 21.0 | 21.0 | rustls and ring take 6.0, and the curves of company authorities about 11 |
| AWS's SDK | 17.5 | 17.5 | it writes the request, and reads the answer and the shared files |
| HTTP and DNS | 15.8 | 13.5 | ICU, which checks names in other alphabets: another library makes the binary larger |
| macros that write code, and syn | 13.7 | 8.1 | ICU's macros, and the older of two versions of syn: the SDK and `tracing` need it |
| tokio and system calls | 11.9 | 11.9 | |
| build scripts | 5.0 | 5.0 | |
| serde, JSON and TOML | 3.4 | 3.4 | |
| the command line | 2.6 | 2.6 | |
| other libraries | 1.5 | 1.5 | |
| **sum** | **122.4** | **108.5** | |

At the least, a first build would take 0.60 times that of commit 68ceb61. Half of it needs a smaller program. These changes were measured:

- The crate `cel` with its parser generator took 17 s. The sandbox alone does without it.
- With one unit instead of 16, a library takes 12 to 15 % less. For this program, the number of units makes no difference.
- ring at level 1 takes 3 s less than at level 3, and is about as fast: most of its arithmetic is assembly."""

HEAD = """# What it costs

`benches/compare.py` writes this page. Its docstring explains the method:

    sh install.sh --to target/bench
    python3 benches/compare.py target/bench/oidc-exchange all --write

The tables have medians, with the quartiles in brackets. "25 ms each way" uses a relay that delivers every byte 25 ms later. It delivers the
first bytes of a connection after another 50 ms, like a TCP handshake. Round trips are data round trips, including TLS handshakes.
Overlapping ones count once. For Vault, the target counts the round trips until the values are known. Over TLS every contestant trusts one
certificate, except those that also read the system's certificates. If several curl variants were measured, the targets use the fastest one
with 25 ms latency. For Vault, the curl variants do not request the mount's kind. With `kv2:`, oidc-exchange does not either. The last round
trip at Vault revokes the login.

"""
