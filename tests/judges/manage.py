"""Auth0's own SDK for Python manages the server that DOMAIN names, unmodified: the major that is on the path."""

import os
from importlib.metadata import version

DOMAIN, ID, SECRET = (os.environ[name] for name in ("DOMAIN", "ADMIN_ID", "ADMIN_SECRET"))
MAJOR = int(version("auth0-python").split(".")[0])
IDENTIFIER = f"https://orders.example/python-{MAJOR}"
SCOPES = [{"value": "read:orders", "description": "Look"}, {"value": "write:orders", "description": ""}]


def refused(status, call):
    try:
        call()
    except Exception as error:  # Each major has errors of its own.
        assert error.status_code == status, error
    else:
        raise AssertionError(f"not refused with {status}")


def current():
    """Lists are walked by the SDK itself, in both paging styles."""
    from auth0.management import ManagementClient

    auth0 = ManagementClient(domain=DOMAIN, client_id=ID, client_secret=SECRET)
    api = auth0.resource_servers.create(identifier=IDENTIFIER, name="Orders", scopes=SCOPES)
    clients = set()
    for number in range(5):
        client = auth0.clients.create(name=f"partner {number}", app_type="non_interactive")
        assert client.client_secret
        clients.add(client.client_id)
        auth0.client_grants.create(client_id=client.client_id, audience=IDENTIFIER, scope=["read:orders"])
    listed = [client.client_id for client in auth0.clients.list(per_page=2)]
    assert len(listed) == len(set(listed)) and clients <= set(listed)
    grants = list(auth0.client_grants.list(audience=IDENTIFIER, take=2))
    assert sorted(grant.client_id for grant in grants) == sorted(clients)
    found = list(auth0.resource_servers.list(identifiers=[IDENTIFIER], per_page=1))
    assert [one.id for one in found] == [api.id]

    first = grants[0].client_id
    auth0.clients.update(first, name="renamed", client_metadata={"tier": "gold"})
    found = auth0.clients.get(first)
    assert (found.name, found.client_metadata) == ("renamed", {"tier": "gold"})
    assert auth0.clients.rotate_secret(first).client_secret
    assert auth0.client_grants.update(grants[0].id, scope=["write:orders"]).scope == ["write:orders"]
    auth0.resource_servers.update(api.id, token_lifetime=60)
    assert auth0.resource_servers.get(IDENTIFIER).token_lifetime == 60

    refused(409, lambda: auth0.resource_servers.create(identifier=IDENTIFIER))
    refused(404, lambda: auth0.clients.get("nobody"))
    refused(400, lambda: auth0.client_grants.update(grants[0].id, scope=["fly"]))

    for grant in grants:
        auth0.client_grants.delete(grant.id)
    for client in clients:
        auth0.clients.delete(client)
    auth0.resource_servers.delete(api.id)
    assert list(auth0.client_grants.list(audience=IDENTIFIER)) == []
    credentials(auth0)


def key_pair():
    from cryptography.hazmat.primitives import serialization as how
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = key.public_key().public_bytes(how.Encoding.PEM, how.PublicFormat.SubjectPublicKeyInfo)
    private = key.private_bytes(how.Encoding.PEM, how.PrivateFormat.PKCS8, how.NoEncryption())
    return public.decode(), private.decode()


def credentials(auth0):
    """A client that proves itself by its signature, which the SDK makes."""
    from auth0.authentication import GetToken

    public, private = key_pair()
    client = auth0.clients.create(name="robot").client_id
    keys = auth0.clients.credentials
    added = keys.create(client, credential_type="public_key", name="first", pem=public, alg="RS256")
    assert [one.id for one in keys.list(client)] == [added.id]
    assert keys.get(client, added.id).kid == added.kid and len(added.kid) == 43
    ended = keys.update(client, added.id, expires_at="2040-01-01T00:00:00.000Z").expires_at
    assert ended.year == 2040
    methods = {"private_key_jwt": {"credentials": [{"id": added.id}]}}
    auth0.clients.update(client, client_authentication_methods=methods, token_endpoint_auth_method=None)
    audience = f"https://{DOMAIN}/api/v2/"
    auth0.client_grants.create(client_id=client, audience=audience, scope=["read:clients"])
    robot = GetToken(DOMAIN, client, client_assertion_signing_key=private)
    assert robot.client_credentials(audience)["access_token"]
    refused(409, lambda: keys.delete(client, added.id))
    auth0.clients.update(client, client_authentication_methods=None, token_endpoint_auth_method="client_secret_post")
    keys.delete(client, added.id)
    refused(404, lambda: keys.get(client, added.id))
    auth0.clients.delete(client)


def old():
    """The caller walks the pages."""
    from auth0.authentication import GetToken
    from auth0.management import Auth0

    token = GetToken(DOMAIN, ID, client_secret=SECRET).client_credentials(f"https://{DOMAIN}/api/v2/")
    auth0 = Auth0(DOMAIN, token["access_token"])
    api = auth0.resource_servers.create({"identifier": IDENTIFIER, "name": "Orders", "scopes": SCOPES})
    clients = []
    for number in range(3):
        client = auth0.clients.create({"name": f"partner {number}"})
        clients.append(client["client_id"])
        auth0.client_grants.create(
            {"client_id": client["client_id"], "audience": IDENTIFIER, "scope": ["read:orders"]}
        )
    whole = [client["client_id"] for client in auth0.clients.all()]
    paged, page = [], 0
    while part := auth0.clients.all(page=page, per_page=2):
        paged += [client["client_id"] for client in part]
        page += 1
    assert paged == whole and set(clients) <= set(whole)
    grants = auth0.client_grants.all(audience=IDENTIFIER, page=0, per_page=50, include_totals=True)
    assert grants["total"] == 3 == len(grants["client_grants"])
    auth0.clients.update(clients[0], {"description": "A partner"})
    assert auth0.clients.get(clients[0], fields=["description"]) == {"description": "A partner"}
    assert auth0.clients.rotate_secret(clients[0])["client_secret"]
    grant = grants["client_grants"][0]["id"]
    assert auth0.client_grants.update(grant, {"scope": ["write:orders"]})["scope"] == ["write:orders"]
    auth0.resource_servers.update(api["id"], {"token_lifetime": 60})
    assert auth0.resource_servers.get(api["id"])["token_lifetime"] == 60
    refused(409, lambda: auth0.resource_servers.create({"identifier": IDENTIFIER}))
    for grant in grants["client_grants"]:
        auth0.client_grants.delete(grant["id"])
    for client in clients:
        auth0.clients.delete(client)
    auth0.resource_servers.delete(api["id"])
    rules(auth0)


def rules(auth0):
    """Rules, what they share, and keys; the current major has no rules any more."""
    script = "function (user, context, callback) { callback(null, user, context); }"
    rule = auth0.rules.create({"name": "From Python", "script": script, "order": 80, "enabled": False})
    assert auth0.rules.get(rule["id"])["script"] == script
    assert auth0.rules.update(rule["id"], {"order": 81})["order"] == 81
    assert [one["id"] for one in auth0.rules.all(enabled=False)] == [rule["id"]]
    auth0.rules_configs.set("API_URL", "https://crm.example")
    assert auth0.rules_configs.all() == [{"key": "API_URL"}]
    auth0.rules_configs.unset("API_URL")
    auth0.rules.delete(rule["id"])
    refused(404, lambda: auth0.rules.get(rule["id"]))


current() if MAJOR > 4 else old()
print(f"auth0-python {MAJOR}                clients, APIs and grants: made, listed, changed, deleted")
