// uuid under its first name.

module.exports = require('uuid');
