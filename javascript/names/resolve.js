// Which bundled module a `require` means. The analyser and the runtime must not differ in this, so both use it.

// `uuid/v4` and `lodash/get` name a property of the module in front.
const PARTS_ARE_PROPERTIES = ['async', 'lodash', 'underscore', 'uuid'];

/** What is asked for, without `node:` and without versions: `uuid@3.3.2` is `uuid`. */
export function plainName(request) {
  const name = request.startsWith('node:') ? request.slice(5) : request;
  return name.replace(/^((?:@[^/@]+\/)?[^/@]+)@[^/]*/, '$1').replace(/(?<=.)\/$/, '').replace(/\.js$/, (end) => {
    return name.includes('/') ? '' : end;
  });
}

/** The bundled module and the property of it that a request means, or null; `isBundled` knows names. */
export function resolve(request, isBundled) {
  const name = plainName(request);
  if (isBundled(name)) return { name, property: null };
  for (const module of PARTS_ARE_PROPERTIES) {
    const property = propertyOf(module, name);
    if (property !== null && isBundled(module)) return { name: module, property };
  }
  return null;
}

function propertyOf(module, name) {
  if (name.startsWith(`${module}/`)) return name.slice(module.length + 1);
  if (module === 'lodash' && name.startsWith('lodash.')) return name.slice(7);
  return null;
}
