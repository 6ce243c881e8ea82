// `Headers`, as the standard has them.

const NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/** Names in any case, several values joined, iterated in the order of their names. */
class Headers {
  #values = new Map();
  constructor(given) {
    for (const [name, value] of pairsOf(given)) this.append(name, value);
  }
  append(name, value) {
    const before = this.#values.get(lower(name));
    this.#values.set(lower(name), before === undefined ? clean(value) : `${before}, ${clean(value)}`);
  }
  set(name, value) {
    this.#values.set(lower(name), clean(value));
  }
  get(name) {
    return this.#values.get(lower(name)) ?? null;
  }
  has(name) {
    return this.#values.has(lower(name));
  }
  delete(name) {
    this.#values.delete(lower(name));
  }
  getSetCookie() {
    return this.has('set-cookie') ? [this.get('set-cookie')] : [];
  }
  raw() {
    return Object.fromEntries([...this].map(([name, value]) => [name, [value]]));
  }
  forEach(each, self) {
    for (const [name, value] of this) each.call(self, value, name, this);
  }
  *keys() {
    for (const [name] of this) yield name;
  }
  *values() {
    for (const [, value] of this) yield value;
  }
  entries() {
    return this[Symbol.iterator]();
  }
  *[Symbol.iterator]() {
    yield* [...this.#values].sort(([one], [other]) => (one < other ? -1 : 1));
  }
}

function pairsOf(given) {
  if (given === undefined || given === null) return [];
  return typeof given[Symbol.iterator] === 'function' ? given : Object.entries(given);
}

function lower(name) {
  if (!NAME.test(name)) throw new TypeError(`${name} is no name of a header`);
  return String(name).toLowerCase();
}

function clean(value) {
  const text = String(value).trim();
  if (/[\0\r\n]/.test(text)) throw new TypeError('a header has a line break in it');
  return text;
}

module.exports = { Headers };
