// `node-fetch`, `cross-fetch` and `isomorphic-fetch`: the global fetch under the names that were needed before Node had one.

const { fetch, Headers, Request, Response } = require('rulemint:fetch');

module.exports = Object.assign((...given) => fetch(...given), { default: fetch, fetch, Headers, Request, Response });
