// Compares two exports. Directories of Auth0's deploy tool: all that the first declares is in the second, which may say more: what
// was not declared has a value, too, and somebody has to administer the server. A directory and a YAML file, read by the library
// that the tool reads YAML with: they say the same.

import assert from 'node:assert/strict'
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import yaml from 'js-yaml'

const [declared, exported] = process.argv.slice(2)
const administrator = 'clients/administrator.json'

const text = (...path) => readFileSync(join(...path), 'utf8')
const files = (directory) =>
  readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1))
    .filter((name) => name !== administrator)
    .sort()

function directories() {
  assert.deepEqual(files(exported), files(declared))
  for (const name of files(declared)) {
    if (!name.endsWith('.json')) {
      assert.equal(text(exported, name), text(declared, name), name)
      continue
    }
    const all = JSON.parse(text(exported, name))
    for (const [property, value] of Object.entries(JSON.parse(text(declared, name)))) {
      assert.deepEqual(all[property], value, `${name}: ${property}`)
    }
  }
}

function formats() {
  const sections = yaml.load(text(exported))
  const places = { clients: 'clients', resourceServers: 'resource-servers', clientGrants: 'grants' }
  const sorted = (things) => things.map((thing) => JSON.stringify(thing)).sort()
  for (const [section, place] of Object.entries(places)) {
    const things = readdirSync(join(declared, place)).map((name) => JSON.parse(text(declared, place, name)))
    assert.ok(things.length > 0, section)
    assert.deepEqual(sorted(sections[section]), sorted(things), section)
  }
}

exported.endsWith('.yaml') ? formats() : directories()
