// Keeps a copy of what a rulemint server has revoked, and says of a verified token whether it is revoked: without a
// request for each token. Node 20 or newer, nothing to install.
//
//   const revocations = new Revocations({ issuer, clientId, clientSecret })
//   revocations.follow(signal)                            // goes on until the signal
//   const { payload, protectedHeader } = await jwtVerify(token, keys, { issuer, audience })
//   if (revocations.isRevoked(payload, protectedHeader.kid)) …  // 401; it throws where nobody can say: 503

/** The copy may miss a revocation: nobody can say that a token is good. */
export class Stale extends Error {}

export class Revocations {
  #url
  #authorization
  #staleAfter
  #entries = new Map() // by id
  #byName = new Map() // by what they are compared with: sets of ids
  #cursor
  #currentAt = -Infinity

  constructor({ issuer, clientId, clientSecret, staleAfterSeconds = 60 }) {
    const credentials = [clientId, clientSecret].map(encodeURIComponent).join(':')
    this.#url = `${issuer}/revocations`
    this.#authorization = `Basic ${Buffer.from(credentials).toString('base64')}`
    this.#staleAfter = staleAfterSeconds * 1000
  }

  /** Keeps the copy up to date until the signal. What goes wrong is told and tried again. */
  async follow(signal, report = console.error) {
    while (!signal?.aborted) {
      try {
        await this.#ask(signal)
      } catch (problem) {
        if (signal?.aborted) return
        report(`revocations: ${problem.message}; trying again`)
        await new Promise((done) => setTimeout(done, 1000))
      }
    }
  }

  /** Whether a token is revoked whose signature, issuer, audience and time were checked. */
  isRevoked(claims, kid) {
    if (performance.now() - this.#currentAt > this.#staleAfter) throw new Stale('not up to date')
    const { jti, client_id, sub, aud, rm_rules = '' } = claims
    const names = [
      ['token', jti], ['client', client_id], ['grant', client_id, aud], ['subject', sub],
      ['audience', aud], ['key', kid], ...rm_rules.split(' ').map((rule) => ['rule', rule]),
    ]
    return names.some((name) => {
      const ids = this.#byName.get(JSON.stringify(name)) ?? []
      return [...ids].some((id) => meets(this.#entries.get(id), claims))
    })
  }

  get size() {
    return this.#entries.size
  }

  /** Asks for the whole list, or waits for what changed. */
  async #ask(signal) {
    const query = this.#cursor ? `?since=${encodeURIComponent(this.#cursor)}&wait=${WAIT_SECONDS}` : ''
    const timeout = AbortSignal.timeout((WAIT_SECONDS + 10) * 1000)
    const answer = await fetch(this.#url + query, {
      headers: { authorization: this.#authorization },
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
    })
    if (answer.status === 410) return this.#startAgain()
    if (!answer.ok) throw new Error(`the server answers ${answer.status}: ${await answer.text()}`)
    const { cursor, more, whole, entries } = await answer.json()
    if (whole) this.#startAgain()
    for (const entry of entries) this.#take(entry)
    this.#cursor = cursor
    if (more) return
    this.#currentAt = performance.now()
    this.#forget(Date.now() / 1000 - MARGIN_SECONDS)
  }

  /** Until everything is there again nobody can say anything. */
  #startAgain() {
    this.#entries.clear()
    this.#byName.clear()
    this.#cursor = undefined
    this.#currentAt = -Infinity
  }

  /** An entry replaces what was known by its id; one that is undone only takes that away. */
  #take(entry) {
    this.#drop(entry.id)
    if (entry.undone) return
    const name = nameOf(entry)
    this.#entries.set(entry.id, entry)
    this.#byName.set(name, (this.#byName.get(name) ?? new Set()).add(entry.id))
  }

  #drop(id) {
    const known = this.#entries.get(id)
    if (!known) return
    const name = nameOf(known)
    const ids = this.#byName.get(name)
    ids.delete(id)
    if (ids.size === 0) this.#byName.delete(name)
    this.#entries.delete(id)
  }

  /** The server does not tell when an entry is of no use any more: by then its tokens have expired. */
  #forget(moment) {
    for (const { id, exp } of this.#entries.values()) if (exp < moment) this.#drop(id)
  }
}

/** A blacklisted token is met by its jti, and by its API or client where the entry says one. A cut-off meets what was issued
 *  before it: what does not know its number. A final one meets all: whoever has the key writes such claims himself. */
function meets(entry, claims) {
  if (entry.kind === 'token') return entry.aud === undefined || [claims.aud, claims.client_id].includes(entry.aud)
  if (entry.final) return true
  const isOlder = (claims.rm_cutoff ?? 0) < entry.id
  return isOlder && (entry.before === undefined || claims.iat < entry.before)
}

function nameOf({ kind, jti, client_id, sub, aud, kid, rule }) {
  const names = {
    token: [jti], client: [client_id], grant: [client_id, aud], subject: [sub], audience: [aud], key: [kid], rule: [rule],
  }
  return JSON.stringify([kind, ...(names[kind] ?? [])])
}

const WAIT_SECONDS = 30
/** Two clocks may differ: an entry stays two days longer than its last token. */
const MARGIN_SECONDS = 2 * 86400
