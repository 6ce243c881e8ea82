// jose, oauth4webapi, openid-client and express-oauth2-jwt-bearer judge the tokens of the server that ISSUER names.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import express from 'express'
import { auth } from 'express-oauth2-jwt-bearer'
import { createRemoteJWKSet, jwtVerify } from 'jose'
import * as oauth from 'oauth4webapi'
import * as openid from 'openid-client'

const { ISSUER, CLIENT_ID, CLIENT_SECRET } = process.env
const ALGORITHMS = ['ES256', 'RS256', 'EdDSA']
const V4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
// The server stands behind whoever adds TLS; on one machine there is none.
const plain = { [oauth.allowInsecureRequests]: true }

const audienceOf = (algorithm) => `https://${algorithm}.example`

function tampered(token) {
  const [head, payload, signature] = token.split('.')
  const flip = (part) => part.slice(0, 7) + (part[7] === 'A' ? 'B' : 'A') + part.slice(8)
  return [[head, flip(payload), signature].join('.'), [head, payload, flip(signature)].join('.')]
}

function checkClaims(claims, algorithm) {
  assert.equal(claims.iss, ISSUER)
  assert.equal(claims.aud, audienceOf(algorithm))
  assert.equal(claims.sub, CLIENT_ID)
  assert.equal(claims.client_id, CLIENT_ID)
  assert.match(claims.jti, V4)
  return claims.jti
}

async function judge(name, algorithm, tokenFor, verify) {
  const [first, second] = [await tokenFor(algorithm), await tokenFor(algorithm)]
  assert.notEqual(await verify(first, algorithm), await verify(second, algorithm))
  for (const forged of tampered(first)) await assert.rejects(verify(forged, algorithm))
  console.log(`${name.padEnd(28)}${algorithm.padEnd(8)}good; two forgeries refused`)
}

// jose: keys from the server.
const jwks = createRemoteJWKSet(new URL(`${ISSUER}/.well-known/jwks.json`))
async function jose(token, algorithm) {
  const options = { issuer: ISSUER, audience: audienceOf(algorithm), typ: 'at+jwt', algorithms: [algorithm] }
  const { payload } = await jwtVerify(token, jwks, { ...options, requiredClaims: ['exp', 'iat', 'sub', 'jti', 'client_id'] })
  return checkClaims(payload, algorithm)
}

// oauth4webapi: discovery, the token endpoint, and RFC 9068 as a resource server reads it (9068-01).
const client = { client_id: CLIENT_ID }
const discovered = await oauth.discoveryRequest(new URL(ISSUER), { algorithm: 'oauth2', ...plain })
const server = await oauth.processDiscoveryResponse(new URL(ISSUER), discovered)
async function tokenFrom(authentication, algorithm) {
  const parameters = { audience: audienceOf(algorithm), scope: 'read' }
  const answer = await oauth.clientCredentialsGrantRequest(server, client, authentication, parameters, plain)
  return (await oauth.processClientCredentialsResponse(server, client, answer)).access_token
}
const byHeader = (algorithm) => tokenFrom(oauth.ClientSecretBasic(CLIENT_SECRET), algorithm)
const byBody = (algorithm) => tokenFrom(oauth.ClientSecretPost(CLIENT_SECRET), algorithm)
async function oauth4webapi(token, algorithm) {
  const request = new Request('https://api.example/things', { headers: { authorization: `Bearer ${token}` } })
  const options = { ...plain, signingAlgorithms: [algorithm] }
  return checkClaims(await oauth.validateJwtAccessToken(server, request, audienceOf(algorithm), options), algorithm)
}

for (const algorithm of ALGORITHMS) {
  await judge('jose (npm)', algorithm, byBody, jose)
  await judge('oauth4webapi', algorithm, byHeader, oauth4webapi)
}

// openid-client: discovery in both ways (8414-03), and a grant.
for (const algorithm of ['oidc', 'oauth2']) {
  const options = { algorithm, execute: [openid.allowInsecureRequests] }
  const found = await openid.discovery(new URL(ISSUER), CLIENT_ID, CLIENT_SECRET, undefined, options)
  const tokens = await openid.clientCredentialsGrant(found, { resource: audienceOf('ES256') })
  await jose(tokens.access_token, 'ES256')
  console.log(`${'openid-client'.padEnd(28)}${algorithm.padEnd(8)}found, and a token got (8414-03)`)
}

// express-oauth2-jwt-bearer: an API in strict mode (9068-02). It knows no EdDSA.
for (const algorithm of ['ES256', 'RS256']) {
  const app = express()
  app.use(auth({ issuerBaseURL: ISSUER, audience: audienceOf(algorithm), tokenSigningAlg: algorithm, strict: true }))
  app.get('/', (request, response) => response.json(request.auth.payload))
  app.use((problem, _request, response, _next) => response.status(problem.status ?? 500).json({ problem: problem.message }))
  const listening = app.listen(0, '127.0.0.1')
  await once(listening, 'listening')
  const call = async (token) => {
    const answer = await fetch(`http://127.0.0.1:${listening.address().port}/`, { headers: { authorization: `Bearer ${token}` } })
    const body = await answer.json()
    assert.equal(answer.status, 200, body.problem)
    return checkClaims(body, algorithm)
  }
  await judge('express-oauth2-jwt-bearer', algorithm, byHeader, call)
  listening.close()
}
