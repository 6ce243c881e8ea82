// node-oidc-provider as a token endpoint for one client: JWT access tokens, ES256, and a hook in JavaScript that gives each
// token an id, as the seed's rule does.
//
//   node server.js PORT CLIENT_ID CLIENT_SECRET AUDIENCE

import { generateKeyPairSync } from 'node:crypto';
import Provider from 'oidc-provider';
import { v4 } from 'uuid';

const [port, clientId, clientSecret, audience] = process.argv.slice(2);
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });

const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [{
    client_id: clientId,
    client_secret: clientSecret,
    grant_types: ['client_credentials'],
    redirect_uris: [],
    response_types: [],
    token_endpoint_auth_method: 'client_secret_post',
    id_token_signed_response_alg: 'ES256',
  }],
  cookies: { keys: ['unused'] },
  jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), alg: 'ES256', use: 'sig' }] },
  routes: { token: '/oauth/token' },
  features: {
    clientCredentials: { enabled: true },
    devInteractions: { enabled: false },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => audience,
      getResourceServerInfo: () => ({
        audience,
        scope: 'read:things write:things',
        accessTokenFormat: 'jwt',
        jwt: { sign: { alg: 'ES256' } },
      }),
    },
  },
  formats: {
    customizers: {
      jwt: (_context, _token, jwt) => { jwt.payload.jti = v4(); },
    },
  },
});
provider.listen(Number(port), '127.0.0.1');
