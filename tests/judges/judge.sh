#!/usr/bin/env bash
# Debian's jose, which is written in C, judges signatures. It knows no EdDSA.
set -euo pipefail

place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
curl -sSf "$ISSUER/.well-known/jwks.json" >"$place/jwks.json"

token_for() {
  curl -sSf "$ISSUER/oauth/token" -d grant_type=client_credentials -d audience="$1" \
    --data-urlencode client_id="$CLIENT_ID" --data-urlencode client_secret="$CLIENT_SECRET" |
    python3 -c 'import json, sys; print(json.load(sys.stdin)["access_token"], end="")'
}

for algorithm in ES256 RS256; do
  token=$(token_for "https://$algorithm.example")
  # One key at a time: this version gives up at the first key of a set whose kind it does not know.
  python3 - "$place/jwks.json" "$algorithm" >"$place/key.json" <<'PYTHON'
import json, sys
keys = json.load(open(sys.argv[1]))["keys"]
print(json.dumps(next(key for key in keys if key["alg"] == sys.argv[2])))
PYTHON
  printf %s "$token" | jose jws ver -i- -k "$place/key.json" -O- >"$place/claims.json"
  grep -q '"jti"' "$place/claims.json"
  head=${token%%.*} rest=${token#*.}
  if printf %s "$head.A${rest:1}" | jose jws ver -i- -k "$place/key.json" 2>/dev/null; then
    echo "jose takes a token that was tampered with" >&2
    exit 1
  fi
  printf '%-28s%-8sgood; a forgery refused\n' 'jose (Debian)' "$algorithm"
done
