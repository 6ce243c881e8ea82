// @sd-jwt/jwt-status-list says what the status list of a token says about it; jose checks the list's signature.

import assert from 'node:assert/strict'
import { getListFromStatusListJWT, getStatusListFromJWT } from '@sd-jwt/jwt-status-list'
import { createRemoteJWKSet, decodeJwt, jwtVerify } from 'jose'

const { ISSUER } = process.env
const token = process.argv[2]
const { idx, uri } = getStatusListFromJWT(token)
assert.equal(decodeJwt(token).status.status_list.uri, uri)

const answer = await fetch(uri, { headers: { accept: 'application/statuslist+jwt' } })
assert.equal(answer.status, 200)
const list = await answer.text()
const keys = createRemoteJWKSet(new URL(`${ISSUER}/.well-known/jwks.json`))
await jwtVerify(list, keys, { issuer: ISSUER, subject: uri, typ: 'statuslist+jwt' })
console.log(getListFromStatusListJWT(list).getStatus(idx))
