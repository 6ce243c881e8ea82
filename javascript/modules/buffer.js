// One Buffer for the global and for `require('buffer')`.

module.exports = require('rulemint:buffer');
