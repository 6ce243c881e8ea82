// @xmldom/xmldom under its former name.

module.exports = require('@xmldom/xmldom');
