#!/usr/bin/env python3
"""Measures the example rules of every language in one run, and prints the table of docs/rules.md.

    cargo build --release && .ci/examples        # builds them
    benches/languages.py [--rounds 3] [--seconds 2]

Every rule is measured in turn, round after round, so that a busy moment of the machine hits all of them; the medians of
the rounds are printed. A call is one token's, in a fresh sandbox. Loading is compiling and everything else until a rule
could go live, with nothing remembered from before.
"""

import argparse
import json
import os
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RULEMINT = ROOT / "target/release/rulemint"
RULE = "partner-tier"


def run(arguments, cache):
    environment = {**os.environ, "XDG_CACHE_HOME": str(cache)}
    command = [str(RULEMINT), "--json", "rule", *map(str, arguments)]
    return json.loads(subprocess.run(command, env=environment, check=True, capture_output=True).stdout)


def load_seconds(project):
    """One load with an empty cache, less one with a full one: what compiling costs."""
    with tempfile.TemporaryDirectory() as cache:
        began = time.monotonic()
        run(["run", project], cache)
        return time.monotonic() - began


def measure(project, seconds, cache):
    return run(["bench", project, "--seconds", seconds, "--calls", 20000], cache)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=2)
    arguments = parser.parse_args()
    projects = sorted(path.parent for path in (ROOT / "rules/examples").glob(f"*/{RULE}/rule.toml"))
    built = [project for project in projects if inspect(project)]
    figures = {project: [] for project in built}
    with tempfile.TemporaryDirectory() as cache:
        for _ in range(arguments.rounds):
            for project in built:
                figures[project].append(measure(project, arguments.seconds, cache))
        print("| language | lane | file | load | p50 | p99 | of which sandbox (p50) | memory |")
        print("|---|---|---|---|---|---|---|---|")
        rows = [row(project, figures[project], cache) for project in built]
    for _, line in sorted(rows):
        print(line)


def inspect(project):
    try:
        return run(["inspect", project], "/nonexistent")
    except subprocess.CalledProcessError:
        return None


def row(project, rounds, cache):
    median = lambda part, figure: statistics.median(round_[part][figure] for round_ in rounds)
    checked = run(["check", project], cache)
    p50 = median("call_us", "p50")
    cells = [
        project.parent.name,
        checked["lane"].split(",")[0],
        size(checked["bytes"]),
        f"{load_seconds(project):.1f} s",
        micros(p50),
        micros(median("call_us", "p99")),
        micros(median("start_us", "p50")),
        size(max(round_["memory_bytes"] for round_ in rounds)),
    ]
    return p50, "| " + " | ".join(cells) + " |"


def size(count):
    return f"{count / 1e6:.1f} MB" if count >= 1e6 else f"{count / 1e3:.0f} KB"


def micros(count):
    return f"{count / 1e3:.1f} ms" if count >= 1e3 else f"{count:.0f} us"


if __name__ == "__main__":
    main()
