function (user, context, callback) {
  context.accessToken['https://acme.example/tier'] = context.clientMetadata.tier || 'none';
  callback(null, user, context);
}
