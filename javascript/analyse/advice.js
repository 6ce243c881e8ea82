// What to do about a module that is not bundled.

import { plainName } from '../names/resolve.js';

const DATABASES =
  'mongodb mongoose mysql mysql2 mysqljs pg pg-pool knex sequelize redis ioredis memcached mssql tedious oracledb ' +
  'cassandra-driver couchbase nano sqlserver azure-storage ldapjs ldap activedirectory node-cassandra-cql nodemailer ' +
  'amqplib kafkajs node-rdkafka dynamodb ws socket.io-client';
const NODE_ONLY = 'fs fs/promises net tls dgram dns child_process cluster worker_threads os readline repl vm v8 http2 inspector';

const SOCKETS = 'it needs sockets, which a rule does not have: put an HTTP API in front of it and ask that, with [http] hosts';
const SYSTEM = 'it needs files, sockets or processes, which a rule does not have: take it out';
const AUTH0 =
  'it is the client of Auth0\'s own API, and there is no user store here: take it out; what it wrote into app_metadata ' +
  'can be the metadata of a client';
const FORGOTTEN = 'Auth0 took it away years ago: ';

const ADVICE = new Map([
  ...DATABASES.split(' ').map((name) => [name, SOCKETS]),
  ...NODE_ONLY.split(' ').map((name) => [name, SYSTEM]),
  ['auth0-extension-tools', AUTH0],
  ['auth0-authz-rules-api', AUTH0],
  ['got', 'use fetch, axios or request in its place'],
  ['webtask-tools', `${FORGOTTEN}take it out`],
]);

/** One sentence for a request that no bundled module answers. */
export function adviceFor(request) {
  const name = plainName(request);
  const known = ADVICE.get(name) ?? ADVICE.get(name.split('/')[0]);
  if (known) return known;
  if (/^[./]/.test(request)) return 'a rule is one file: `rulemint rule build` puts what it requires into it';
  return `it is not among the bundled modules: install it with npm and run \`rulemint rule build\`, which puts it into the script`;
}
