// The analyser: what a script is, what it needs, and what in it cannot work.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { analyse } from './engine.js';

const rule = (body) => `function (user, context, callback) {\n${body}\ncallback(null, user, context);\n}`;
const texts = (source) => analyse(source).findings.map(({ severity, line, text }) => `${severity} ${line}: ${text}`);

for (const [dialect, sources] of Object.entries({
  rule: [
    'function (user, context, callback) {}', 'function rule(user, context, callback) {}', '(user, context, cb) => {}',
    '// a\n/* b\n */ async function (user, context, callback) {};', 'module.exports = function (user, context, callback) {}',
    'function (u, c, cb) {}', 'const x = 1;\nmodule.exports = run;\nfunction run(a, b, c) {}',
    'var m = require("m");\nmodule.exports = __toCommonJS(x);\nfunction y(user, context, callback) {}',
  ],
  hook: [
    'module.exports = function (client, scope, audience, context, cb) {};', 'module.exports = (a, b, c, d, e) => {};',
    'function (client, scope, audience, context, cb) {}',
  ],
  'credentials-exchange': [
    'exports.onExecuteCredentialsExchange = async (event, api) => {};',
    'module.exports = { onExecuteCredentialsExchange: async (event, api) => {} };',
    'module.exports.onExecuteCredentialsExchange = function (event, api) {};',
    'var s = {}; __export(s, { onExecuteCredentialsExchange: () => run }); module.exports = __toCommonJS(s); async function run(e, a) {}',
    'var rule = (() => { var exports = {}; exports.onExecuteCredentialsExchange = async () => {}; return exports; })();',
  ],
  'post-login': ['exports.onExecutePostLogin = async (event, api) => {};\nexports.onContinuePostLogin = async (event, api) => {};'],
})) {
  for (const source of sources) {
    test(`a ${dialect} is recognised: ${source.split('\n').at(-1)}`, () => {
      const report = analyse(source);
      assert.deepEqual([report.dialect, report.error], [dialect, null]);
    });
  }
}

test('a syntax error has its line and column', () => {
  const { error } = analyse('function (user, context, callback) {\n  var a = ;\n}');
  assert.deepEqual([error.line, error.column, error.text], [2, 11, 'does not parse: Unexpected token']);
});

test('a syntax error of an action has its line', () => {
  assert.equal(analyse('const a = 1;\nexports.onExecutePostLogin = async (event, api => {};').error.line, 2);
});

test('a file that is none of the three is told what they look like', () => {
  const { error } = analyse('const a = 1;');
  assert.match(error.advice, /a Rule is .* a Hook is .* an Action is/);
});

test('an empty file is told, too', () => {
  assert.match(analyse('').error.text, /none of the scripts/);
});

test('an action of another trigger is told which', () => {
  assert.match(analyse('exports.onExecutePreUserRegistration = async () => {};').error.text, /onExecutePreUserRegistration/);
});

for (const [what, source] of Object.entries({
  'before registration': 'module.exports = function (user, context, cb) {\n  var response = {};\n  response.user = user;\n  cb(null, response);\n};',
  'after registration': 'module.exports = function (user, context, cb) {\n  if (!user.email) return cb(new Error("no"));\n  cb();\n};',
  'after a password change': 'module.exports = (user, context, cb) => { console.log(user.id); cb(null, {}); };',
})) {
  test(`a Hook about users is no Rule: ${what}`, () => {
    const { dialect, error } = analyse(source);
    assert.equal(dialect, null);
    assert.match(error.text, /is a Hook about users/);
  });
}

for (const body of [
  'callback(null, user, context)', 'callback(null, user)', 'callback(...given)', 'done(callback)', 'callback(new UnauthorizedError("no"))',
  'async.series([], callback); callback()', 'return void 0',
]) {
  test(`a Rule that is exported is a Rule: ${body}`, () => {
    const { dialect, error } = analyse(`module.exports = function (user, context, callback) { ${body}; };`);
    assert.deepEqual([dialect, error], ['rule', null]);
  });
}

test('a function alone in its file is a Rule, whatever it gives its callback', () => {
  assert.equal(analyse('function (user, context, callback) { callback(null, {}); }').dialect, 'rule');
});

test('an ES module is sent to rule build', () => {
  const { error } = analyse(`import x from 'x';\nexport const onExecutePostLogin = async () => {};`, '10-x.js');
  assert.match(error.advice, /rulemint rule build 10-x\.js/);
});

test('required modules are listed, whatever version and path they are asked for under', () => {
  const { modules, unknown } = analyse(rule(`require('uuid@3.3.2'); require('uuid/v4');\nrequire('lodash.get'); require('node:crypto'); require(\`qs\`);`));
  assert.deepEqual(modules.map(({ request, name, line }) => [request, name, line]), [
    ['uuid@3.3.2', 'uuid', 2], ['uuid/v4', 'uuid', 2], ['lodash.get', 'lodash', 3], ['node:crypto', 'crypto', 3], ['qs', 'qs', 3],
  ]);
  assert.deepEqual(unknown, []);
});

test('what a bundle requires is listed, too', () => {
  const source = `var rule = (() => { var uuid = __require("uuid"); return (user, context, callback) => {}; })();`;
  assert.deepEqual(analyse(source).modules.map(({ name }) => name), ['uuid']);
});

test('modules that are not bundled are listed with what to do', () => {
  const { unknown } = analyse(rule(`require('left-pad');\nrequire('mongodb@3'); require('fs'); require('auth0-extension-tools@1'); require('./x');`));
  assert.deepEqual(unknown.map(({ request, line }) => [request, line]), [
    ['left-pad', 2], ['mongodb@3', 3], ['fs', 3], ['auth0-extension-tools@1', 3], ['./x', 3],
  ]);
  const [own, database, system, auth0, file] = unknown.map(({ advice }) => advice);
  assert.match(own, /rulemint rule build/);
  assert.match(database, /sockets.*\[http\] hosts/);
  assert.match(system, /files, sockets or processes/);
  assert.match(auth0, /no user store/);
  assert.match(file, /one file/);
});

test('modules that were global at Auth0 are listed', () => {
  const { modules } = analyse(rule(`_.map([]); request.get('x'); crypto.createHash('md5'); jwt.sign({});`));
  assert.deepEqual(modules.map(({ name }) => name).sort(), ['crypto', 'jsonwebtoken', 'lodash', 'request']);
});

test('globals are listed with the modules that hold them', () => {
  const { modules } = analyse(rule(`new URL('x'); Buffer.from('a'); fetch; typeof structuredClone;`));
  assert.deepEqual(modules.map(({ request, name }) => [request, name]), [
    ['URL', 'rulemint:url'], ['Buffer', 'rulemint:buffer'], ['fetch', 'rulemint:fetch'], ['structuredClone', 'rulemint:clone'],
  ]);
  assert.deepEqual(analyse(rule(`const URL = 1; x({ Buffer: URL }, y.fetch);`)).modules, []);
});

test('a variable of that name is no module', () => {
  const { modules } = analyse(rule(`const _ = {}; _.a(); function f(request) { return request.x; } crypto.randomUUID();`));
  assert.deepEqual(modules, []);
});

test('a computed require is a warning', () => {
  assert.deepEqual(texts(rule(`require('a' + 'b');`)), ['warning 2: requires a module under a name that is computed']);
});

test('hosts are found in calls, in options and in variables', () => {
  const { hosts } = analyse(rule(`const base = 'https://one.example/v1';
    request.get(\`\${base}/x\`);
    require('axios').create({ baseURL: 'https://two.example:8443/a' });
    fetch(\`https://three.example/\${user.user_id}\`);
    require('https').get({ hostname: 'four.example', path: '/' });
    context.idToken['https://claims.example/x'] = 1;`));
  assert.deepEqual(hosts.map(({ host }) => host).sort(), [
    'https://four.example', 'https://one.example', 'https://three.example', 'https://two.example:8443',
  ]);
});

test('hosts of keys and of notifications are found', () => {
  const { hosts } = analyse(rule(`require('jose').createRemoteJWKSet(new URL('https://one.example/jwks'));
    require('jwks-rsa')({ jwksUri: 'https://two.example/x' }); require('slack-notify')('https://three.example/y');`));
  assert.deepEqual(hosts.map(({ host }) => host), ['https://one.example', 'https://two.example', 'https://three.example']);
});

test('a host that is computed is a note', () => {
  assert.match(texts(rule('fetch(`https://${configuration.DOMAIN}/x`);'))[0], /^note 2: sends a request to a host whose name is computed/);
  assert.match(texts(rule('fetch(configuration.URL);'))[0], /^note 2: sends requests, and no host stands in the script/);
});

test('a script that asks nobody has no hosts', () => {
  assert.deepEqual(analyse(rule(`context.idToken['https://claims.example/x'] = 'https://a.example';`)).hosts, []);
});

test('names of configuration and secrets are found', () => {
  const report = analyse(`exports.onExecutePostLogin = async (event, api) => {
    const { A, B: b } = event.secrets;
    x(event.secrets.C, event.configuration.D, event.secrets['E']);
  };`);
  assert.deepEqual(report.secrets.map(({ name }) => name).sort(), ['A', 'B', 'C', 'E']);
  assert.deepEqual(report.configuration, [{ name: 'D', line: 3 }]);
  assert.deepEqual(analyse(rule('x(configuration.A);')).configuration, [{ name: 'A', line: 2 }]);
});

for (const [body, expected] of [
  [`context.redirect = { url: 'x' };`, /^error 2: asks somebody at a browser/],
  [`context.multifactor = { provider: 'any' };`, /^error 2: asks somebody at a browser/],
  [`auth0.users.updateAppMetadata(user.user_id, {});`, /^error 2: writes to the user store/],
  [`x(auth0.accessToken);`, /^error 2: asks Auth0's Management API/],
  [`new ManagementClient({});`, /^error 2: asks Auth0's own API/],
  [`context.samlConfiguration.mappings = {};`, /^warning 2: changes a SAML response/],
  [`global.cached = 1;`, /^warning 2: uses `global`/],
  [`x(process.env.KEY);`, /^warning 2: reads the environment/],
  [`x(user.email);`, /^warning 2: reads a person's profile/],
  [`x(user.app_metadata.roles);`, /^warning 2: reads metadata of a user/],
  [`x(context.connection);`, /^warning 2: reads how somebody logged in/],
  [`x(context.request.ip);`, /^warning 2: reads where a request came from/],
  [`context.idToken['https://a/x'] = 1;`, /^note 2: sets claims of the ID token/],
  [`x(context.stats.loginsCount);`, /^note 2: counts logins/],
  [`setTimeout(x, 1);`, /^note 2: sets a timer/],
  [`user.jti = 1;`, /^note 2: sets a claim that Auth0 dropped/],
]) {
  test(`${body} is found`, () => assert.match(texts(rule(body)).join('\n'), expected));
}

test('calls of an action\'s api are found', () => {
  const source = `exports.onExecutePostLogin = async (event, api) => {\n api.redirect.sendUserTo('x');\n api.user.setAppMetadata('a', 1);\n api.session.revoke();\n};`;
  assert.deepEqual(analyse(source).findings.map(({ severity, line }) => [severity, line]), [['error', 2], ['error', 3], ['error', 4]]);
});
