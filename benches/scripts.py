#!/usr/bin/env python3
"""Measures one rule, which gives each token an id, in three shapes: the seed's JavaScript in rulemint, the same as a Rust
component in rulemint, both also with kept instances, and as an in-process hook of node-oidc-provider. Interleaved in one run; prints ratios.

Needs wrk, Node with npm, and two processors: the server is pinned to one, the load generator to the other.
"""

import argparse
import secrets
import statistics
import subprocess
import tempfile
from pathlib import Path

import run

NODE = run.ROOT / "benches/oidc-provider"
SEED = """function (user, context, callback) {
  user.jti = require('uuid').v4();
  callback(null, user, context);
}
"""

KEPT = 'instances = "kept"\n'


def script(where, name, port, manifest=None):
    contestant = run.rulemint(where, name, port, 0)
    rule = where / name / "rules/10-jti.js"
    rule.write_text(SEED)
    if manifest:
        rule.with_suffix(".toml").write_text(manifest)
    return contestant


def component(where, name, port, manifest):
    contestant = run.rulemint(where, name, port, 1)
    [rule] = (where / name / "rules").glob("*.wasm")
    rule.with_suffix(".toml").write_text(manifest)
    return contestant


def oidc_provider(port):
    client, secret = secrets.token_hex(16), secrets.token_hex(32)
    form = {"grant_type": "client_credentials", "client_id": client, "client_secret": secret,
            "resource": run.AUDIENCE}
    command = ["node", NODE / "server.js", port, client, secret, run.AUDIENCE]
    return run.Contestant("oidc-provider, its hook", command, form, port)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--connections", type=int, default=16)
    arguments = parser.parse_args()
    if not (NODE / "node_modules").is_dir():
        subprocess.run(["npm", "ci", "--silent"], cwd=NODE, check=True)
    with tempfile.TemporaryDirectory() as where:
        measure(Path(where), arguments)


def measure(where, arguments):
    contestants = [
        oidc_provider(7030),
        script(where, "rulemint, JavaScript", 7031),
        run.rulemint(where, "rulemint, Rust component", 7032, 1),
        run.rulemint(where, "rulemint, no rule", 7033, 0),
        script(where, "rulemint, JavaScript, kept", 7034, KEPT),
        component(where, "rulemint, Rust component, kept", 7035, KEPT),
    ]
    try:
        run.contend(contestants, where / "post.lua", arguments)
    finally:
        for one in contestants:
            one.stop()
    report(contestants)


def report(contestants):
    base = contestants[0].results
    print("| | tokens/s | against oidc-provider | per CPU s | against it | p50 ms | p99 ms |")
    print("|---|---|---|---|---|---|---|")
    for one in contestants:
        rate, per_cpu = run.median(one.results, "rate"), run.median(one.results, "per_cpu")
        ratio = {key: statistics.median(mine[key] / other[key] for mine, other in zip(one.results, base))
                 for key in ("rate", "per_cpu")}
        p50, p99 = (run.median(one.results, key) / 1e3 for key in ("p50", "p99"))
        print(f"| {one.name} | {rate:,.0f} ({run.spread(one.results, 'rate')}) | {ratio['rate']:.1f} | {per_cpu:,.0f} "
              f"| {ratio['per_cpu']:.1f} | {p50:.2f} | {p99:.2f} |")


if __name__ == "__main__":
    main()
