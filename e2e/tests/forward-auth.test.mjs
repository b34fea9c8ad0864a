// Applications that speak no OpenID Connect, behind the real nginx and the real Caddy with the settings that
// docs/applications.md shows.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { join } from 'node:path';

import { startBehind } from '../lib/behind.mjs';
import { launch } from '../lib/browser.mjs';
import { documented } from '../lib/documented.mjs';
import { freePort } from '../lib/ports.mjs';
import { startProgram } from '../lib/program.mjs';
import { databases } from '../lib/server.mjs';
import { openWorld } from '../lib/world.mjs';

const ADA = { name: 'Ada Łovelace', email: 'ada@example.test', password: 'violet anchor copper lantern 42' };
const SHOWN = 'Ada %C5%81ovelace';
const AT_A = [{ sub: 'a-ada', email: ADA.email, email_verified: true, name: ADA.name }];
const PROVIDERS = { a: { title: 'Provider A', people: AT_A, mark: 'a' } };
const HEADERS = { user: 'x-auth-request-user', name: 'x-auth-request-name', email: 'x-auth-request-email' };

/** Each in front of the application, over what it can do without certificates of the world's. */
const PROXIES = {
  nginx: {
    scheme: 'http',
    start: async (ports, ours) => {
      const server = await documented('### nginx', 'nginx', [
        ['    ssl_certificate /etc/ssl/certs/wiki.example.org.pem;\n', ''],
        ['    ssl_certificate_key /etc/ssl/private/wiki.example.org.key;\n', ''],
        ['listen 443 ssl', `listen 127.0.0.1:${ports.proxy}`],
        ['server_name wiki.example.org', 'server_name wiki.localhost'],
        ['https://wiki.example.org', `http://wiki.localhost:${ports.proxy}`],
        ['wiki.example.org', `wiki.localhost:${ports.proxy}`],
        ['127.0.0.1:3000', `127.0.0.1:${ports.behind}`],
        ['127.0.0.1:8080', `127.0.0.1:${ours}`],
      ]);
      const places = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((what) => `${what}_temp_path ${what};`);
      return startProgram({
        name: 'nginx', command: '/usr/sbin/nginx', port: ports.proxy,
        files: () => ({
          'nginx.conf': `daemon off;\npid nginx.pid;\nerror_log stderr;\nevents {}\nhttp {\naccess_log off;\n${places.join('\n')}\n${server}}\n`,
        }),
        arguments_: (directory) => ['-p', directory, '-c', join(directory, 'nginx.conf'), '-e', 'stderr'],
      });
    },
  },
  caddy: {
    scheme: 'https',
    start: async (ports, ours) => {
      const site = await documented('### Caddy', 'caddyfile', [
        ['wiki.example.org {', `https://wiki.localhost:${ports.proxy} {\n\tbind 127.0.0.1\n\ttls internal`],
        ['127.0.0.1:3000', `127.0.0.1:${ports.behind}`],
        ['127.0.0.1:8080', `127.0.0.1:${ours}`],
      ]);
      return startProgram({
        name: 'caddy', command: '/usr/bin/caddy', port: ports.proxy,
        files: () => ({ Caddyfile: `{\n\tadmin off\n\tskip_install_trust\n\tauto_https disable_redirects\n}\n${site}` }),
        arguments_: (directory) => ['run', '--config', join(directory, 'Caddyfile'), '--adapter', 'caddyfile'],
        env: (directory) => ({ HOME: directory, XDG_DATA_HOME: directory, XDG_CONFIG_HOME: directory }),
      });
    },
  },
};

let browser;
// Caddy makes its own certificates.
before(async () => { browser = await launch('--ignore-certificate-errors'); });
after(async () => { await browser?.close(); });

for (const database of databases()) {
  for (const [proxy, { scheme, start }] of Object.entries(PROXIES)) {
    describe(`an application behind ${proxy} on ${database}`, () => {
      const opened = [];
      let world;
      let wiki;
      before(async () => {
        const ports = { proxy: await freePort(), behind: await freePort() };
        const origin = `${scheme}://wiki.localhost:${ports.proxy}`;
        const extra = await documented('## Applications that speak no OpenID Connect', 'toml', [['https://wiki.example.org', origin]]);
        world = await openWorld({ browser, database, providers: PROVIDERS, policy: { email_code: false }, extra });
        wiki = { origin, ...(await startBehind({ port: ports.behind, ...HEADERS })) };
        opened.push(wiki);
        wiki.proxy = await start(ports, new URL(world.origin).port);
        opened.push(wiki.proxy);
      });
      after(async () => {
        for (const part of opened.reverse()) await part.stop();
        await world?.close();
      });
      test(`${proxy}, ${database}: in, past forged headers, and out`, (t) => inAndOut(t, world, wiki, proxy));
      test(`${proxy}, ${database}: the door closes with the link`, (t) => closesWithTheLink(t, world, wiki));
    });
  }
}

async function inAndOut(t, world, wiki, proxy) {
  const ada = await world.person();
  t.after(() => ada.close());
  await ada.page.goto(`${wiki.origin}/page?a=1&b=%2F`);
  await ada.expectHeading('Sign in');
  await ada.expectText('to continue to Wiki');
  assert.equal(wiki.heard.length, 0, 'nobody came through');
  await ada.follow('Create an account');
  await ada.page.getByLabel('Your name').fill(ADA.name);
  await ada.page.getByLabel('E-mail address').fill(ADA.email);
  await ada.page.getByLabel('Choose a password').fill(ADA.password);
  await ada.press('Create account');
  await ada.enterCode(ADA.email);
  await ada.expectHeading('Wiki wants to know who you are');
  await ada.press(/^Allow/);
  await ada.expectHeading(`Hello, ${SHOWN}`);
  assert.equal(ada.page.url(), `${wiki.origin}/page?a=1&b=%2F`, 'where they wanted to go');
  assert.equal(await ada.page.locator('#email').innerText(), ADA.email);
  const sub = await ada.page.locator('#user').innerText();
  assert.match(sub, /^[\w-]{8,}$/);
  const cookies = (await ada.context.cookies(wiki.origin)).filter(({ name }) => name.includes('entry'));
  const prefix = proxy === 'caddy' ? '__Host-' : '';
  assert.deepEqual(
    cookies.map(({ name, httpOnly, secure, sameSite, path }) => ({ name, httpOnly, secure, sameSite, path })),
    [{ name: `${prefix}selfsame-entry-wiki`, httpOnly: true, secure: prefix !== '', sameSite: 'Lax', path: '/' }],
  );

  // A client's own word about who is there: not one of these gets through.
  const forged = {
    'X-Auth-Request-User': 'root', 'x-auth-request-email': 'root@example.test', 'X-Auth-Request-Groups': 'admins',
    X_Auth_Request_User: 'root', X_AUTH_REQUEST_EMAIL: 'root@example.test', 'X-Forwarded-Host': 'evil.example',
  };
  const heard = wiki.heard.length;
  const sent = (headers) => ada.page.evaluate(async ([to, more]) => (await fetch(to, { method: 'POST', headers: more, body: 'x=1' })).status, [`${wiki.origin}/api`, headers]);
  assert.equal(await sent(forged), 200);
  const through = wiki.heard[heard];
  assert.deepEqual([through.method, through.url], ['POST', '/api']);
  assert.equal(through.headers['x-auth-request-user'], sub);
  assert.equal(through.headers['x-auth-request-email'], ADA.email);
  const believed = Object.entries(through.headers).filter(([, value]) => /^root|^root@/.test(String(value)));
  assert.deepEqual(believed, [], 'nothing of the client is left');
  if (proxy === 'caddy') assert.equal(through.headers['x-auth-request-groups'], undefined);

  // Out, from a link of the application's: out there, and asked about the rest.
  await ada.page.goto(`${wiki.origin}/`);
  await ada.follow('Sign out of here');
  await ada.expectHeading('Sign out?');
  await ada.expectText('Wiki asks to sign you out here');
  await ada.page.getByRole('main').getByRole('button', { name: 'Sign out' }).click();
  await ada.expectHeading('You are signed out');
  const before = wiki.heard.length;
  if (proxy === 'caddy') {
    // A script hears what it can understand, and no page to sign in.
    await ada.page.goto(`${wiki.origin}/selfsame/nothing`).catch(() => {});
    assert.equal(await sent({}), 401);
  }
  await ada.page.goto(`${wiki.origin}/page`);
  await ada.expectHeading('Sign in');
  assert.equal(wiki.heard.length, before);
}

async function closesWithTheLink(t, world, wiki) {
  const ada = await world.person();
  t.after(() => ada.close());
  await ada.signInWithPassword(ADA);
  await ada.expectHeading('Your sign-in methods');
  await ada.connect(world.a, 'a-ada');
  const elsewhere = await world.person();
  t.after(() => elsewhere.close());
  await elsewhere.page.goto(`${wiki.origin}/`);
  await elsewhere.press(/^Continue with Provider A/);
  await elsewhere.atProvider(world.a, 'a-ada');
  await elsewhere.expectHeading(`Hello, ${SHOWN}`);
  await ada.page.goto(`${wiki.origin}/`);
  await ada.expectHeading(`Hello, ${SHOWN}`);
  await ada.remove(world.a);
  await elsewhere.page.goto(`${wiki.origin}/`);
  await elsewhere.expectHeading('Sign in');
  await ada.page.goto(`${wiki.origin}/`);
  await ada.expectHeading(`Hello, ${SHOWN}`);
}
