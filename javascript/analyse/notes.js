// What the analyser knows of Auth0's names: those that need a browser, a user store or a session, and those that mean
// something else here. The first note that fits a name is told.

const INTERACTIVE = 'take it out, keep the rule from machines by [when], or say auth0_interactive = "ignore" in the settings';
const STORE = 'take it out, or say auth0_user_store = "ignore" in the settings';

/** `{ severity, path, use, dialects, text, advice }`: `use` is set, get, call or new. */
export const NOTES = [
  {
    severity: 'error',
    path: /^context\.(redirect|multifactor)\b/,
    use: 'set',
    text: 'asks somebody at a browser: a redirect or a second factor',
    advice: INTERACTIVE,
  },
  {
    severity: 'error',
    path: /^api\.(redirect|multifactor|authentication|prompt)\./,
    use: 'call',
    text: 'asks somebody at a browser: a redirect, a second factor or a prompt',
    advice: INTERACTIVE,
  },
  {
    severity: 'error',
    path: /^(auth0\.users\.|api\.user\.set)/,
    use: 'call',
    text: 'writes to the user store, and there is none',
    advice: STORE,
  },
  {
    severity: 'error',
    path: /^auth0\.(accessToken|domain|baseUrl)$/,
    use: 'get',
    text: 'asks Auth0\'s Management API, and there is no user store',
    advice: 'take it out; the metadata of a client is in context.clientMetadata and event.client.metadata',
  },
  {
    severity: 'error',
    path: /(^|\.)(ManagementClient|AuthenticationClient)$/,
    use: 'new',
    text: 'asks Auth0\'s own API, and there is none behind a rule',
    advice: 'take it out; the metadata of a client is in context.clientMetadata and event.client.metadata',
  },
  {
    severity: 'error',
    path: /^api\.(samlResponse|session|refreshToken)\./,
    use: 'call',
    text: 'changes a SAML response, a session or a refresh token, and a token request of a machine has none',
    advice: 'take it out',
  },
  {
    severity: 'warning',
    path: /^context\.samlConfiguration\./,
    use: 'set',
    text: 'changes a SAML response, and a token request has none',
    advice: 'take it out: it changes nothing',
  },
  {
    severity: 'warning',
    path: /^global\.\w+/,
    text: 'uses `global`, which is new for every token and for each rule',
    advice: 'what it keeps there is made anew each time; what another rule put there is missing; an Action has api.cache',
  },
  {
    severity: 'warning',
    path: /^process\.env\.\w+/,
    use: 'get',
    text: 'reads the environment, which is empty',
    advice: 'use configuration.NAME or event.secrets.NAME, with [settings] or [secrets.NAME] in the manifest',
  },
  {
    severity: 'warning',
    path: /^(user|event\.user)\.(email|email_verified|phone_number|picture|given_name|family_name|nickname|username)$/,
    text: 'reads a person\'s profile, which the client that asks for a token does not have',
    advice: 'it is there only where the grant brings a subject with such claims; otherwise it is undefined',
  },
  {
    severity: 'warning',
    path: /^(user|event\.user)\.(app_metadata|user_metadata)\b/,
    text: 'reads metadata of a user, which is empty',
    advice: 'the metadata of the client is in context.clientMetadata and event.client.metadata',
  },
  {
    severity: 'warning',
    path: /^(context|event)\.(connection|connectionStrategy|connectionID|sso|session|sessionID|organization|authentication|authorization)\b/,
    text: 'reads how somebody logged in, and nobody did',
    advice: 'it is there and empty',
  },
  {
    severity: 'warning',
    path: /^(context|event)\.request\.(ip|geoip|userAgent|user_agent)\b/,
    text: 'reads where a request came from, which a rule is not told',
    advice: 'the address is empty, and so is geoip',
  },
  {
    severity: 'note',
    path: /^(context\.idToken(\.|$)|api\.idToken\.setCustomClaim$)/,
    text: 'sets claims of the ID token, and only access tokens are issued',
    advice: 'they go into the access token; auth0_id_token = "drop" or "fail" in the settings says otherwise',
  },
  {
    severity: 'note',
    path: /^(context\.stats|event\.stats)\b/,
    text: 'counts logins, and there are none',
    advice: 'the count is always 1',
  },
  {
    severity: 'note',
    path: /^(setTimeout|setInterval)$/,
    use: 'call',
    text: 'sets a timer; timers do not wait',
    advice: 'they run in the order they are due, once nothing else is left to do',
  },
  {
    severity: 'note',
    path: /^(user|context\.accessToken|context\.idToken)\.(jti|uuid|roles|groups|permissions|sid|acr|amr)$/,
    use: 'set',
    text: 'sets a claim that Auth0 dropped in silence',
    advice: 'it is set; auth0_restricted_claims = "drop" or "fail" in the settings says otherwise',
  },
];
