// `require('process')`.

module.exports = process;
