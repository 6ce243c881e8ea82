// Compares two directories of Auth0's deploy tool: all that the first declares is in the second. The second may say more: what
// was not declared has a value, too, and somebody has to administer the server.

import assert from 'node:assert/strict'
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

const [declared, exported] = process.argv.slice(2)
const administrator = 'clients/administrator.json'

const files = (directory) =>
  readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1))
    .filter((name) => name !== administrator)
    .sort()

assert.deepEqual(files(exported), files(declared))
for (const name of files(declared)) {
  const [wanted, found] = [declared, exported].map((place) => readFileSync(join(place, name), 'utf8'))
  if (!name.endsWith('.json')) {
    assert.equal(found, wanted, name)
    continue
  }
  const all = JSON.parse(found)
  for (const [property, value] of Object.entries(JSON.parse(wanted))) {
    assert.deepEqual(all[property], value, `${name}: ${property}`)
  }
}
