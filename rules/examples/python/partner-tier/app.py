"""Puts a partner's tier into the token, and keeps the gold scope for gold partners."""

import json

from componentize_py_types import Err
from wit_world import exports
from wit_world.imports.types import (
    Change,
    Change_RemoveScope,
    Change_SetClaim,
    Claim,
    Denial,
    Failure_Denied,
    Request,
)


class Enrich(exports.Enrich):
    def enrich(self, request: Request) -> list[Change]:
        settings = json.loads(request.settings())

        if request.client_metadata("status") == "suspended":
            reason = f"client {request.client_id()} is suspended"
            raise Err(Failure_Denied(Denial("access_denied", reason)))

        tier = request.client_metadata("tier")
        if tier is None:
            tier = settings.get("default_tier", "standard")
        claim = settings.get("claim", "https://rulemint.example/tier")
        changes: list[Change] = [Change_SetClaim(Claim(claim, json.dumps(tier)))]

        gold_scope = settings.get("gold_scope")
        if tier != "gold" and gold_scope in request.granted_scopes():
            changes.append(Change_RemoveScope(gold_scope))
        return changes


class Settings(exports.Settings):
    """Checks the settings once, before the rule goes live, so that `enrich` can rely on them."""

    def validate(self, settings: str) -> None:
        given = json.loads(settings)
        problems = []
        claim = given.get("claim", "https://")
        if not isinstance(claim, str) or not claim.startswith("https://"):
            problems.append("claim must be a string that begins with https://")
        for name in ("default_tier", "gold_scope"):
            text = given.get(name, "unset")
            if not isinstance(text, str) or not text:
                problems.append(f"{name} must be a string that is not empty")
        if problems:
            raise Err(problems)
