// `require('request-promise/errors')`.

module.exports = require('./errors.js');
