// Node's util: the package `util`, and the encoders that it lacks.

const util = require('util/');

module.exports = {
  ...util,
  TextEncoder,
  TextDecoder,
  isDeepStrictEqual: (one, other) => require('deep-equal')(one, other, { strict: true }),
};
