// `require('https')`.

const { httpFor } = require('./http.js');

module.exports = httpFor('https');
