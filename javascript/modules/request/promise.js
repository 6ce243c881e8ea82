// `request-promise` and `request-promise-native`: `request` whose calls are promises of the body.

const { requestWith } = require('request');
const { Sending } = require('./sending.js');
const { RequestError, StatusCodeError, TransformError } = require('./errors.js');

/** A request that can be awaited. */
class Promised extends Sending {
  constructor(options) {
    let settle;
    const promise = new Promise((resolve, reject) => {
      settle = { resolve, reject };
    });
    super({ ...options, callback: (error, response) => settled(options, { error, response, ...settle }) });
    this.asked = promise;
  }
  promise() {
    return this.asked;
  }
  then(...given) {
    return this.asked.then(...given);
  }
  // bluebird's own form names the kind of error first.
  catch(...given) {
    const kind = given.length > 1 ? given[0] : Object;
    return this.asked.catch((error) => {
      if (error instanceof kind) return given.at(-1)(error);
      throw error;
    });
  }
  finally(...given) {
    return this.asked.finally(...given);
  }
}

module.exports = requestWith((options) => new Promised(options));

function settled(options, { error, response, resolve, reject }) {
  if (error) {
    options.callback?.(error);
    return reject(new RequestError(error, options));
  }
  options.callback?.(null, response, response.body);
  const isGood = response.statusCode >= 200 && response.statusCode < 300;
  if (!isGood && options.simple !== false) return reject(new StatusCodeError(response, options));
  return transformed(options, response).then(resolve, reject);
}

async function transformed({ transform, resolveWithFullResponse, method, simple, ...options }, response) {
  if (typeof transform === 'function') {
    try {
      return await transform(response.body, response, resolveWithFullResponse);
    } catch (cause) {
      throw new TransformError(cause, options, response);
    }
  }
  if (resolveWithFullResponse) return response;
  return method === 'HEAD' && simple !== false ? response.headers : response.body;
}
