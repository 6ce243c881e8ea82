// `request`, whose own stack needs sockets: the same calls, over the host.

const { merged } = require('./options.js');
const { Sending } = require('./sending.js');

/** Makes a `request` whose options begin with `defaults`; `send` makes of options what a call gives. */
function requestWith(send, defaults = {}) {
  const request = (...given) => send(merged(defaults, given));
  for (const [name, method] of Object.entries(METHODS)) {
    request[name] = (...given) => send({ ...merged(defaults, given), method });
  }
  request.defaults = (more) => {
    return requestWith(send, { ...defaults, ...more, headers: { ...defaults.headers, ...more?.headers } });
  };
  request.jar = () => ({ setCookie() {}, getCookieString: () => '', getCookies: () => [] });
  request.cookie = (text) => text;
  request.forever = () => request;
  return request;
}

const METHODS = {
  get: 'GET', head: 'HEAD', options: 'OPTIONS', post: 'POST', put: 'PUT', patch: 'PATCH', del: 'DELETE', delete: 'DELETE',
};

module.exports = requestWith((options) => new Sending(options));
module.exports.requestWith = requestWith;
