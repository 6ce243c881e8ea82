#!/usr/bin/env python3
"""What many clients and grants cost: at the start, in memory, for each token, and for each change.

Installations with 1, 10,000 and 100,000 clients, each with a grant for the same API, are written straight into the store;
everything else is the program's. See README.md.
"""

import argparse
import http.client
import json
import os
import sqlite3
import statistics
import sys
import tempfile
import time
import urllib.parse
from pathlib import Path

from run import AUDIENCE, floor, report, rulemint

ADMIN, ADMIN_SECRET = "admin", "a-benchmark-knows-this-secret-and-nobody-else"
SIZES = [1, 10_000, 100_000]


def fill(data, count):
    """So many clients with a secret and a grant each."""
    store = sqlite3.connect(data / "rulemint.db", isolation_level=None)
    store.execute("BEGIN IMMEDIATE")
    for number in range(1, count):
        name = f"client-{number:06}"
        store.execute("INSERT INTO clients (id, name, auth_method, grant_types, metadata, created_at) "
                      "VALUES (?, ?, 'secret', '[\"client_credentials\"]', '{\"tier\": \"gold\"}', 1700000000)",
                      (name, name))
        store.execute("INSERT INTO client_secrets (client_id, hash, created_at) VALUES (?, ?, 1700000000)",
                      (name, os.urandom(32)))
        store.execute("INSERT INTO client_grants (id, client_id, audience, scope, created_at) "
                      "VALUES (?, ?, ?, '[\"read:things\"]', 1700000000)", (f"cgr_{number:016}", name, AUDIENCE))
    store.execute("COMMIT")
    store.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    store.close()


def installation(where, count, port):
    """A contestant whose own client is one of so many."""
    name = f"{count:,} grants"
    one = rulemint(where, name, port, 0, "--ledger", "off")
    fill(where / name / "data", count)
    os.environ["RULEMINT_ADMIN_CLIENT_ID"], os.environ["RULEMINT_ADMIN_CLIENT_SECRET"] = ADMIN, ADMIN_SECRET
    os.environ["RULEMINT_LIMITS_MANAGEMENT_REQUESTS_PER_SECOND"] = "1000000"
    return one


class Manager:
    """Calls the management API over one connection."""

    def __init__(self, port):
        self.connection = http.client.HTTPConnection("127.0.0.1", port)
        form = {"grant_type": "client_credentials", "client_id": ADMIN, "client_secret": ADMIN_SECRET,
                "audience": f"http://127.0.0.1:{port}/api/v2/"}
        said = self.call("POST", "/oauth/token", urllib.parse.urlencode(form), "application/x-www-form-urlencoded")
        self.token = said["access_token"]

    def call(self, method, path, body, content_type="application/json"):
        headers = {"Content-Type": content_type}
        if hasattr(self, "token"):
            headers["Authorization"] = f"Bearer {self.token}"
        self.connection.request(method, path, body, headers)
        answer = self.connection.getresponse()
        text = answer.read()
        if answer.status >= 300:
            sys.exit(f"{method} {path}: {answer.status} {text.decode()}")
        return json.loads(text) if text else None

    def changes(self, number):
        """One of each kind, and how long each took in milliseconds."""
        client = None
        for kind in ("client", "grant", "rename", "blacklist", "delete"):
            began = time.perf_counter()
            if kind == "client":
                client = self.call("POST", "/api/v2/clients", json.dumps({"name": f"new {number}"}))["client_id"]
            elif kind == "grant":
                self.call("POST", "/api/v2/client-grants",
                          json.dumps({"client_id": client, "audience": AUDIENCE, "scope": ["read:things"]}))
            elif kind == "rename":
                self.call("PATCH", f"/api/v2/resource-servers/{urllib.parse.quote(AUDIENCE, safe='')}",
                          json.dumps({"name": f"name {number}"}))
            elif kind == "blacklist":
                self.call("POST", "/api/v2/blacklists/tokens", json.dumps({"aud": AUDIENCE, "jti": f"jti-{number}"}))
            else:
                self.call("DELETE", f"/api/v2/clients/{client}", None)
            yield kind, (time.perf_counter() - began) * 1e3


def flush_ms(where):
    """The floor of a change: one page appended to a file and flushed."""
    with open(where / "flushed", "ab") as file:
        began = time.perf_counter()
        file.write(b"x" * 4096)
        file.flush()
        os.fdatasync(file.fileno())
        return (time.perf_counter() - began) * 1e3


def starts(one, rounds):
    """From the start to the first token, and what memory it takes then."""
    seconds = []
    for _ in range(rounds):
        seconds.append(one.start())
        one.idle_mb = one.rss_mb()
        one.stop()
    one.start_seconds = statistics.median(seconds)


def changes(contestants, where, count):
    times = {one.name: {} for one in contestants}
    flushes = []
    for one in contestants:
        one.start()
        one.manager = Manager(one.port)
        one.pause()
    for number in range(count):
        for one in contestants:
            one.resume()
            for kind, took in one.manager.changes(number):
                times[one.name].setdefault(kind, []).append(took)
            one.pause()
        flushes.append(flush_ms(where))
    for one in contestants:
        one.stop()
    kinds = list(next(iter(times.values())))
    print(f"\n{'a change, median ms':24}" + "".join(f"{kind:>12}" for kind in kinds))
    print(f"{'one page and a flush':24}{statistics.median(flushes):12.2f}")
    for name, taken in times.items():
        print(f"{name:24}" + "".join(f"{statistics.median(taken[kind]):12.2f}" for kind in kinds))


def tokens(contestants, script, arguments):
    for one in contestants:
        one.start_seconds = one.start()
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
    report(contestants)
    base = contestants[1].results
    for one in contestants[2:]:
        ratio = statistics.median(mine["rate"] / first["rate"] for mine, first in zip(one.results, base))
        print(f"{one.name}: {ratio:.3f} of the tokens/s with one")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=4)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--changes", type=int, default=100)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        where = Path(directory)
        many = [installation(where, count, 7100 + number) for number, count in enumerate(SIZES)]
        contestants = [floor(7099, "signed"), *many]
        try:
            for one in many:
                one.start()
                one.stop()
                starts(one, 3)
                print(f"{one.name:24} start {one.start_seconds * 1e3:8.0f} ms, memory {one.idle_mb:7.1f} MB")
            changes(many, where, arguments.changes)
            print()
            tokens(contestants, where / "post.lua", arguments)
        finally:
            for one in contestants:
                one.stop()


if __name__ == "__main__":
    main()
