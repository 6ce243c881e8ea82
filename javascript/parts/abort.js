// `AbortController` and what it is made of. Requests never take time here, so that a signal is looked at before one is sent
// and never afterwards.

import { AbortController, AbortSignal } from 'abortcontroller-polyfill/dist/cjs-ponyfill';
import { Event, EventTarget } from 'event-target-shim';

export { AbortController, AbortSignal, Event, EventTarget };
