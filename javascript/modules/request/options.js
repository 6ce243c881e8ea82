// What `request` was asked for, as one request to send.

const querystring = require('qs');
const { Buffer } = require('rulemint:buffer');
const { URL } = require('rulemint:url');

module.exports = { merged, wireOf };

// What would change how the connection is made: the server makes it, by the manifest.
const NOT_HERE = ['oauth', 'hawk', 'aws', 'httpSignature', 'proxy', 'tunnel', 'cert', 'key', 'pfx', 'multipart', 'socksProxy'];

/** One of `request(uri, options, callback)`, `request(options, callback)` and their like, as one object. */
function merged(defaults, given) {
  const [first, second] = given;
  const options = { ...defaults };
  if (typeof first === 'string' || first?.href) options.uri = first;
  else Object.assign(options, first, { headers: { ...defaults.headers, ...first?.headers } });
  if (typeof second === 'object') Object.assign(options, second, { headers: { ...options.headers, ...second?.headers } });
  const callback = given.find((one) => typeof one === 'function') ?? options.callback;
  return { ...options, callback };
}

/** The request to send: `{ method, url, headers, body }`. */
function wireOf(options) {
  const refused = NOT_HERE.find((name) => options[name]);
  if (refused) throw new Error(`request's option ${refused} does not work here: the server makes the connection`);
  const { headers, body } = contentOf(options);
  authorize(options, headers);
  const method = (options.method ?? 'GET').toUpperCase();
  return { method, url: urlOf(options), headers: [...headers.values()], body };
}

function urlOf(options) {
  const given = options.uri ?? options.url;
  if (given === undefined || given === null) throw new Error('options.uri is a required argument');
  const text = given.href ?? String(given);
  const url = new URL(options.baseUrl ? joinedPaths(options.baseUrl, text) : text);
  if (options.qs && Object.keys(options.qs).length > 0) {
    const before = querystring.parse(url.search.slice(1));
    url.search = querystring.stringify({ ...before, ...options.qs }, options.qsStringifyOptions);
  }
  return url.href;
}

function joinedPaths(base, path) {
  return `${base.replace(/\/$/, '')}/${path.replace(/^\//, '')}`;
}

function contentOf(options) {
  const headers = new Map();
  for (const [name, value] of Object.entries(options.headers ?? {})) headers.set(name.toLowerCase(), [name, value]);
  const set = (name, value) => headers.has(name) || headers.set(name, [name, value]);
  if (options.json) {
    set('accept', 'application/json');
    const value = typeof options.json === 'object' ? options.json : options.body;
    if (value === undefined) return { headers, body: null };
    set('content-type', 'application/json');
    return { headers, body: typeof value === 'string' && options.json === true ? quoted(value) : JSON.stringify(value) };
  }
  if (options.form !== undefined && options.form !== null) {
    set('content-type', 'application/x-www-form-urlencoded');
    return { headers, body: typeof options.form === 'string' ? options.form : querystring.stringify(options.form) };
  }
  if (options.formData) return multipart(options.formData, headers, set);
  return { headers, body: options.body ?? null };
}

// request leaves a text alone that is JSON already.
function quoted(text) {
  try {
    JSON.parse(text);
    return text;
  } catch {
    return JSON.stringify(text);
  }
}

function multipart(fields, headers, set) {
  const boundary = `--------------------------${crypto.randomUUID().replace(/-/g, '')}`;
  const parts = Object.entries(fields).flatMap(([name, values]) => [values].flat().map((value) => part(name, value)));
  set('content-type', `multipart/form-data; boundary=${boundary}`);
  const body = `${parts.map((one) => `--${boundary}\r\n${one}\r\n`).join('')}--${boundary}--\r\n`;
  return { headers, body };
}

function part(name, field) {
  const { value, options = {} } = typeof field === 'object' && field.value !== undefined ? field : { value: field };
  const file = options.filename ? `; filename="${options.filename}"` : '';
  const type = options.contentType ? `\r\nContent-Type: ${options.contentType}` : '';
  return `Content-Disposition: form-data; name="${name}"${file}${type}\r\n\r\n${value}`;
}

function authorize({ auth }, headers) {
  if (!auth || headers.has('authorization')) return;
  const bearer = typeof auth.bearer === 'function' ? auth.bearer() : auth.bearer;
  const basic = `${auth.user ?? auth.username ?? ''}:${auth.pass ?? auth.password ?? ''}`;
  const value = bearer === undefined ? `Basic ${Buffer.from(basic).toString('base64')}` : `Bearer ${bearer}`;
  headers.set('authorization', ['Authorization', value]);
}
