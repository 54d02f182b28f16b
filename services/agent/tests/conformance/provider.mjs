// A real OpenID provider for tests: people sign in without a page, as whoever login_hint names.
//
//   node provider.mjs PORT REDIRECT_URL
//
// Port 0 takes a free one. `PUT /people/ID` with claims as JSON says who there is.

import { createServer } from 'node:http';
import { generateKeyPairSync } from 'node:crypto';
import Provider from 'oidc-provider';

const [port, redirect] = process.argv.slice(2);
const people = new Map();

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const key = { ...privateKey.export({ format: 'jwk' }), kid: `rsa-${Date.now()}`, use: 'sig' };
const common = {
  redirect_uris: [redirect],
  response_types: ['code'],
  grant_types: ['authorization_code'],
};
const clients = [
  // The colon and the percent sign are coded in the header (RFC 6749, section 2.3.1).
  { ...common, client_id: 'desk', client_secret: 'of the desk: 100 %' },
  {
    ...common,
    client_id: 'desk-by-body',
    client_secret: 'of the desk by body',
    token_endpoint_auth_method: 'client_secret_post',
  },
  { ...common, client_id: 'desk-in-public', token_endpoint_auth_method: 'none' },
];

const server = createServer();
server.listen(Number(port), '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, {
    clients,
    jwks: { keys: [key] },
    cookies: { keys: ['of this test'] },
    pkce: { required: () => true },
    scopes: ['openid', 'email', 'profile', 'groups'],
    claims: {
      email: ['email', 'email_verified'],
      profile: ['name'],
      groups: ['groups'],
    },
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
    findAccount: (_, id) =>
      people.has(id)
        ? { accountId: id, claims: () => ({ sub: id, ...people.get(id) }) }
        : undefined,
  });
  const answer = provider.callback();
  server.on('request', async (request, response) => {
    try {
      if (request.method === 'PUT' && request.url.startsWith('/people/')) {
        const parts = [];
        for await (const part of request) parts.push(part);
        people.set(request.url.slice('/people/'.length), JSON.parse(Buffer.concat(parts)));
        response.writeHead(204).end();
      } else if (request.url.startsWith('/interaction/')) {
        await interact(provider, request, response);
      } else {
        answer(request, response);
      }
    } catch (error) {
      console.error(error);
      response.writeHead(500).end();
    }
  });
  console.log(`ready ${issuer}`);
});

async function interact(provider, request, response) {
  const { prompt, params, session } = await provider.interactionDetails(request, response);
  let result = { login: { accountId: params.login_hint } };
  if (prompt.name === 'consent') {
    const grant = new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
    grant.addOIDCScope(params.scope);
    result = { consent: { grantId: await grant.save() } };
  }
  await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: true });
}
