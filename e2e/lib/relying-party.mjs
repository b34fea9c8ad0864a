// An application as anybody would write it: a certified client library, its defaults, and nothing made for us. It keeps
// what it was given, so that a test can look at it.
import { createServer, request } from 'node:http';

import { createLocalJWKSet, jwtVerify } from 'jose';
import * as oidc from 'openid-client';

import { eventually } from './ports.mjs';

/** Names under `localhost` lead to this machine for browsers; for Node's resolver they may not. */
function fetchHere(url, options) {
  const { hostname, port, pathname, search, host } = new URL(url);
  if (!hostname.endsWith('.localhost')) return fetch(url, options);
  return new Promise((resolve, reject) => {
    const headers = Object.fromEntries(new Headers(options.headers));
    const sent = request({ host: '127.0.0.1', port, path: pathname + search, method: options.method, headers: { ...headers, host } }, (answer) => {
      const parts = [];
      answer.on('data', (part) => parts.push(part));
      answer.on('end', () => {
        const empty = answer.statusCode === 204 || answer.statusCode === 304;
        const body = empty ? null : Buffer.concat(parts);
        resolve(new Response(body, { status: answer.statusCode, headers: answer.headers }));
      });
    });
    sent.on('error', reject);
    sent.end(options.body ? String(options.body) : undefined);
  });
}

/** A form that came in, as the library wants it. */
async function requestOf(url, asked) {
  const parts = [];
  for await (const part of asked) parts.push(part);
  return new Request(url, { method: 'POST', headers: { 'content-type': asked.headers['content-type'] }, body: Buffer.concat(parts) });
}

/** A key for assertions, and its public half as it stands in the configuration. */
export async function clientKey(algorithm = 'ES256') {
  const { privateKey, publicKey } = await oidc.randomDPoPKeyPair(algorithm, { extractable: true });
  const { kty, crv, x, y, n, e } = await crypto.subtle.exportKey('jwk', publicKey);
  const jwk = Object.fromEntries(Object.entries({ kty, crv, x, y, n, e, alg: algorithm, use: 'sig' }).filter(([, value]) => value));
  return { privateKey, jwks: JSON.stringify({ keys: [jwk] }) };
}

/**
 * `id` and `secret` as they stand in the configuration; a client with neither a secret nor a `key` is a public one.
 * With `pushes` it pushes its requests, with `bound` it binds its tokens to a key that it makes.
 */
export class RelyingParty {
  static async start({ name, port, issuer, id, secret, key, pushes, bound, scope = 'openid profile email' }) {
    const party = new this();
    const origin = `http://${name}.localhost:${port}`;
    Object.assign(party, { origin, issuer, id, secret, key, pushes, bound, scope, redirectUri: `${origin}/cb`, signedIn: [], loggedOut: [], gone: [], more: {} });
    party.server = createServer((asked, answer) => {
      party.answer(asked, answer).catch((error) => {
        party.failed = error;
        answer.writeHead(500).end(String(error));
      });
    });
    await new Promise((resolve) => party.server.listen(port, '127.0.0.1', resolve));
    return party;
  }

  /** Discovery, with the library's defaults for everything that is not this machine's. */
  async discover() {
    let authentication = this.secret ? undefined : oidc.None();
    if (this.key) authentication = oidc.PrivateKeyJwt(this.key.privateKey);
    // Plain HTTP is this machine's; a deployment needs neither line.
    const options = { execute: [oidc.allowInsecureRequests], [oidc.customFetch]: fetchHere };
    this.config = await oidc.discovery(new URL(this.issuer), this.id, this.secret, authentication, options);
    // What the library adds to a request where tokens are bound to a key.
    this.with = this.bound ? { DPoP: oidc.getDPoPHandle(this.config, await oidc.randomDPoPKeyPair(this.bound)) } : undefined;
  }

  async answer(asked, answer) {
    const url = new URL(asked.url, this.origin);
    if (url.pathname === '/cb') {
      const { verifier, state, nonce } = this.pending;
      const checks = { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce, idTokenExpected: true, ...this.checks };
      const answered = asked.method === 'POST' ? await requestOf(url, asked) : url;
      const tokens = await oidc.authorizationCodeGrant(this.config, answered, checks, undefined, this.with);
      this.signedIn.push(tokens);
      this.answeredBy = asked.method;
      return this.page(answer, `Hello, ${tokens.claims().name ?? 'somebody'}`);
    }
    // Where the provider tells of a logout, and the page that browsers load for it.
    if (url.pathname === '/logout' && asked.method === 'POST') {
      const { logout_token: token } = Object.fromEntries(await (await requestOf(url, asked)).formData());
      this.loggedOut.push(await this.logoutToken(token));
      return answer.writeHead(200).end();
    }
    if (url.pathname === '/gone') {
      this.gone.push(Object.fromEntries(url.searchParams));
      return this.page(answer, 'Gone');
    }
    if (url.pathname === '/bye') return this.page(answer, 'Bye');
    if (url.pathname !== '/') return answer.writeHead(404).end();
    const verifier = oidc.randomPKCECodeVerifier();
    this.pending = { verifier, state: oidc.randomState(), nonce: oidc.randomNonce() };
    const wishes = {
      redirect_uri: this.redirectUri,
      scope: this.scope,
      code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      state: this.pending.state,
      nonce: this.pending.nonce,
      ...this.more,
    };
    const to = this.pushes
      ? await oidc.buildAuthorizationUrlWithPAR(this.config, wishes, this.with)
      : oidc.buildAuthorizationUrl(this.config, wishes);
    answer.writeHead(302, { location: to.href }).end();
  }

  page(answer, title) {
    answer.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
    answer.end(`<!doctype html><html lang="en"><title>${title}</title><link rel="icon" href="data:,"><main><h1>${title}</h1></main></html>`);
  }

  /** The tokens of the next sign-in after `count`. */
  async tokens(count = this.signedIn.length) {
    return eventually('a sign-in', () => {
      if (this.failed) throw this.failed;
      return this.signedIn[count];
    });
  }

  /** Back-Channel Logout 1.0 §2.6. */
  async logoutToken(token) {
    const keys = await fetchHere(this.config.serverMetadata().jwks_uri, {});
    const expected = { issuer: this.issuer, audience: this.id, typ: 'logout+jwt', maxTokenAge: '2m', requiredClaims: ['jti', 'exp', 'events', 'sid'] };
    const { payload } = await jwtVerify(token, createLocalJWKSet(await keys.json()), expected);
    if (payload.nonce !== undefined || !payload.events['http://schemas.openid.net/event/backchannel-logout']) throw new Error('no logout token');
    return payload;
  }

  userinfo(tokens) {
    return oidc.fetchUserInfo(this.config, tokens.access_token, tokens.claims().sub, this.with);
  }

  refresh(tokens) {
    return oidc.refreshTokenGrant(this.config, tokens.refresh_token, undefined, this.with);
  }

  introspect(token) {
    return oidc.tokenIntrospection(this.config, token);
  }

  revoke(token) {
    return oidc.tokenRevocation(this.config, token);
  }

  forItself(scope) {
    return oidc.clientCredentialsGrant(this.config, { scope });
  }

  /** As a television does: what to show, and the tokens once somebody has answered. */
  async askForDevice(scope = this.scope) {
    const asked = await oidc.initiateDeviceAuthorization(this.config, { scope });
    // The library waits as long as it is told to, and a rejection that nobody awaits yet is none.
    const tokens = oidc.pollDeviceAuthorizationGrant(this.config, asked);
    tokens.catch(() => {});
    return { asked, tokens };
  }

  signOutUrl(tokens) {
    const after = { id_token_hint: tokens.id_token, post_logout_redirect_uri: `${this.origin}/bye` };
    return oidc.buildEndSessionUrl(this.config, after).href;
  }

  async stop() {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
