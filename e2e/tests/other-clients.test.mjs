// Client libraries of other houses, with the settings that docs/applications.md shows: Authlib in a Flask application,
// and mod_auth_openidc in a real Apache.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { startBehind } from '../lib/behind.mjs';
import { launch } from '../lib/browser.mjs';
import { documented } from '../lib/documented.mjs';
import { eventually, freePort } from '../lib/ports.mjs';
import { startProgram } from '../lib/program.mjs';
import { databases } from '../lib/server.mjs';
import { openWorld } from '../lib/world.mjs';

const ADA = { name: 'Ada Lovelace', email: 'ada@example.test', password: 'violet anchor copper lantern 42' };
const AUTHLIB = '## Authlib (Python)';
const APACHE = '## Apache (mod_auth_openidc)';
const MODULES = '/usr/lib/apache2/modules';
// The server reads them from its environment, as the page says.
const SECRETS = ['DESK_CLIENT_SECRET', 'INTRANET_CLIENT_SECRET'];

let browser;
before(async () => {
  for (const name of SECRETS) process.env[name] = randomBytes(24).toString('hex');
  browser = await launch();
});
after(async () => { await browser?.close(); });

for (const database of databases()) {
  describe(`other clients on ${database}`, () => {
    const opened = [];
    let world;
    let desk;
    let intranet;
    before(async () => {
      const ports = { desk: await freePort(), intranet: await freePort(), behind: await freePort() };
      desk = `http://desk.localhost:${ports.desk}`;
      intranet = { origin: `http://intranet.localhost:${ports.intranet}` };
      const extra = [
        await documented(AUTHLIB, 'toml', [['https://desk.example.org', desk]]),
        await documented(APACHE, 'toml', [['https://intranet.example.org', intranet.origin]]),
      ].join('\n');
      world = await openWorld({ browser, database, providers: {}, extra });
      opened.push(await authlib(world.origin, desk, ports.desk));
      const behind = await startBehind({ port: ports.behind, user: 'oidc_claim_sub', name: 'oidc_claim_name', email: 'oidc_claim_email' });
      opened.push(behind);
      intranet.heard = behind.heard;
      opened.push(await apache(world.origin, intranet.origin, ports));
    });
    after(async () => {
      for (const part of opened.reverse()) await part.stop();
      await world?.close();
    });
    test(`${database}: Authlib signs up, refreshes and signs out`, (t) => withAuthlib(t, world, desk));
    test(`${database}: mod_auth_openidc signs in and out`, (t) => withApache(t, world, intranet));
  });
}

async function authlib(issuer, origin, port) {
  const python = process.env.SELFSAME_E2E_PYTHON;
  if (!python) throw new Error('SELFSAME_E2E_PYTHON is not set: `cargo xtask test` makes the environment of e2e/python and sets it');
  const program = await documented(AUTHLIB, 'python', [['https://id.example.org', issuer], ['https://desk.example.org', origin]]);
  return startProgram({
    name: 'authlib', command: python, port,
    files: () => ({ 'desk.py': program }),
    arguments_: () => ['-m', 'flask', '--app', 'desk', 'run', '--port', String(port)],
    env: () => ({
      DESK_SESSION_KEY: randomBytes(24).toString('hex'), PYTHONPATH: fileURLToPath(new URL('../python', import.meta.url)),
      // Plain HTTP is this machine's.
      AUTHLIB_INSECURE_TRANSPORT: '1',
    }),
  });
}

async function apache(issuer, origin, ports) {
  const site = await documented(APACHE, 'apache', [
    ['https://id.example.org', issuer],
    ['https://intranet.example.org', origin],
    ['the same as INTRANET_CLIENT_SECRET', process.env.INTRANET_CLIENT_SECRET],
    ['32 random characters of its own', randomBytes(16).toString('hex')],
    ['127.0.0.1:3000', `127.0.0.1:${ports.behind}`],
  ]);
  const modules = ['mpm_event', 'authn_core', 'authz_core', 'authz_user', 'proxy', 'proxy_http', 'auth_openidc'];
  const loaded = modules.map((name) => `LoadModule ${name}_module ${MODULES}/mod_${name}.so`).join('\n');
  // Apache serves nothing as root.
  const account = process.getuid() === 0 ? 'User www-data\nGroup www-data\n' : '';
  return startProgram({
    name: 'apache', command: '/usr/sbin/apache2', port: ports.intranet,
    files: (directory) => ({
      'apache.conf': `ServerRoot ${directory}\nDefaultRuntimeDir ${directory}\nPidFile ${directory}/apache.pid\nErrorLog ${directory}/program.log
ServerName ${new URL(origin).host}\nListen 127.0.0.1:${ports.intranet}\n${account}${loaded}\n${site}`,
    }),
    arguments_: (directory) => ['-d', directory, '-f', join(directory, 'apache.conf'), '-D', 'FOREGROUND'],
  });
}

async function withAuthlib(t, world, desk) {
  const ada = await world.person();
  t.after(() => ada.close());
  await ada.page.goto(desk);
  await ada.expectText('to continue to Desk');
  await ada.follow('Create an account');
  await ada.page.getByLabel('Your name').fill(ADA.name);
  await ada.page.getByLabel('E-mail address').fill(ADA.email);
  await ada.page.getByLabel('Choose a password').fill(ADA.password);
  await ada.press('Create account');
  await ada.enterCode(ADA.email);
  await ada.expectHeading('Desk wants to know who you are');
  await ada.press(/^Allow/);
  await ada.expectHeading('Hello, Ada Lovelace');
  await ada.expectText(ADA.email);
  const session = async () => (await ada.context.cookies(desk)).find(({ name }) => name === 'session')?.value;
  const sub = await ada.page.locator('p').first().innerText();
  const before = await session();
  await ada.page.goto(`${desk}/refresh`);
  await ada.expectHeading('Hello, Ada Lovelace');
  assert.notEqual(await session(), before, 'it holds other tokens');
  assert.equal(await ada.page.locator('p').first().innerText(), sub);

  await ada.page.goto(`${desk}/sign-out`);
  await ada.expectHeading('Bye');
  await ada.visit('/account');
  await ada.expectHeading('Sign in');
  await ada.page.goto(desk);
  await ada.expectText('to continue to Desk');
}

async function withApache(t, world, { origin, heard }) {
  const ada = await world.person();
  t.after(() => ada.close());
  await ada.page.goto(`${origin}/page?a=1`);
  await ada.expectText('to continue to Intranet');
  assert.equal(heard.length, 0, 'nobody came through');
  await ada.page.getByLabel('E-mail address').fill(ADA.email);
  await ada.button('Continue').and(ada.page.locator(':not([name=connection])')).click();
  await ada.expectHeading('Enter your password');
  await ada.page.getByLabel('Password', { exact: true }).fill(ADA.password);
  await ada.page.getByRole('main').getByRole('button', { name: 'Sign in', exact: true }).click();
  await ada.expectHeading('Intranet wants to know who you are');
  await ada.press(/^Allow/);
  await ada.expectHeading('Hello, Ada Lovelace');
  assert.equal(ada.page.url(), `${origin}/page?a=1`);
  assert.equal(await ada.page.locator('#email').innerText(), ADA.email);
  assert.match(await ada.page.locator('#user').innerText(), /^[\w-]{8,}$/);

  const bye = `${origin}/bye`;
  await ada.page.goto(`${origin}/signed-in?logout=${encodeURIComponent(bye)}`);
  assert.equal(ada.page.url(), bye, 'signed out at once: the hint was about this session');
  await ada.visit('/account');
  await ada.expectHeading('Sign in');
  const count = heard.length;
  await ada.page.goto(`${origin}/page`);
  await ada.expectText('to continue to Intranet');
  assert.equal(heard.length, count);

  // Signed out here: the module hears of it, and forgets its own session.
  await ada.signInWithPassword(ADA);
  await ada.page.goto(`${origin}/page`);
  await ada.expectHeading('Hello, Ada Lovelace');
  await ada.account();
  await ada.signOut();
  await eventually('the end of the session behind Apache', async () => {
    await ada.page.goto(`${origin}/page`);
    return (await ada.page.getByText('to continue to Intranet').count()) > 0;
  });
}
