#!/usr/bin/env python3
"""Measures /verify against a floor that only verifies, with nothing revoked, with a million tokens revoked, and where good
signatures are kept, interleaved in one run, and prints ratios.

Needs wrk and two processors, as run.py does. See README.md.
"""

import argparse
import json
import sqlite3
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import run

REVOKED = 1_000_000
PATH = f"/verify?audience={urllib.parse.quote(run.AUDIENCE, safe='')}"


class Asked(run.Contestant):
    """A server that is asked about a token which it has issued itself."""

    def __init__(self, contestant, name):
        super().__init__(name, contestant.command, contestant.form, contestant.port)

    def token(self):
        request = urllib.request.Request(super().url(), urllib.parse.urlencode(self.form).encode())
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)["access_token"]

    def url(self):
        return f"http://127.0.0.1:{self.port}{PATH}"

    def resume(self):
        """A server that stood still does not know what was revoked meanwhile, and says 503 until it has read the store."""
        super().resume()
        time.sleep(0.6)

    def load(self, seconds, connections, script):
        own = script.with_name(f"{self.port}.lua")
        if not own.exists():
            own.write_text(f'wrk.headers["Authorization"] = "Bearer {self.token()}"\n')
        return self.measure(seconds, connections, own)


def revoke_many(data):
    """What the command line would write a million times over."""
    later = int(time.time()) + 30 * 86_400
    rows = ((f"{number:08x}-0000-4000-8000-000000000000", later) for number in range(REVOKED))
    with sqlite3.connect(data / "rulemint.db") as store:
        store.executemany("INSERT INTO revocations (kind, value, audience, expires_at, actor, created_at)"
                          " VALUES ('token', ?, '', ?, 'a benchmark', 0)", rows)


def rulemint(where, name, port):
    return Asked(run.rulemint(where, name, port, 1, "--ledger", "off"), name)


def keeping(contestant):
    """The best case: every question is about the same token."""
    contestant.command = ["env", "RULEMINT_VERIFICATION_KEPT_TOKENS=1000", *contestant.command]
    return contestant


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--connections", type=int, default=16)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as where:
        where = Path(where)
        many = rulemint(where, "rulemint, 10^6 revoked", 7041)
        revoke_many(where / many.name / "data")
        contestants = [Asked(run.floor(7031, "signed"), "floor, verifying"),
                       rulemint(where, "rulemint, none revoked", 7040), many,
                       keeping(rulemint(where, "rulemint, signatures kept", 7042))]
        try:
            run.contend(contestants, where / "get.lua", arguments)
        finally:
            for one in contestants:
                one.stop()
        run.report(contestants, "answers/s")


if __name__ == "__main__":
    main()
