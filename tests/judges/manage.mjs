// Two majors of Auth0's own SDK for JavaScript manage the server that DOMAIN names, unmodified.

import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { ManagementClient } from 'auth0'
import { ManagementClient as OldManagementClient } from 'auth0-4'

const { DOMAIN, ADMIN_ID, ADMIN_SECRET } = process.env
const options = { domain: DOMAIN, clientId: ADMIN_ID, clientSecret: ADMIN_SECRET }

const has = async (status, promise) => {
  await assert.rejects(promise, (error) => error.statusCode === status || assert.fail(error))
}

async function collected(page) {
  const all = []
  for await (const one of page) all.push(one)
  return all
}

function unique(list, key) {
  const ids = list.map((one) => one[key])
  assert.equal(new Set(ids).size, ids.length)
  return ids
}

// The current major: lists are walked by the SDK itself, in both paging styles.
async function current() {
  const auth0 = new ManagementClient(options)
  const identifier = 'https://orders.example/current'
  const scopes = [{ value: 'read:orders', description: 'Look' }, { value: 'write:orders' }]
  const api = await auth0.resourceServers.create({ identifier, name: 'Orders', scopes })
  const clients = []
  for (let number = 0; number < 5; number++) {
    const name = `partner ${number}`
    const client = await auth0.clients.create({ name, app_type: 'non_interactive' })
    assert.ok(client.client_secret)
    clients.push(client.client_id)
    await auth0.clientGrants.create({ client_id: client.client_id, audience: identifier, scope: ['read:orders'] })
  }
  const listed = unique(await collected(await auth0.clients.list({ per_page: 2 })), 'client_id')
  assert.ok(clients.every((id) => listed.includes(id)))
  const grants = await collected(await auth0.clientGrants.list({ audience: identifier, take: 2 }))
  assert.deepEqual(unique(grants, 'client_id').sort(), clients.sort())
  const apis = await collected(await auth0.resourceServers.list({ identifiers: [identifier], per_page: 1 }))
  assert.deepEqual(apis.map((one) => one.id), [api.id])

  const [first] = clients
  await auth0.clients.update(first, { name: 'renamed', client_metadata: { tier: 'gold' } })
  const found = await auth0.clients.get(first)
  assert.deepEqual([found.name, found.client_metadata], ['renamed', { tier: 'gold' }])
  assert.ok((await auth0.clients.rotateSecret(first)).client_secret)
  await auth0.clientGrants.update(grants[0].id, { scope: ['write:orders'] })
  await auth0.resourceServers.update(api.id, { token_lifetime: 60 })
  assert.equal((await auth0.resourceServers.get(identifier)).token_lifetime, 60)

  await has(409, auth0.resourceServers.create({ identifier }))
  await has(400, auth0.clientGrants.update(grants[0].id, { scope: ['fly'] }))
  await has(404, auth0.clients.get('nobody'))
  await has(404, auth0.connections.get('con_x'))

  for (const { id } of grants) await auth0.clientGrants.delete(id)
  for (const id of clients) await auth0.clients.delete(id)
  await auth0.resourceServers.delete(identifier)
  assert.deepEqual(await collected(await auth0.clientGrants.list({ audience: identifier })), [])
}

// Rules, what they share, and keys, which the current major no longer manages but for the keys.
async function currentKeys() {
  const { keys } = new ManagementClient(options)
  const before = await keys.signing.list()
  const next = before.find((key) => key.next)
  assert.ok((await keys.signing.rotate()).cert.startsWith('-----BEGIN CERTIFICATE-----'))
  assert.equal((await keys.signing.get(next.kid)).current, true)
  const previous = before.find((key) => key.current)
  assert.equal((await keys.signing.get(previous.kid)).previous, true)
}

// A client that proves itself by its signature, which the SDK makes.
async function currentCredentials() {
  const auth0 = new ManagementClient(options)
  const { publicKey, privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  })
  const { client_id: id } = await auth0.clients.create({ name: 'robot', app_type: 'non_interactive' })
  const audience = `https://${DOMAIN}/api/v2/`
  await auth0.clientGrants.create({ client_id: id, audience, scope: ['read:clients'] })
  const { credentials } = auth0.clients
  const key = { credential_type: 'public_key', name: 'first', pem: publicKey, alg: 'RS256' }
  const added = await credentials.create(id, key)
  assert.deepEqual([added.name, added.alg, added.kid.length], ['first', 'RS256', 43])
  assert.deepEqual(await credentials.list(id), [added])
  assert.deepEqual(await credentials.get(id, added.id), added)
  const ended = await credentials.update(id, added.id, { expires_at: '2040-01-01T00:00:00.000Z' })
  assert.equal(Date.parse(ended.expires_at), Date.UTC(2040, 0, 1))
  await has(409, credentials.create(id, key))

  const methods = { private_key_jwt: { credentials: [{ id: added.id }] } }
  await auth0.clients.update(id, { client_authentication_methods: methods, token_endpoint_auth_method: null })
  assert.deepEqual((await auth0.clients.get(id)).client_authentication_methods, methods)
  const robot = new ManagementClient({ domain: DOMAIN, clientId: id, clientAssertionSigningKey: privateKey })
  assert.equal((await robot.clients.get(id)).name, 'robot')
  await has(409, credentials.delete(id, added.id))
  await auth0.clients.update(id, { client_authentication_methods: null, token_endpoint_auth_method: 'client_secret_post' })
  await credentials.delete(id, added.id)
  await has(404, credentials.get(id, added.id))
  const methodsOfNew = { private_key_jwt: { credentials: [key] } }
  const whole = await auth0.clients.create({ name: 'robot 2', client_authentication_methods: methodsOfNew })
  assert.equal(whole.client_authentication_methods.private_key_jwt.credentials.length, 1)
  for (const one of [id, whole.client_id]) await auth0.clients.delete(one)
}

async function oldRules() {
  const auth0 = new OldManagementClient(options)
  const script = 'function (user, context, callback) { callback(null, user, context); }'
  const { data: rule } = await auth0.rules.create({ name: 'From the SDK', script, order: 90, enabled: false })
  assert.deepEqual([rule.name, rule.order, rule.enabled], ['From the SDK', 90, false])
  await has(409, auth0.rules.create({ name: 'From the SDK', script }))
  const { data: page } = await auth0.rules.getAll({ per_page: 1, include_totals: true, enabled: false })
  assert.deepEqual([page.total, page.rules[0].id], [1, rule.id])
  await auth0.rules.update({ id: rule.id }, { name: 'Renamed', order: 91 })
  const { data: found } = await auth0.rules.get({ id: rule.id })
  assert.deepEqual([found.name, found.order, found.script], ['Renamed', 91, script])
  await auth0.rulesConfigs.set({ key: 'API_URL' }, { value: 'https://crm.example' })
  assert.deepEqual((await auth0.rulesConfigs.getAll()).data, [{ key: 'API_URL' }])
  await auth0.rulesConfigs.delete({ key: 'API_URL' })
  await auth0.rules.delete({ id: rule.id })
  await has(404, auth0.rules.get({ id: rule.id }))
  const { data: keys } = await auth0.keys.getAll()
  const next = keys.find((key) => key.next)
  await auth0.keys.rotate()
  assert.equal((await auth0.keys.get({ kid: next.kid })).data.current, true)
  const { data: revoked } = await auth0.keys.revoke({ kid: keys.find((key) => key.previous).kid })
  assert.ok(revoked.cert)
}

// An older major: the caller walks the pages.
async function old() {
  const auth0 = new OldManagementClient(options)
  const identifier = 'https://orders.example/old'
  const scopes = [{ value: 'read:orders' }]
  const { data: api } = await auth0.resourceServers.create({ identifier, name: 'Orders', scopes })
  const clients = []
  for (let number = 0; number < 3; number++) {
    const { data } = await auth0.clients.create({ name: `partner ${number}` })
    clients.push(data.client_id)
    await auth0.clientGrants.create({ client_id: data.client_id, audience: identifier, scope: ['read:orders'] })
  }
  const { data: whole } = await auth0.clients.getAll()
  const paged = []
  for (let page = 0; ; page++) {
    const { data } = await auth0.clients.getAll({ page, per_page: 2, include_totals: true })
    paged.push(...data.clients)
    if (data.start + data.length >= data.total) break
  }
  assert.deepEqual(unique(paged, 'client_id'), unique(whole, 'client_id'))
  const grants = []
  for (let from; ;) {
    const { data } = await auth0.clientGrants.getAll({ audience: identifier, take: 2, from })
    grants.push(...data.client_grants)
    if (!(from = data.next)) break
  }
  assert.deepEqual(unique(grants, 'client_id').sort(), clients.sort())
  await auth0.clients.update({ client_id: clients[0] }, { description: 'A partner' })
  const { data: found } = await auth0.clients.get({ client_id: clients[0], fields: 'description', include_fields: true })
  assert.deepEqual(found, { description: 'A partner' })
  await auth0.resourceServers.update({ id: api.id }, { scopes: [] })
  const { data: [shrunk] } = await auth0.clientGrants.getAll({ client_id: clients[0] })
  assert.deepEqual(shrunk.scope, [])
  await has(403, new OldManagementClient({ domain: DOMAIN, token: await narrow() }).clients.create({ name: 'x' }))
  for (const { id } of grants) await auth0.clientGrants.delete({ id })
  for (const client_id of clients) await auth0.clients.delete({ client_id })
  await auth0.resourceServers.delete({ id: api.id })
}

// A token that may only look.
async function narrow() {
  const body = new URLSearchParams({
    grant_type: 'client_credentials', client_id: ADMIN_ID, client_secret: ADMIN_SECRET,
    audience: `https://${DOMAIN}/api/v2/`, scope: 'read:clients',
  })
  const answer = await fetch(`https://${DOMAIN}/oauth/token`, { method: 'POST', body })
  return (await answer.json()).access_token
}

await current()
console.log('auth0 (JavaScript, current)   clients, APIs and grants: made, listed, changed, deleted')
await currentCredentials()
console.log('auth0 (JavaScript, current)   public keys of clients: made, used, changed, deleted')
await currentKeys()
await old()
await oldRules()
console.log('auth0 (JavaScript, 4)         clients, APIs and grants: made, listed, changed, deleted')
console.log('auth0 (JavaScript, both)      rules, what they share, and keys: made, changed, rotated, revoked')
