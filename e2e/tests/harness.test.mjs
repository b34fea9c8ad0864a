// The instruments are tested before anything is measured with them: the provider speaks OpenID Connect, the mailbox
// receives mail, the browser opens pages and notices faults.
import assert from 'node:assert/strict';
import { createHash, createPublicKey, randomBytes, verify } from 'node:crypto';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { after, before, test } from 'node:test';

import { checkAccessibility, launch, openContext, openPage } from '../lib/browser.mjs';
import { Mailbox } from '../lib/mailbox.mjs';
import { freePort } from '../lib/ports.mjs';
import { startProvider } from '../lib/provider.mjs';

const REDIRECT = 'http://127.0.0.1:9/callback/a';
const CLIENT = { client_id: 'selfsame', client_secret: randomBytes(24).toString('hex'), redirect_uris: [REDIRECT] };
const ADA = { sub: 'ada-1', email: 'ada@example.test', email_verified: true, name: 'Ada' };
const GRACE = { sub: 'grace-1', email: 'grace@example.test', email_verified: false, name: 'Grace' };

/** A person's browser as far as a provider needs one: cookies, forms, redirects that are not followed blindly. */
class Walker {
  #cookies = new Map();

  async go(url, options = {}) {
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await fetch(url, { redirect: 'manual', ...options, headers: { ...options.headers, cookie } });
    for (const line of response.headers.getSetCookie()) {
      const [pair] = line.split(';');
      const at = pair.indexOf('=');
      this.#cookies.set(pair.slice(0, at), pair.slice(at + 1));
    }
    return response;
  }

  /** Follows redirects inside `issuer` until a page or the redirect URI comes. */
  async follow(url, issuer) {
    for (let hop = 0; hop < 10; hop += 1) {
      const response = await this.go(url);
      const next = response.headers.get('location');
      if (!next) return { page: await response.text(), url, status: response.status };
      url = new URL(next, url).href;
      if (!url.startsWith(issuer)) return { callback: new URL(url) };
    }
    throw new Error('too many redirects');
  }

  async choose(at, issuer, fields) {
    const response = await this.go(at, { method: 'POST', body: new URLSearchParams(fields) });
    return this.follow(new URL(response.headers.get('location'), at).href, issuer);
  }
}

async function authorize(issuer, walker, extra = {}) {
  const discovery = await (await fetch(`${issuer}/.well-known/openid-configuration`)).json();
  const verifier = randomBytes(32).toString('base64url');
  const sent = {
    response_type: 'code', client_id: CLIENT.client_id, redirect_uri: REDIRECT, scope: 'openid email profile',
    state: randomBytes(8).toString('hex'), nonce: randomBytes(8).toString('hex'), code_challenge_method: 'S256',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'), ...extra,
  };
  const url = `${discovery.authorization_endpoint}?${new URLSearchParams(sent)}`;
  return { discovery, verifier, sent, answer: await walker.follow(url, issuer) };
}

async function redeem(discovery, code, verifier) {
  const response = await fetch(discovery.token_endpoint, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(`${CLIENT.client_id}:${CLIENT.client_secret}`).toString('base64')}` },
    body: new URLSearchParams({ grant_type: 'authorization_code', code, redirect_uri: REDIRECT, code_verifier: verifier }),
  });
  return { status: response.status, body: await response.json() };
}

let a;
let b;
let mailbox;
let browser;

before(async () => {
  a = await startProvider({ name: 'a', people: [ADA, GRACE], clients: [CLIENT] });
  b = await startProvider({ name: 'b', people: [{ ...ADA, sub: 'ada-at-b' }], clients: [CLIENT] });
  mailbox = await Mailbox.start();
  browser = await launch();
});

after(async () => {
  await browser?.close();
  await mailbox?.stop();
  await a?.stop();
  await b?.stop();
});

test('provider A runs a whole code flow', async () => {
  const walker = new Walker();
  const { discovery, verifier, sent, answer } = await authorize(a.issuer, walker);
  assert.equal(discovery.issuer, a.issuer);
  assert.deepEqual(discovery.code_challenge_methods_supported, ['S256']);
  assert.equal(answer.status, 200);
  assert.match(answer.page, /ada@example\.test/);

  const { callback } = await walker.choose(answer.url, a.issuer, { account: ADA.sub });
  assert.equal(callback.origin + callback.pathname, REDIRECT);
  assert.equal(callback.searchParams.get('state'), sent.state);
  assert.equal(callback.searchParams.get('iss'), a.issuer);

  const { status, body } = await redeem(discovery, callback.searchParams.get('code'), verifier);
  assert.equal(status, 200, JSON.stringify(body));
  const [header, payload, signature] = body.id_token.split('.');
  const { alg, kid } = JSON.parse(Buffer.from(header, 'base64url'));
  assert.equal(alg, 'RS256');
  const { keys } = await (await fetch(discovery.jwks_uri)).json();
  const key = createPublicKey({ key: keys.find((one) => one.kid === kid), format: 'jwk' });
  assert.ok(verify('sha256', Buffer.from(`${header}.${payload}`), key, Buffer.from(signature, 'base64url')));
  const claims = JSON.parse(Buffer.from(payload, 'base64url'));
  assert.equal(claims.iss, a.issuer);
  assert.equal(claims.aud, CLIENT.client_id);
  assert.equal(claims.sub, ADA.sub);
  assert.equal(claims.nonce, sent.nonce);
  assert.equal(typeof claims.auth_time, 'number');

  const userinfo = await fetch(discovery.userinfo_endpoint, { headers: { authorization: `Bearer ${body.access_token}` } });
  assert.deepEqual(await userinfo.json(), ADA);
});

test('provider A is strict: no PKCE, a wrong verifier and a used code are refused', async () => {
  const plain = await authorize(a.issuer, new Walker(), { code_challenge: '', code_challenge_method: '' });
  assert.equal(plain.answer.callback.searchParams.get('error'), 'invalid_request');

  const walker = new Walker();
  const { discovery, verifier, answer } = await authorize(a.issuer, walker);
  const { callback } = await walker.choose(answer.url, a.issuer, { account: ADA.sub });
  const code = callback.searchParams.get('code');
  assert.equal((await redeem(discovery, code, 'x'.repeat(43))).body.error, 'invalid_grant');
  assert.equal((await redeem(discovery, code, verifier)).status, 200);
  assert.equal((await redeem(discovery, code, verifier)).body.error, 'invalid_grant');
});

test('a provider remembers the person, asks again when told to, and reports a cancel', async () => {
  const walker = new Walker();
  const first = await authorize(a.issuer, walker);
  await walker.choose(first.answer.url, a.issuer, { account: GRACE.sub });
  const silent = await authorize(a.issuer, walker);
  assert.ok(silent.answer.callback?.searchParams.get('code'), 'no page the second time');
  for (const prompt of ['login', 'select_account']) {
    const asked = await authorize(a.issuer, walker, { prompt });
    assert.match(asked.answer.page, /<form/, prompt);
    const { callback } = await walker.choose(asked.answer.url, a.issuer, { account: GRACE.sub });
    assert.ok(callback?.searchParams.get('code'), prompt);
  }
  const fresh = new Walker();
  const { answer } = await authorize(a.issuer, fresh);
  const { callback } = await fresh.choose(answer.url, a.issuer, { cancel: '1' });
  assert.equal(callback.searchParams.get('error'), 'access_denied');
});

test('two providers in one browser do not share a session', async () => {
  const walker = new Walker();
  const at = await authorize(a.issuer, walker);
  await walker.choose(at.answer.url, a.issuer, { account: ADA.sub });
  const other = await authorize(b.issuer, walker);
  assert.match(other.answer.page, /ada-at-b/);
});

test('the mailbox catches a mail and finds its code', async () => {
  const dialogue = [
    'EHLO test', 'MAIL FROM:<no-reply@selfsame.test>', 'RCPT TO:<ada@example.test>', 'DATA',
    'Message-ID: <one@selfsame.test>\r\nSubject: =?utf-8?q?Dein_Code_=C3=BCber_Mail?=\r\nMIME-Version: 1.0\r\n'
      + 'Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n'
      + 'Der Code f=C3=BCr dich ist 123456.\r\n..Punkt\r\n.',
    'QUIT',
  ];
  await speakSmtp(new URL(mailbox.url), dialogue);
  const code = await mailbox.waitForCode('Ada@example.test');
  assert.equal(code, '123456');
  const [mail] = mailbox.mails;
  assert.equal(mail.subject, 'Dein Code über Mail');
  assert.equal(mail.messageId, '<one@selfsame.test>');
  assert.match(mail.text, /für dich[\s\S]*^\.Punkt/m);
  await assert.rejects(mailbox.waitForMail('ada@example.test', { timeout: 100 }), /not within/);
});

function speakSmtp(url, lines) {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(url.port), url.hostname);
    const waiting = [...lines];
    socket.setEncoding('utf8').once('error', reject).once('close', resolve);
    socket.on('data', (text) => {
      const last = text.trimEnd().split('\r\n').at(-1);
      if (!/^[23]\d\d /.test(last)) return /^\d{3}-/.test(last) ? undefined : reject(new Error(last));
      const next = waiting.shift();
      if (next !== undefined) socket.write(`${next}\r\n`);
    });
  });
}

test('chromium opens a page, and faults on it are noticed', async (t) => {
  const pages = {
    '/good': '<!doctype html><html lang="en"><title>Good</title><main><h1>Good</h1></main></html>',
    '/refused': '<!doctype html><html lang="en"><title>Refused</title><main><h1>Refused</h1></main></html>',
    '/inline': '<!doctype html><html lang="en"><title>Inline</title><script>1</script><main><h1>x</h1></main></html>',
    '/throws': '<!doctype html><html lang="en"><title>Throws</title><script src="/bad.js"></script><h1>x</h1></html>',
    '/unnamed': '<!doctype html><html lang="en"><title>Unnamed</title><main><h1>x</h1><input name="q"></main></html>',
    '/bad.js': 'throw new Error("planted")',
  };
  const port = await freePort();
  const site = createServer((request, response) => {
    const type = request.url.endsWith('.js') ? 'text/javascript' : 'text/html';
    const status = request.url === '/refused' ? 422 : pages[request.url] ? 200 : 204;
    response.writeHead(status, { 'content-type': type, 'content-security-policy': "default-src 'self'" });
    response.end(pages[request.url]);
  });
  await new Promise((resolve) => site.listen(port, '127.0.0.1', resolve));
  t.after(() => { site.closeAllConnections(); site.close(); });
  const origin = `http://selfsame.localhost:${port}`;

  const context = await openContext(browser, { look: 'dark' });
  t.after(() => context.close());
  const { page, check } = await openPage(context, { origin });
  await page.goto(`${origin}/good`);
  assert.equal(await page.textContent('h1'), 'Good');
  assert.ok(await page.evaluate(() => matchMedia('(prefers-color-scheme: dark)').matches));
  await checkAccessibility(page);
  await page.goto(`${origin}/refused`);
  check();

  await page.goto(`${origin}/inline`);
  assert.throws(check, /content security policy/i);
  await page.goto(`${origin}/throws`);
  assert.throws(check, /planted/);
  await page.goto(`${origin}/unnamed`);
  await assert.rejects(checkAccessibility(page), /label/);
});
