"""Runs commands in turns and measures each."""

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time


class Contestant:
    """A command, the tools that it needs, and the turns in which it runs: every one, or fewer if it is slow."""

    def __init__(self, name, command, env, needs=(), every=1, role=None, stdin=os.devnull):
        self.name, self.command, self.env, self.every, self.role = name, command, env, every, role
        self.stdin = stdin
        self.missing = [tool for tool in needs if not tool or not (os.path.isfile(tool) or shutil.which(tool))]
        self.walls, self.cpus, self.counts, self.peak = [], [], [], None

    def take_turn(self, ledger=None):
        """Runs it once; wall and CPU time (user and system, of the whole process tree) in milliseconds."""
        shutil.rmtree(self.env.get("OIDC_EXCHANGE_DIR", ""), ignore_errors=True)
        tally = ledger and ledger.open()
        wall, cpu = run(self.command, self.env, self.stdin)
        counts = tally and (tally.requests, tally.connections, tally.round_trips)
        return wall, cpu, counts

    def measure_peak(self):
        """The peak memory of the largest process in one run, in MiB. wait4(2) would also count this interpreter before
        exec, so GNU time runs the command."""
        gnu_time = shutil.which("time", path="/usr/bin:/bin")
        if gnu_time:
            with tempfile.NamedTemporaryFile("r") as said:
                run([gnu_time, "-f", "%M", "-o", said.name, *self.command], self.env, self.stdin)
                self.peak = int(said.read().split()[-1]) / 1024


def run(command, env, stdin=os.devnull):
    path = shutil.which(command[0], path=env.get("PATH", os.defpath)) or command[0]
    with tempfile.TemporaryFile() as error:
        files = [
            (os.POSIX_SPAWN_OPEN, 0, stdin, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
            (os.POSIX_SPAWN_DUP2, error.fileno(), 2),
        ]
        began = time.perf_counter()
        child = os.posix_spawn(path, command, env, file_actions=files)
        _, status, used = os.wait4(child, 0)
        wall = time.perf_counter() - began
        code = os.waitstatus_to_exitcode(status)
        if code != 0:
            error.seek(0)
            sys.exit(f"{command[0]} ended with {code}\n{error.read().decode(errors='replace')}")
    return wall * 1e3, (used.ru_utime + used.ru_stime) * 1e3


def take_turns(contestants, turns, ledger=None):
    """Runs all turns. The first one warms the caches and does not count. With a distant server, slow contestants skip
    it, because the caches are warm from the near one."""
    for turn in range(turns + 1):
        for contestant in contestants:
            warming = turn == 0 and not (ledger and contestant.every > 1)
            if warming or (turn and (turn - 1) % contestant.every == 0):
                wall, cpu, counts = contestant.take_turn(ledger)
                if turn:
                    contestant.walls.append(wall)
                    contestant.cpus.append(cpu)
                    contestant.counts.append(counts)


def present(contestants):
    """The contestants with all their tools; prints the names of the others."""
    for contestant in contestants:
        if contestant.missing:
            missing = ", ".join(tool or "such program, on PATH or in target/peers" for tool in contestant.missing)
            say(f"left out: {contestant.name} (no {missing})")
    return [contestant for contestant in contestants if not contestant.missing]


def say(text):
    print(text, file=sys.stderr, flush=True)


def median(values):
    return statistics.median(values)


def spread(values):
    """The median, and the quartiles in brackets."""
    if len(values) < 2:
        return f"{values[0]:.1f}"
    low, middle, high = statistics.quantiles(values, n=4, method="inclusive")
    return f"{middle:.1f} [{low:.1f}–{high:.1f}]"


def processor():
    """A short description of the machine."""
    model = "an unnamed processor"
    try:
        with open("/proc/cpuinfo") as file:
            names = [line.split(":", 1)[1].strip() for line in file if line.startswith("model name")]
            model = names[0] if names else model
    except OSError:
        said = subprocess.run(["sysctl", "-n", "machdep.cpu.brand_string"], stdout=subprocess.PIPE, text=True)
        model = said.stdout.strip() or model
    return f"{model}, {os.cpu_count()} cores"
