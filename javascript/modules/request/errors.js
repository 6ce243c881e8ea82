// The errors by which promises of `request-promise` are rejected.

/** The request brought no answer. */
class RequestError extends Error {
  name = 'RequestError';
  constructor(cause, options) {
    super(String(cause));
    Object.assign(this, { cause, error: cause, options });
  }
}

/** The answer's status is none of 200 to 299. */
class StatusCodeError extends Error {
  name = 'StatusCodeError';
  constructor(response, options) {
    super(`${response.statusCode} - ${JSON.stringify(response.body)}`);
    Object.assign(this, { statusCode: response.statusCode, error: response.body, options, response });
  }
}

/** The script's own transformation failed. */
class TransformError extends Error {
  name = 'TransformError';
  constructor(cause, options, response) {
    super(String(cause));
    Object.assign(this, { cause, error: cause, options, response });
  }
}

module.exports = { RequestError, StatusCodeError, TransformError };
