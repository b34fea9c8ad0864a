// A strict OpenID provider to sign in with: npm oidc-provider (certified), several of them at once, each with people of
// its own. Only its login form is ours; everything on the wire is the library's.
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';

import { interactionPolicy, Provider as OpenIdProvider } from 'oidc-provider';

const { Prompt, base } = interactionPolicy;

/**
 * `people` is `[{ sub, email, email_verified, name }]`; `clients` is `[{ client_id, client_secret, redirect_uris }]`.
 * The issuer is `http://HOST:PORT`; `host` may be `127.0.0.1` (default) or `NAME.localhost`.
 */
export async function startProvider({ name, host = '127.0.0.1', people, clients }) {
  const requests = [];
  const broken = new Set();
  const login = { ageSeconds: 0 };
  let handle = (_request, response) => response.writeHead(503).end();
  const server = createServer((request, response) => handle(request, response));
  await new Promise((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
  const issuer = `http://${host}:${server.address().port}`;

  const byId = new Map(people.map((person) => [person.sub, person]));
  const provider = new OpenIdProvider(issuer, configuration({ name, byId, clients }));
  const answer = provider.callback();
  handle = (request, response) => {
    const url = new URL(request.url, issuer);
    requests.push({ method: request.method, path: url.pathname, query: Object.fromEntries(url.searchParams) });
    if (broken.has(url.pathname)) {
      response.writeHead(503).end();
    } else if (url.pathname.startsWith('/interaction/')) {
      interact({ provider, name, people: [...byId.values()], login, request, response }).catch((error) => {
        response.writeHead(500, { 'content-type': 'text/plain' }).end(String(error));
      });
    } else {
      answer(request, response);
    }
  };

  return {
    name,
    issuer,
    /** What reached the provider, for assertions such as "nothing was asked before the consent". */
    requests,
    /** Changes what the provider says about a person from now on. */
    setPerson: (person) => byId.set(person.sub, person),
    /** Paths in this set answer 503. */
    broken,
    /** From now on people authenticated this long ago, as with a session of the provider's own. */
    setLoginAge: (seconds) => { login.ageSeconds = seconds; },
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function configuration({ name, byId, clients }) {
  const policy = base();
  policy.add(new Prompt({ name: 'select_account', requestable: true }), 0);
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return {
    clients: clients.map((client) => ({
      grant_types: ['authorization_code'],
      response_types: ['code'],
      id_token_signed_response_alg: 'RS256',
      token_endpoint_auth_method: 'client_secret_basic',
      require_auth_time: true,
      ...client,
    })),
    jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), kid: `${name}-1`, alg: 'RS256', use: 'sig' }] },
    scopes: ['openid', 'email', 'profile'],
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name', 'preferred_username'] },
    pkce: { required: () => true },
    features: { devInteractions: { enabled: false }, userinfo: { enabled: true } },
    interactions: { policy, url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
    // Cookies know no ports: two providers on one loopback address need names of their own.
    cookies: {
      keys: [randomBytes(24).toString('base64url')],
      names: { session: `${name}_session`, interaction: `${name}_interaction`, resume: `${name}_resume` },
    },
    ttl: { Session: 3600, Interaction: 600, Grant: 3600, AuthorizationCode: 60, AccessToken: 600, IdToken: 600 },
    findAccount: (_ctx, sub) => {
      const person = byId.get(sub);
      return person && { accountId: sub, claims: () => claimsOf(person) };
    },
    // Consent is not what these tests are about: whoever signs in has agreed.
    loadExistingGrant: async (ctx) => {
      const grant = new ctx.oidc.provider.Grant({
        clientId: ctx.oidc.client.clientId,
        accountId: ctx.oidc.session.accountId,
      });
      grant.addOIDCScope('openid email profile');
      await grant.save();
      return grant;
    },
  };
}

function claimsOf({ sub, ...rest }) {
  return { sub, ...rest };
}

async function interact({ provider, name, people, login, request, response }) {
  const details = await provider.interactionDetails(request, response);
  if (request.method !== 'POST') {
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' });
    response.end(loginPage(name, people));
    return;
  }
  const form = new URLSearchParams(await body(request));
  const person = people.find(({ sub }) => sub === form.get('account'));
  const ts = Math.floor(Date.now() / 1000) - login.ageSeconds;
  const result = person
    ? { login: { accountId: person.sub, remember: true, ts }, select_account: {} }
    : { error: 'access_denied', error_description: 'the person said no' };
  await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: Boolean(details.lastSubmission) });
}

async function body(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

function loginPage(name, people) {
  const rows = people.map(({ sub, name: person = '', email = '' }) =>
    `<p><button name="account" value="${escape(sub)}">${escape(person)} ${escape(email)} (${escape(sub)})</button></p>`);
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>${escape(name)}: sign in</title>
<h1>${escape(name)}</h1><form method="post">${rows.join('')}<p><button name="cancel" value="1">Cancel</button></p></form></html>`;
}

function escape(text) {
  return String(text).replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
}
