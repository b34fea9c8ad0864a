// The second factor in a real browser: an app is set up from its QR code, asked for at the next sign-in and on a conflict,
// a recovery code stands in for it, and it is turned off. With script and without.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { after, before, describe, test } from 'node:test';

import { launch } from '../lib/browser.mjs';
import { databases } from '../lib/server.mjs';
import { openWorld } from '../lib/world.mjs';

const PASSWORD = 'violet anchor copper lantern 42';
const ADA = { name: 'Ada Lovelace', email: 'ada@example.test', password: PASSWORD };
const GRACE = { name: 'Grace Hopper', email: 'grace@example.test', password: PASSWORD };
const person = ({ name, email }, sub) => ({ sub, email, email_verified: true, name });
const PROVIDERS = { a: { title: 'Provider A', people: [person(ADA, 'a-ada'), person(GRACE, 'a-grace')], mark: 'a' } };

let browser;
before(async () => { browser = await launch(); });
after(async () => { await browser?.close(); });

const first = databases()[0];
for (const database of databases()) {
  describe(`the second factor on ${database}`, () => {
    let world;
    before(async () => {
      world = await openWorld({ browser, database, providers: PROVIDERS, policy: { email_code: false }, pictures: database === first ? 'second-factor' : undefined });
    });
    after(async () => { await world?.close(); });
    test(`${database}: an app is set up, asked for, proves a link and goes`, (t) => wholeStory(t, world, ADA, 'a-ada', true));
    test(`${database}: the same without script`, (t) => wholeStory(t, world, GRACE, 'a-grace', false));
  });
}

/** What an authenticator app shows (RFC 6238, RFC 4226 §5.3), from what its QR code says. */
function app(uri) {
  const url = new URL(uri);
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  const bits = [...url.searchParams.get('secret')].map((letter) => alphabet.indexOf(letter).toString(2).padStart(5, '0')).join('');
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
  return (step) => {
    const counter = Buffer.alloc(8);
    counter.writeBigUInt64BE(BigInt(step));
    const tag = createHmac('sha1', key).update(counter).digest();
    const number = tag.readUInt32BE(tag[19] & 0xf) & 0x7fffffff;
    return String(number % 1_000_000).padStart(6, '0');
  };
}

const now = () => Math.floor(Date.now() / 30_000);

async function wholeStory(t, world, who, subject, withScript) {
  const ada = await world.person(undefined, withScript);
  t.after(() => ada.close());
  const look = async (name) => { if (withScript) await ada.look(name); };
  const type = async (label, text) => {
    await ada.page.getByLabel(label).fill(text);
    // The form of this very field: the page may have another.
    await ada.page.getByLabel(label).press('Enter');
  };
  const APP = 'Code from your authenticator app';
  await ada.signUp(who);
  await ada.account();
  await ada.follow('Set up an authenticator app');
  await ada.expectHeading('Set up an authenticator app');
  await look('add');
  const shows = app(await ada.page.getByRole('link', { name: 'Open the app on this device' }).getAttribute('href'));
  await type(APP, '000000');
  await ada.expectText('That code isn’t right');
  await look('add-wrong');
  // The last step of the window leaves the two before it for the sign-ins below.
  let step = now() - 1;
  await type(APP, shows(step));
  await ada.expectHeading('Write these codes down');
  await look('codes');
  const codes = await ada.page.locator('.codes code').allInnerTexts();
  assert.equal(new Set(codes).size, 10);
  await ada.follow('I’ve written them down');
  await ada.expectHeading('Your sign-in methods');
  await ada.expectText('10 recovery codes left');
  await look('account');

  await ada.signOut();
  await ada.visit('/sign-in');
  await ada.signInHere(who);
  await ada.expectHeading('One more step');
  await look('asked');
  await type(APP, '000000');
  await ada.expectText('That code isn’t right');
  await look('asked-wrong');
  step += 1;
  await type(APP, shows(step));
  await ada.expectHeading('Your sign-in methods');

  // A provider says it is her: she proves it with both factors, and it is linked.
  await ada.signOut();
  await ada.visit('/sign-in');
  await ada.press(/^Continue with Provider A/);
  await ada.atProvider(world.a, subject);
  await ada.expectHeading('You already have an account');
  await ada.page.getByLabel('Password').fill(PASSWORD);
  await ada.page.getByLabel('Password').press('Enter');
  await ada.expectHeading('One more step');
  await ada.page.getByText('Use a recovery code').click();
  await type('Recovery code', 'aaaa-bbbb-cccc-dddd');
  await ada.expectText('That recovery code isn’t right');
  await look('recovery-wrong');
  await type('Recovery code', codes[0]);
  await ada.expectHeading('Your sign-in methods');
  await ada.expectMethods('Password', 'Provider A');
  await ada.expectText('9 recovery codes left');

  await ada.follow('Turn off');
  await ada.expectHeading('Turn two-step sign-in off?');
  await look('off');
  await ada.press('Turn off');
  await ada.expectText('Two-step sign-in is off.');
  await ada.signOut();
  await ada.visit('/sign-in');
  await ada.signInHere(who);
  await ada.expectHeading('Your sign-in methods');
}
