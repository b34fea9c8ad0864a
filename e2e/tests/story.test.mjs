// The main job in a real browser: a password and two providers, one account; linked, met in conflict, proven, unlinked.
// On every database, and once without any script.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, test } from 'node:test';

import { launch } from '../lib/browser.mjs';
import { Person } from '../lib/journeys.mjs';
import { Mailbox } from '../lib/mailbox.mjs';
import { freePort } from '../lib/ports.mjs';
import { startProvider } from '../lib/provider.mjs';
import { databases, originAt, redirectUri, startServer } from '../lib/server.mjs';

const ADA = { name: 'Ada Lovelace', email: 'ada@example.test', password: 'violet anchor copper lantern 42' };
const GRACE = { name: 'Grace Hopper', email: 'grace@example.test', password: 'meadow thunder pencil orbit 17' };
const AT_A = [
  { sub: 'a-ada', email: ADA.email, email_verified: true, name: ADA.name },
  { sub: 'a-grace', email: GRACE.email, email_verified: true, name: GRACE.name },
];
const AT_B = [
  { sub: 'b-ada', email: ADA.email, email_verified: true, name: ADA.name },
  { sub: 'b-mallory', email: ADA.email, email_verified: false, name: ADA.name },
  { sub: 'b-nobody', email: 'nobody@example.test', email_verified: false, name: 'Nobody' },
];

let browser;
before(async () => { browser = await launch(); });
after(async () => { await browser?.close(); });

const first = databases()[0];
for (const database of databases()) {
  suite({ title: `story on ${database}`, database, script: true, pictures: database === first ? 'story' : undefined });
}
suite({ title: `story without script on ${first}`, database: first, script: false, pictures: undefined });

function suite({ title, database, script, pictures }) {
  describe(title, () => {
    let world;
    before(async () => { world = await openWorld({ database, script, pictures }); });
    after(async () => { await world?.close(); });

    test(`${title}: sign up, link, conflict, prove, unlink`, (t) => mainStory(t, world));
    test(`${title}: the last way in is refused with its reason`, (t) => lastMethod(t, world));
    test(`${title}: an unverified address opens nothing and tells nothing`, (t) => attackerStory(t, world));
  });
}

/** A server, two providers that know people of the same addresses, a mailbox; what was opened is closed, come what may. */
async function openWorld({ database, script, pictures }) {
  const opened = [];
  const close = async () => {
    for (const part of opened.splice(0).reverse()) await part.stop();
  };
  const keep = (part) => {
    opened.push(part);
    return part;
  };
  try {
    const mailbox = keep(await Mailbox.start());
    const port = await freePort();
    const origin = originAt(port);
    const open = async (name, title, people) => {
      const client = { client_id: 'selfsame', client_secret: randomBytes(24).toString('hex') };
      const clients = [{ ...client, redirect_uris: [redirectUri(origin, name)] }];
      return { ...keep(await startProvider({ name, people, clients })), title, client };
    };
    const a = await open('a', 'Provider A', AT_A);
    const b = await open('b', 'Provider B', AT_B);
    const connections = [a, b].map(({ name, title, issuer, client }) =>
      ({ id: name, name: title, issuer, ...client, email_evidence: 'vouched' }));
    const server = keep(await startServer({ port, database, mailbox, connections, policy: { email_code: false } }));
    const person = () => Person.open({ browser, origin, mailbox, pictures, script });
    return { a, b, mailbox, server, origin, person, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function mainStory(t, { a, b, mailbox, person }) {
  const ada = await person();
  t.after(() => ada.close());
  const credentials = { password: ADA.password };

  await ada.signUp(ADA);
  await ada.expectMethods('Password');
  await ada.look('account-one-method');

  await ada.connect(a, 'a-ada', credentials);
  await mailbox.waitForMail(ADA.email, { matches: ({ text }) => text.includes(a.title) });
  await ada.expectMethods('Password', a.title);
  await ada.look('account-two-methods');
  await ada.signOut();
  await ada.look('signed-out');

  await ada.visit('/sign-in');
  await ada.look('sign-in');
  await ada.signInWith(a, 'a-ada');
  await ada.account();
  await ada.method(a.title).getByText('Used now').waitFor();
  await ada.signOut();
  await ada.visit('/sign-in');
  await ada.button(/^Continue with Provider A\s+Last used$/).waitFor();
  await ada.look('sign-in-last-used');

  await ada.signInWith(b, 'b-ada');
  await ada.expectHeading('You already have an account');
  await ada.look('conflict');
  await ada.provePassword('not the password at all');
  await ada.page.getByRole('alert').waitFor();
  await ada.look('conflict-wrong-password');
  await ada.provePassword(ADA.password);
  await ada.page.getByText(/Provider B( \(.*\))? is connected/).first().waitFor();
  await ada.look('conflict-linked');
  await mailbox.waitForMail(ADA.email, { matches: ({ text }) => text.includes(b.title) });
  await ada.expectMethods('Password', a.title, b.title);
  await ada.look('account-three-methods');

  for (const signIn of [
    () => ada.signInWith(b, 'b-ada'), () => ada.signInWith(a, 'a-ada'), () => ada.signInWithPassword(ADA),
  ]) {
    await ada.account();
    await ada.signOut();
    await signIn();
    await ada.expectMethods('Password', a.title, b.title);
  }

  await ada.remove(a, credentials);
  await ada.page.getByText(`${a.title} no longer opens your account.`).waitFor();
  await ada.look('account-after-removal');
  await mailbox.waitForMail(ADA.email, { matches: ({ text }) => text.includes(a.title) });
  await ada.expectMethods('Password', b.title);
  await ada.remove(b, credentials);
  await ada.expectMethods('Password');
  await ada.visit('/account/activity');
  await ada.expectHeading('Recent activity');
  await ada.page.getByText(/^Removed: .*Provider B/).first().waitFor();
  await ada.look('activity');
  await ada.account();
  await ada.signOut();

  // Unlink is remembered: the removed identity signs nobody in, it leads to the conflict page again.
  await ada.signInWith(a, 'a-ada');
  await ada.expectHeading('You already have an account');
}

async function lastMethod(t, { a, person }) {
  const grace = await person();
  t.after(() => grace.close());
  const credentials = { provider: a, sub: 'a-grace' };

  await grace.signInWith(a, 'a-grace');
  await grace.expectMethods(a.title);
  const remove = grace.button(`Remove ${a.title}`);
  assert.ok(await remove.isDisabled());
  await grace.method(a.title).getByText('This is your only way in. Add another first.').waitFor();
  await grace.look('account-last-method');

  const id = (await grace.method(a.title).getAttribute('id')).replace(/^method-/, '');
  const path = `/account/methods/${id}/remove`;
  await grace.visit(path);
  await grace.confirmIfAsked(credentials);
  await grace.page.getByText('This is your only way in. Add another first.').first().waitFor();
  await grace.look('remove-last-method');
  if (grace.script) {
    assert.ok((await grace.post(path)) < 500);
    await grace.expectMethods(a.title);
  }

  await grace.visit('/account/password');
  await grace.confirmIfAsked(credentials);
  await grace.expectHeading('Set a password');
  await grace.look('set-password');
  await grace.page.getByLabel('Choose a password').fill(GRACE.password);
  await grace.press('Save password');
  await grace.confirmIfAsked(credentials);
  await grace.expectMethods('Password', a.title);
  await grace.remove(a, { password: GRACE.password });
  // The session came through the link that was removed, so it ended with it.
  await grace.signInWithPassword(GRACE);
  await grace.expectMethods('Password');
}

// T01: the victim's address at a provider that does not confirm it.
async function attackerStory(t, { b, mailbox, person }) {
  const pages = [];
  for (const { sub, email } of AT_B.filter(({ email_verified }) => !email_verified)) {
    const mallory = await person();
    t.after(() => mallory.close());
    await mallory.signInWith(b, sub);
    await mallory.expectHeading('Enter the code');
    const text = await mallory.page.getByRole('main').innerText();
    pages.push(text.replaceAll(email, 'ADDRESS'));
    const right = await mailbox.waitForCode(email);
    const wrong = right === '000000' ? '000001' : '000000';
    for (let attempt = 0; attempt < 3; attempt += 1) {
      await mallory.page.getByLabel('Code from the e-mail').fill(wrong);
      await mallory.press('Continue');
      await mallory.page.getByRole('alert').waitFor();
    }
    await mallory.look('code-wrong');
    await mallory.visit('/account');
    await mallory.expectHeading('Sign in');
  }
  assert.equal(pages[0], pages[1], 'the page tells nothing about who exists');
}
