// Says what deploy/offline makes of a token that a thief of a key wrote: it claims to know every cut-off, and to be from a
// time after all of them. Whoever has the key can sign that, so here its signature counts as checked.

import { decodeJwt, decodeProtectedHeader } from 'jose'
import { Revocations } from '../../deploy/offline/revocations.mjs'

const [issuer, clientSecret, token] = process.argv.slice(2)
const stop = new AbortController()
const revocations = new Revocations({ issuer, clientId: 'orders-api', clientSecret })
revocations.follow(stop.signal)

const forged = { ...decodeJwt(token), jti: 'forged', rm_cutoff: Number.MAX_SAFE_INTEGER, iat: 99999999999 }
const { kid } = decodeProtectedHeader(token)
for (;;) {
  try {
    console.log(revocations.isRevoked(forged, kid))
    break
  } catch {
    await new Promise((done) => setTimeout(done, 20)) // The list is not there yet.
  }
}
stop.abort()
