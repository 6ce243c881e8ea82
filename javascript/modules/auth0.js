// `auth0`, the client of Auth0's own API. A script that requires it and never gets to use it runs; one that does is told.

module.exports = {
  ManagementClient: refusing('ManagementClient'),
  AuthenticationClient: refusing('AuthenticationClient'),
};

function refusing(name) {
  return class {
    constructor() {
      throw new Error(`auth0.${name} asks Auth0's own API, and there is no user store behind a rule: take it out`);
    }
  };
}
