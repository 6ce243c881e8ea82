// The bundled modules: a script's name for each, and where esbuild begins. An entry of ours is an adapter in this folder;
// all others are the npm package itself, as it was published.

/** Name to `{ entry, from }`: `from` is the package whose version is shown. */
export const catalogue = {
  buffer: { entry: './buffer.js', from: 'buffer' },
  crypto: { entry: './crypto.js', from: 'crypto-browserify' },
  events: { entry: 'events' },
  lodash: { entry: 'lodash' },
  stream: { entry: 'stream-browserify', from: 'stream-browserify' },
  string_decoder: { entry: 'string_decoder' },
  util: { entry: 'util' },
  uuid: { entry: './uuid.js', from: 'uuid' },
};
