// `require('http')`.

const { httpFor } = require('./http.js');

module.exports = httpFor('http');
