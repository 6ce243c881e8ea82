// An API that checks its callers' tokens by itself. `npm install jose` first.

import { createServer } from 'node:http'
import { createRemoteJWKSet, jwtVerify } from 'jose'
import { Revocations, Stale } from './revocations.mjs'

const { ISSUER, AUDIENCE, CLIENT_ID, CLIENT_SECRET, PORT = '8080' } = process.env

const keys = createRemoteJWKSet(new URL(`${ISSUER}/.well-known/jwks.json`))
const revocations = new Revocations({ issuer: ISSUER, clientId: CLIENT_ID, clientSecret: CLIENT_SECRET })
revocations.follow()

/** The status of an answer to whoever bears this token. */
async function judge(token) {
  try {
    const checks = { issuer: ISSUER, audience: AUDIENCE, typ: 'at+jwt' }
    const { payload, protectedHeader } = await jwtVerify(token, keys, checks)
    return revocations.isRevoked(payload, protectedHeader.kid) ? 401 : 200
  } catch (problem) {
    return problem instanceof Stale ? 503 : 401
  }
}

createServer(async (request, response) => {
  const [, token = ''] = request.headers.authorization?.match(/^bearer (.+)$/i) ?? []
  response.writeHead(await judge(token)).end()
}).listen(Number(PORT), '127.0.0.1')
