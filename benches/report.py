"""What was measured, as tables."""

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
    """A number, and its range where it was not the same every time."""
    low, high = min(values), max(values)
    return str(low) if low == high else f"{median_high(values)} ({low}–{high})"


def times(value, ours):
    return f"{value / ours:.1f}" if value / ours >= 10 else f"{value / ours:.2f}"


def peak(contestant):
    return f"{contestant.peak:.1f}" if contestant.peak else "–"


def furthest(pair):
    """The data round trips of a contestant, as most of its runs had them."""
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


class Result:
    def __init__(self, races, starts, size, sizes, checked, turns, date):
        self.races, self.starts, self.size, self.sizes = races, starts, size, sizes
        self.checked, self.turns, self.date = checked, turns, date

    def race(self, cloud, scheme):
        return next((race for race in self.races if (race.cloud, race.scheme) == (cloud, scheme)), None)

    def ratios(self, cloud, scheme, role):
        """Wall, CPU and far wall of whoever has that role, over ours."""
        race = self.race(cloud, scheme)
        ours, other = (race.row("ours"), race.row(role)) if race else (None, None)
        if not other:
            return None
        pairs = [(other[0].walls, ours[0].walls), (other[0].cpus, ours[0].cpus), (other[1].walls, ours[1].walls)]
        return [median(theirs) / median(own) for theirs, own in pairs]

    def targets(self):
        """Rows of what was aimed at, what came out, and whether that is it."""
        for cloud, least_wall, least_cpu in (
            ("aws", 50, 70), ("gcp", 100, 100), ("vault, 1 secret", 20, 20), ("vault, 10 secrets", 60, 60),
        ):
            found = self.ratios(cloud, "http", "recipe")
            if found:
                wall, cpu, _ = found
                aim = f"≥ {least_wall}× less wall, ≥ {least_cpu}× less CPU"
                met = wall >= least_wall and cpu >= least_cpu
                yield [f"{cloud}: the recipe, in clear", aim, f"{wall:.0f}×, {cpu:.0f}×", met]
        for race in self.races:
            found = self.ratios(race.cloud, "TLS", "curl") if race.scheme == "TLS" else None
            if found:
                wall, cpu, far = (1 / ratio for ratio in found)
                met = wall <= 0.75 and cpu <= 0.7 and far <= 1.0
                name = race.row("curl")[0].name
                aim = "wall ≤ 0.75×, CPU ≤ 0.7×; far wall ≤ 1×"
                yield [f"{race.cloud}: {name}, over TLS", aim, f"{wall:.2f}×, {cpu:.2f}×; {far:.2f}×", met]
        for race in self.races:
            if race.scheme == "TLS":
                most = 2 if race.cloud == "aws" else 4
                ours, told, kept = (race.row(role) and furthest(race.row(role)) for role in ("ours", "told", "kept"))
                found = f"{kept}, and one to revoke the login; {told} with it where told the mount's kind" if kept else str(ours)
                yield [f"{race.cloud}: data round trips, over TLS", f"≤ {most}", found, (kept or ours) <= most]
        peaks = [race.row("ours")[0].peak for race in self.races if race.row("ours")[0].peak]
        if peaks:
            yield ["peak memory of an exchange", "≤ 12 MiB", f"{max(peaks):.1f} MiB", max(peaks) <= 12]
        yield ["the static binary", "≤ 6.0 MB", f"{self.size:,} bytes", self.size <= LARGEST]
        if self.starts:
            wall = median(self.starts[0].walls)
            yield ["`--version`", "≤ 2 ms wall", f"{wall:.1f} ms", wall <= 2]

    def whole(self):
        parts = [f"{processor()}; {self.date}; {self.turns} turns, half as many far away."]
        if self.races:
            parts += [self.checked[0].upper() + self.checked[1:] + "."]
        for race in self.races:
            parts += [f"## {race.cloud}, {'over TLS' if race.scheme == 'TLS' else 'in clear'}", race_table(race)]
        if self.starts:
            ours = median(self.starts[0].walls)
            rows = [
                [one.name, spread(one.walls), spread(one.cpus), peak(one), times(median(one.walls), ours)]
                for one in self.starts
            ]
            parts += ["## Starting", table(["", "wall, ms", "CPU, ms", "peak memory, MiB", "wall, × ours"], rows)]
        command, said = self.sizes
        parts += ["## Size", f"{self.size:,} bytes."]
        parts += [f"```\n{said}\n```" if said else f"By crate: left out, since `{' '.join(command)}` is not here."]
        rows = [[what, aim, found, "met" if met else "**missed**"] for what, aim, found, met in self.targets()]
        parts += ["## Targets", table(["what", "target", "found", ""], rows)]
        return "\n\n".join(parts) + "\n"

    def write(self):
        with open(os.path.join(ROOT, "docs", "speed.md"), "w") as file:
            file.write(HEAD + self.whole())


HEAD = """# What it costs

`benches/compare.py` writes this page. Its docstring explains the method:

    sh install.sh --to target/bench
    python3 benches/compare.py target/bench/oidc-exchange all --write

Medians with the quartiles in brackets. "25 ms each way" uses a relay that delivers every byte 25 ms later. It delivers the first bytes of a
connection after another 50 ms, as its TCP handshake would. Round trips are those of data, TLS handshakes included; overlapping ones count
once. Those of Vault's target are the ones before the values are there. Over TLS every contestant trusts one certificate, except those that read
the system's too. If several curl variants were measured, the targets use the one that is fastest with 25 ms latency. It asks Vault for no
mount's kind, since it is told, as oidc-exchange can be (`kv2:`). The last round trip at Vault revokes the login.

"""
