// `TextEncoder`, `TextDecoder`, `atob` and `btoa`.

export { TextDecoder, TextEncoder } from '@exodus/bytes/encoding-lite.js';
export { default as atob } from 'core-js-pure/actual/atob';
export { default as btoa } from 'core-js-pure/actual/btoa';
