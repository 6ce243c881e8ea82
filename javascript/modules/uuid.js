// uuid's functions in the shapes of all its ages: `require('uuid').v4()`, `require('uuid/v4')()` and `require('uuid')()`.

const uuid = require('uuid');

module.exports = Object.assign((...given) => uuid.v4(...given), uuid);
module.exports.default = module.exports;
