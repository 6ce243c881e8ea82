// `bcrypt`, which is native code: bcryptjs has the same calls.

module.exports = require('bcryptjs');
