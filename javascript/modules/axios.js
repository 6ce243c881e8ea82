// axios, sending over the host.

const axios = require('axios').default ?? require('axios');
const { nodeHeaders, send, sendFollowing } = require('rulemint:http');

axios.defaults.adapter = adapter;
module.exports = axios;
module.exports.default = axios;

async function adapter(config) {
  config.signal?.throwIfAborted?.();
  config.cancelToken?.throwIfRequested();
  const wire = {
    method: (config.method ?? 'get').toUpperCase(),
    url: axios.getUri(config),
    headers: headersOf(config),
    body: config.data ?? null,
  };
  const answer = attempted(config, () => (config.maxRedirects === 0 ? send(wire) : sendFollowing(wire, redirects(config))));
  const response = { data: dataOf(config, answer.body), status: answer.status, statusText: '', config, request: wire };
  response.headers = axios.AxiosHeaders.from(nodeHeaders(answer.headers));
  return judged(config, response);
}

function redirects({ maxRedirects }) {
  return maxRedirects === undefined ? {} : { redirectsMax: maxRedirects };
}

function headersOf(config) {
  const headers = axios.AxiosHeaders.from(config.headers);
  if (config.data === undefined || config.data === null) headers.delete('content-type');
  if (config.auth) {
    const text = `${config.auth.username ?? ''}:${config.auth.password ?? ''}`;
    headers.set('Authorization', `Basic ${Buffer.from(text).toString('base64')}`);
  }
  return Object.entries(headers.toJSON());
}

function attempted(config, sending) {
  try {
    return sending();
  } catch (cause) {
    throw new axios.AxiosError(cause.message, axios.AxiosError.ERR_NETWORK, config, undefined, undefined);
  }
}

function dataOf({ responseType }, bytes) {
  if (responseType === 'arraybuffer') return bytes;
  return bytes.toString('utf8').replace(/^\uFEFF/, '');
}

function judged(config, response) {
  const { validateStatus } = config;
  if (!validateStatus || validateStatus(response.status)) return response;
  const code = response.status < 500 ? axios.AxiosError.ERR_BAD_REQUEST : axios.AxiosError.ERR_BAD_RESPONSE;
  const text = `Request failed with status code ${response.status}`;
  throw new axios.AxiosError(text, code, config, response.request, response);
}
