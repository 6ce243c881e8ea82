// Modules that Auth0's scripts could use without requiring them, by the names they had there.

/** Global name to module. */
export const implicitModules = {
  _: 'lodash',
  async: 'async',
  bcrypt: 'bcrypt',
  crypto: 'crypto',
  jwt: 'jsonwebtoken',
  moment: 'moment',
  pbkdf2: 'pbkdf2',
  q: 'q',
  querystring: 'querystring',
  request: 'request',
  url: 'url',
  util: 'util',
  uuid: 'uuid',
  xml2js: 'xml2js',
  xmldom: 'xmldom',
  xpath: 'xpath',
  xtend: 'xtend',
};

/** Names of databases that were global there, too, and have no module here. */
export const implicitDatabases = { knex: 'knex', mongo: 'mongodb', mysql: 'mysql', pg: 'pg', sqlserver: 'sqlserver' };

// The engine has these of `crypto` itself.
const OF_WEB_CRYPTO = ['getRandomValues', 'randomUUID'];

/** Whether `crypto.<name>` needs the module. */
export function needsCryptoModule(name) {
  return !OF_WEB_CRYPTO.includes(name);
}
