// `AbortController` and what it is made of. Requests never take time here, so that a signal is looked at before one is sent
// and never afterwards.

const { AbortController, AbortSignal } = require('abortcontroller-polyfill/dist/cjs-ponyfill');
const { Event, EventTarget } = require('event-target-shim');

module.exports = { AbortController, AbortSignal, Event, EventTarget };
