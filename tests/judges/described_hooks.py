"""Who schemathesis is: it asks for a token as any client does."""

import datetime
import itertools
import json
import os
import re
import time
import urllib.parse
import urllib.request

import schemathesis
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding


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
    """A schema cannot say that a moment must not lie ahead or behind, that a key stands for one call, nor what a public key is."""
    key = (case.headers or {}).get("Idempotency-Key")
    if isinstance(key, str) and KEY.fullmatch(key):
        case.headers["Idempotency-Key"] = f"{key[:240]}-{next(NUMBERS)}"
    for credential in credentials_in(case.body):
        give_key(credential)
        let_last(credential)
    say_one_way(case.body)
    if isinstance(case.body, dict) and case.operation.path.endswith("/cutoffs"):
        moment = case.body.get("issued_before")
        if isinstance(moment, int) and moment > time.time():
            case.body["issued_before"] = 0
        if isinstance(moment, str) and moment > time.strftime("%Y-%m-%d"):
            case.body["issued_before"] = "2020-01-01T00:00:00Z"


def credentials_in(body):
    """What a body says of clients' public keys: it is one, or a new client comes with some."""
    try:
        listed = [body, *body["client_authentication_methods"]["private_key_jwt"]["credentials"]]
    except (KeyError, TypeError):
        listed = [body]
    return [one for one in listed if isinstance(one, dict) and isinstance(one.get("pem"), str)]


def say_one_way(body):
    """A client with keys has no secret: leaves out what the schema takes and says so."""
    if not isinstance(body, dict) or not isinstance(body.get("client_authentication_methods"), dict):
        return
    if body.get("token_endpoint_auth_method") in METHODS:
        del body["token_endpoint_auth_method"]
    secret = body.get("client_secret")
    if isinstance(secret, str) and len(secret) >= 32:
        del body["client_secret"]


def give_key(credential):
    """Puts a real one where the schema takes the text, of the kind that the algorithm wants."""
    algorithm = str(credential.get("alg"))
    if len(credential["pem"]) <= PEM_CHARS_MAX:
        credential["pem"] = next(KEYS.get(algorithm[:2], KEYS["ES"]))


def let_last(credential):
    """Puts a time to come where one lies behind."""
    try:
        ends = datetime.datetime.fromisoformat(credential["expires_at"])
        is_over = ends < datetime.datetime.now(datetime.timezone.utc)
    except (KeyError, TypeError, ValueError):
        return
    if is_over:
        credential["expires_at"] = "2999-01-01T00:00:00Z"


def certificates(make_key, digest):
    """Certificates of several keys, round and round: a client has a key once, and at most four."""
    made = [certificate(make_key(), digest) for _ in range(4)]
    yield from itertools.cycle(made)


def certificate(key, digest):
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "judge")])
    now = datetime.datetime.now(datetime.timezone.utc)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now,
                                      now + datetime.timedelta(days=1))
    return builder.sign(key, digest).public_bytes(Encoding.PEM).decode()


def rsa_key():
    return rsa.generate_private_key(65537, 2048)


METHODS = ["client_secret_post", "client_secret_basic", "none"]
PEM_CHARS_MAX = 16_384
KEYS = {
    "RS": certificates(rsa_key, SHA256()),
    "PS": certificates(rsa_key, SHA256()),
    "ES": certificates(lambda: ec.generate_private_key(ec.SECP256R1()), SHA256()),
    "Ed": certificates(ed25519.Ed25519PrivateKey.generate, None),
}
KEY = re.compile(r"[!-~]([\t -~]{0,253}[!-~])?")
NUMBERS = itertools.count()
