// jwt-decode in the shapes of all its ages: the module itself was the function once.

const { InvalidTokenError, jwtDecode } = require('jwt-decode');

module.exports = Object.assign((...given) => jwtDecode(...given), { default: jwtDecode, jwtDecode, InvalidTokenError });
