#!/usr/bin/env python3
"""Measures rulemint's token endpoint against the floor, interleaved in one run, and prints ratios.

Needs wrk and two processors: the server is pinned to one, the load generator to the other. See README.md.
"""

import argparse
import json
import os
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RULEMINT = ROOT / "target/release/rulemint"
FLOOR = ROOT / "target/release/examples/floor"
FLOOR_SECRET = "rms_0123456789012345678901234567890123456789012-floor"
AUDIENCE = "https://bench-api.example"
TICKS = os.sysconf("SC_CLK_TCK")


class Contestant:
    """A server under test: how it is started, and what is posted to it."""

    def __init__(self, name, command, form, port):
        self.name, self.command, self.form, self.port = name, command, form, port
        self.process = None
        self.results = []

    def start(self):
        began = time.monotonic()
        self.process = subprocess.Popen(
            ["taskset", "-c", "0", *map(str, self.command)],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/",
        )
        while not self.gives_token():
            if self.process.poll() is not None:
                sys.exit(f"{self.name} does not start: {' '.join(map(str, self.command))}")
            time.sleep(0.0005)
        return time.monotonic() - began

    def gives_token(self):
        """One request over a bare socket: an HTTP library costs more than what is measured here."""
        body = urllib.parse.urlencode(self.form)
        head = (f"POST /oauth/token HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nConnection: close\r\n"
                f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n")
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=10) as connection:
                connection.sendall((head + body).encode())
                return connection.recv(4096).startswith(b"HTTP/1.1 200")
        except OSError:
            return False

    def url(self):
        return f"http://127.0.0.1:{self.port}/oauth/token"

    def pause(self):
        self.process.send_signal(signal.SIGSTOP)

    def resume(self):
        self.process.send_signal(signal.SIGCONT)

    def stop(self):
        if self.process is None or self.process.poll() is not None:
            return
        self.resume()
        self.process.terminate()
        self.process.wait()

    def cpu_seconds(self):
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(") ", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def rss_mb(self):
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024

    def load(self, seconds, connections, script):
        script.write_text(
            'wrk.method = "POST"\n'
            'wrk.headers["Content-Type"] = "application/x-www-form-urlencoded"\n'
            f'wrk.body = "{urllib.parse.urlencode(self.form)}"\n'
        )
        return self.measure(seconds, connections, script)

    def measure(self, seconds, connections, script):
        before = self.cpu_seconds()
        said = subprocess.run(
            ["taskset", "-c", "1", "wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency",
             "-s", str(script), self.url()],
            check=True, capture_output=True, text=True,
        ).stdout
        spent = self.cpu_seconds() - before
        if "Non-2xx" in said:
            sys.exit(f"{self.name}: {said}")
        requests = int(re.search(r"(\d+) requests in", said)[1])
        return {
            "rate": float(re.search(r"Requests/sec:\s+([\d.]+)", said)[1]),
            "per_cpu": requests / spent if spent else 0.0,
            "p50": micros(re.search(r"(?m)^\s+50%\s+(\S+)", said)[1]),
            "p99": micros(re.search(r"(?m)^\s+99%\s+(\S+)", said)[1]),
        }


def micros(text):
    number, unit = re.fullmatch(r"([\d.]+)(us|ms|s)", text).groups()
    return float(number) * {"us": 1, "ms": 1e3, "s": 1e6}[unit]


def rulemint(where, name, port, rules, *flags):
    """A rulemint installation of its own, with a client, an API and a grant, and so many copies of the jti rule."""
    data, rules_dir = where / name / "data", where / name / "rules"
    rules_dir.mkdir(parents=True)
    for number in range(rules):
        shutil.copy(ROOT / "rules/10-jti.wasm", rules_dir / f"{number + 1}0-jti.wasm")

    def command(*arguments):
        said = subprocess.run([RULEMINT, "--data-dir", data, "--json", *arguments],
                              check=True, capture_output=True, text=True, cwd=where).stdout
        return json.loads(said)

    command("api", "add", AUDIENCE, "--scope", "read:things", "--scope", "write:things")
    client = command("client", "add", "--name", "bench")
    command("grant", "add", "--client", client["client_id"], "--audience", AUDIENCE)
    form = {"grant_type": "client_credentials", "client_id": client["client_id"],
            "client_secret": client["client_secret"], "audience": AUDIENCE}
    serve = [RULEMINT, "serve", "--data-dir", data, "--rules-dir", rules_dir,
             "--listen", f"127.0.0.1:{port}", "--log-level", "error", *flags]
    return Contestant(name, serve, form, port)


def floor(port, variant):
    form = {"grant_type": "client_credentials", "client_id": "0123456789abcdef0123456789abcdef",
            "client_secret": FLOOR_SECRET, "audience": AUDIENCE}
    return Contestant(f"floor, {variant}", [FLOOR, f"127.0.0.1:{port}", variant], form, port)


def median(results, key):
    return statistics.median(result[key] for result in results)


def spread(results, key):
    values = sorted(result[key] for result in results)
    return f"{values[0]:,.0f}-{values[-1]:,.0f}"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--only", help="a regular expression on the contestants' names; the floor is always there")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as where:
        measure(Path(where), arguments)


def measure(where, arguments):
    contestants = [
        floor(7001, "signed"),
        floor(7002, "encode"),
        floor(7003, "unsigned"),
        rulemint(where, "rulemint, 0 rules", 7010, 0),
        rulemint(where, "rulemint, 1 rule", 7011, 1),
        rulemint(where, "rulemint, 5 rules", 7015, 5),
        rulemint(where, "rulemint, 1 rule, ledger off", 7021, 1, "--ledger", "off"),
        rulemint(where, "rulemint, 0 rules, ledger off", 7020, 0, "--ledger", "off"),
    ]
    if arguments.only:
        chosen = [one for one in contestants[1:] if re.search(arguments.only, one.name)]
        contestants = [contestants[0], *chosen]
    try:
        contend(contestants, where / "post.lua", arguments)
    finally:
        for one in contestants:
            one.stop()
    report(contestants)


def contend(contestants, script, arguments):
    for one in contestants:
        one.start()  # Cold: it compiles its rules. What is measured is the second start.
        one.stop()
    for one in contestants:
        one.start_seconds = one.start()
        time.sleep(0.2)
        one.idle_mb = one.rss_mb()
        one.load(1, arguments.connections, script)
        one.pause()
    for number in range(arguments.rounds):
        for one in contestants:
            one.resume()
            one.results.append(one.load(arguments.seconds, arguments.connections, script))
            one.loaded_mb = one.rss_mb()
            one.pause()
        print(f"round {number + 1} of {arguments.rounds}", file=sys.stderr)


def report(contestants, what="tokens/s"):
    base = contestants[0].results
    print(f"{'':32}{what:>10} {'(min-max)':>16} {'ratio':>6} {'per CPU s':>10} {'ratio':>6}"
          f" {'p50 ms':>7} {'p99 ms':>7} {'ratio':>6} {'idle MB':>8} {'load MB':>8} {'start ms':>9}")
    for one in contestants:
        results = one.results
        ratios = {key: statistics.median(mine[key] / floor[key] for mine, floor in zip(results, base))
                  for key in ("rate", "per_cpu", "p99")}
        print(f"{one.name:32}{median(results, 'rate'):10,.0f} {spread(results, 'rate'):>16} {ratios['rate']:6.2f}"
              f" {median(results, 'per_cpu'):10,.0f} {ratios['per_cpu']:6.2f}"
              f" {median(results, 'p50') / 1e3:7.2f} {median(results, 'p99') / 1e3:7.2f} {ratios['p99']:6.2f}"
              f" {one.idle_mb:8.1f} {one.loaded_mb:8.1f} {one.start_seconds * 1e3:9.0f}")


if __name__ == "__main__":
    main()
