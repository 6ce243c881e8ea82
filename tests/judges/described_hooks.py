"""Who schemathesis is: it asks for a token as any client does."""

import itertools
import json
import os
import re
import time
import urllib.parse
import urllib.request

import schemathesis


@schemathesis.auth(refresh_interval=600)
class Token:
    def get(self, case, context):
        address = os.environ["ADDRESS"]
        form = {
            "grant_type": "client_credentials",
            "client_id": "judge",
            "client_secret": os.environ["SECRET"],
            "audience": f"{address}/api/v2/",
        }
        body = urllib.parse.urlencode(form).encode()
        with urllib.request.urlopen(f"{address}/oauth/token", body) as answer:
            return json.load(answer)["access_token"]

    def set(self, case, data, context):
        case.headers["Authorization"] = f"Bearer {data}"


@schemathesis.hook
def before_call(context, case, kwargs):
    """A schema cannot say that a moment must not lie ahead, nor that a key stands for one call."""
    key = (case.headers or {}).get("Idempotency-Key")
    if isinstance(key, str) and KEY.fullmatch(key):
        case.headers["Idempotency-Key"] = f"{key[:240]}-{next(NUMBERS)}"
    if isinstance(case.body, dict) and case.operation.path.endswith("/cutoffs"):
        moment = case.body.get("issued_before")
        if isinstance(moment, int) and moment > time.time():
            case.body["issued_before"] = 0
        if isinstance(moment, str) and moment > time.strftime("%Y-%m-%d"):
            case.body["issued_before"] = "2020-01-01T00:00:00Z"


KEY = re.compile(r"[!-~]([\t -~]{0,253}[!-~])?")
NUMBERS = itertools.count()
