// `structuredClone`.

module.exports = { structuredClone: require('core-js-pure/actual/structured-clone') };
