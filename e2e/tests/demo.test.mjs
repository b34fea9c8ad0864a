// The first five minutes: `selfsame demo`, and the stories of its first page clicked through as they are written there.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { after, before, test } from 'node:test';

import { launch } from '../lib/browser.mjs';
import { Person } from '../lib/journeys.mjs';
import { eventually, freePort } from '../lib/ports.mjs';

const ADA = { name: 'Ada Lovelace', email: 'ada@example.test', password: 'violet anchor copper lantern 42' };
const PORTS = 7;

let browser;
let demo;
before(async () => {
  browser = await launch();
  demo = await startDemo();
});
after(async () => {
  await browser?.close();
  await demo?.stop();
});

test('the stories of the first page, in their order', async (t) => {
  const ada = await open(t);
  await ada.page.goto(demo.front);
  await ada.expectHeading('One person, many sign-ins, one account');
  await ada.look('front');

  // 1: sign up with a password, from the application, with the code from the mailbox page.
  await ada.page.getByRole('link', { name: 'Notes' }).first().click();
  await ada.expectHeading('Your notes, wherever you are');
  await ada.look('notes-signed-out');
  await ada.press('Sign in');
  await ada.expectHeading('Sign in');
  await ada.expectText('to continue to Notes');
  await ada.look('sign-in-to-notes');
  await ada.follow('Create an account');
  await ada.expectHeading('Create an account');
  await ada.page.getByLabel('Your name').fill(ADA.name);
  await ada.page.getByLabel('E-mail address').fill(ADA.email);
  await ada.page.getByLabel('Choose a password').fill(ADA.password);
  await ada.press('Create account');
  await ada.enterCode(ADA.email);
  await ada.expectHeading('Notes wants to know who you are');
  await ada.press(/^Allow/);
  await ada.expectHeading('Hello, Ada Lovelace');
  await ada.look('notes-signed-in');
  await ada.press('Sign out');

  // 2: connect Example A.
  await ada.connect(demo.a, '104928310551');
  await ada.expectMethods('Password', demo.a.title);
  await ada.readMailbox(/connected/);

  // The application takes over whoever is signed in.
  await ada.page.goto(demo.notes);
  await ada.press('Sign in');
  await ada.expectHeading('Continue to Notes');
  await ada.look('continue-to-notes');
  await ada.press('Continue to Notes');
  await ada.expectHeading('Hello, Ada Lovelace');

  // 3: sign out, and in with Example A.
  await ada.press('Sign out');
  await ada.expectHeading('Your notes, wherever you are');
  await ada.account();
  await ada.signOut();
  await ada.page.goto(demo.notes);
  await ada.press('Sign in');
  await ada.press(/^Continue with Example A/);
  await ada.atProvider(demo.a, '104928310551');
  await ada.expectHeading('Hello, Ada Lovelace');

  // 4: the same address at Example B, for which nobody vouches: mailbox first, then proof.
  await ada.account();
  await ada.signOut();
  await ada.visit('/sign-in');
  await ada.button(/Last used$/).waitFor();
  await ada.signInWith(demo.b, '5f0c2f9e-6a34-4e0b-9d5e-2b8c77a1e001');
  await ada.enterCode(ADA.email, 'code-for-b');
  await ada.expectHeading('You already have an account');
  await ada.look('conflict');
  await ada.provePassword(ADA.password);
  await ada.expectMethods('Password', demo.a.title, demo.b.title);
  await ada.look('account');

  // 5: take ways away.
  await ada.remove(demo.b);
  await ada.expectMethods('Password', demo.a.title);
  await ada.remove(demo.a);
  await ada.expectMethods('Password');
});

test('Mallory types Ada\'s address', async (t) => {
  const mallory = await open(t);
  await mallory.signInWith(demo.b, '5f0c2f9e-6a34-4e0b-9d5e-2b8c77a1e002');
  await mallory.expectHeading('Enter the code');
  await mallory.look('mallory');
  const text = await mallory.page.getByRole('main').innerText();
  assert.doesNotMatch(text, /account here|already have/i);
  await mallory.visit('/account');
  await mallory.expectHeading('Sign in');
});

test('two accounts at one provider', async (t) => {
  const grace = await open(t);
  await grace.signInWith(demo.a, '104928310662');
  await grace.expectMethods(demo.a.title);
  await grace.expectOnlyWayIn(demo.a);
  await grace.connect(demo.a, '104928310773');
  await grace.expectMethods(demo.a.title, demo.a.title);
  await grace.look('two-of-one-provider');
});

test('the pages of the sandbox', async (t) => {
  const somebody = await open(t);
  for (const [name, path, heading] of [
    ['provider-a', demo.a.issuer, 'Example A'], ['provider-b', demo.b.issuer, 'Example B'],
    ['mailbox', `${demo.mailbox}/?still`, 'Every mail of the demo'],
  ]) {
    await somebody.page.goto(path);
    await somebody.expectHeading(heading);
    await somebody.look(name);
  }
  await somebody.visit('/sign-in');
  await somebody.press(/^Continue with Example B/);
  await somebody.expectHeading('Choose an account');
  await somebody.page.getByText('Use another account').click();
  await somebody.look('chooser');
  await somebody.page.getByLabel('Name').fill('Hypatia');
  await somebody.page.getByLabel('E-mail address').fill('hypatia@example.test');
  await somebody.press('Continue with this account');
  await somebody.enterCode('hypatia@example.test');
  await somebody.expectMethods('Example B');
});

/** A person for whom the code is on the mailbox page, in a tab of its own. */
class Visitor extends Person {
  async readMailbox(pattern) {
    const tab = await this.tab();
    const found = await eventually(`mail with ${pattern}`, async () => {
      await tab.goto(demo.mailbox);
      const mail = tab.getByRole('article').filter({ hasText: pattern }).first();
      return (await mail.count()) > 0 && mail.innerText();
    });
    await tab.close();
    return found;
  }
}

async function open(t) {
  const read = new Set();
  const visitor = await Visitor.open({ browser, origin: demo.origin, pictures: 'demo' });
  visitor.mailbox = {
    waitForCode: (address) => eventually(`code for ${address}`, async () => {
      const text = await visitor.readMailbox(new RegExp(`${address}[^]*\\b\\d{6}\\b`));
      const code = /^\D*?\b(\d{6})\b/m.exec(text.slice(text.indexOf(address)))[1];
      const fresh = !read.has(code);
      read.add(code);
      return fresh && code;
    }),
  };
  t.after(() => visitor.close());
  return visitor;
}

async function startDemo() {
  const first = await portsInARow();
  const binary = process.env.SELFSAME_BIN;
  assert.ok(binary, 'SELFSAME_BIN is not set: build it with `cargo build -p selfsame --features demo`');
  const child = spawn(binary, ['demo', '--port', String(first)], { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => { said += text; });
  const stop = async () => {
    const gone = child.exitCode === null && new Promise((resolve) => { child.once('exit', resolve); });
    child.kill('SIGINT');
    await gone;
  };
  try {
    await eventually('the demo says where it is', () => {
      if (child.exitCode !== null) throw new Error('it ended');
      return said.includes('Stop with Ctrl-C');
    });
  } catch (error) {
    await stop();
    throw new Error(`${error.message}\n${said}`, { cause: error });
  }
  const place = (what) => new RegExp(`${what} +(http://\\S+)`).exec(said)[1];
  const provider = (name, title) => ({ name, title, issuer: place(`Example provider ${name.toUpperCase()}`), requests: undefined });
  return {
    stop,
    front: /http:\/\/localhost:\d+/.exec(said)[0],
    origin: place('Server'),
    notes: place('Example application'),
    mailbox: place('Mailbox'),
    a: provider('a', 'Example A'),
    b: provider('b', 'Example B'),
  };
}

/** The demo takes seven ports in a row. */
async function portsInARow() {
  return eventually('seven free ports in a row', async () => {
    const first = await freePort();
    const probes = [];
    try {
      for (let port = first; port < first + PORTS; port += 1) probes.push(await listen(port));
      return first;
    } catch {
      return undefined;
    } finally {
      for (const probe of probes) await new Promise((resolve) => { probe.close(resolve); });
    }
  });
}

function listen(port) {
  const probe = createServer();
  return new Promise((resolve, reject) => {
    probe.once('error', reject).listen(port, '127.0.0.1', () => resolve(probe));
  });
}
