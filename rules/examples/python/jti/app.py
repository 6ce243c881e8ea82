"""Gives every token a fresh random UUID (version 4) as its jti."""

import json

from wit_world import exports
from wit_world.imports import host
from wit_world.imports.types import Change, Change_SetClaim, Claim, Request


class Enrich(exports.Enrich):
    def enrich(self, request: Request) -> list[Change]:
        # The host makes the UUID: a generator of the rule's own may have been seeded when the rule was built, and would
        # then repeat itself.
        return [Change_SetClaim(Claim("jti", json.dumps(host.uuid_v4())))]
