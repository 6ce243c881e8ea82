// jose, which counts on `crypto.subtle`.

require('crypto');

module.exports = require('jose');
