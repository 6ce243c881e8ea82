// Node's url: the old functions of the package `url`, and the standard's classes.

const url = require('url/');
const { URL, URLSearchParams } = require('rulemint:url');

module.exports = { ...url, URL, URLSearchParams };
