// Passkeys in a real browser, with the virtual authenticator of its developer tools: one is added, opens the account beside
// the remembered addresses and by its button, proves a link, and is removed.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { launch } from '../lib/browser.mjs';
import { databases } from '../lib/server.mjs';
import { openWorld } from '../lib/world.mjs';

const ADA = { name: 'Ada Lovelace', email: 'ada@example.test', password: 'violet anchor copper lantern 42' };
const AT_A = [{ sub: 'a-ada', email: ADA.email, email_verified: true, name: ADA.name }];
const PROVIDERS = { a: { title: 'Provider A', people: AT_A, mark: 'a' } };

let browser;
before(async () => { browser = await launch(); });
after(async () => { await browser?.close(); });

const first = databases()[0];
for (const database of databases()) {
  describe(`passkeys on ${database}`, () => {
    let world;
    before(async () => {
      world = await openWorld({ browser, database, providers: PROVIDERS, policy: { email_code: false }, pictures: database === first ? 'passkeys' : undefined });
    });
    after(async () => { await world?.close(); });
    test(`${database}: a passkey is added, signs in, proves a link and goes`, (t) => wholeStory(t, world));
    test(`${database}: whoever calls it off can try again`, (t) => calledOff(t, world));
  });
}

/** What a phone or a laptop has built in (WebAuthn Level 3 §11). */
async function authenticator(person) {
  const devtools = await person.context.newCDPSession(person.page);
  await devtools.send('WebAuthn.enable');
  const options = {
    protocol: 'ctap2', ctap2Version: 'ctap2_1', transport: 'internal',
    hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true,
  };
  const { authenticatorId } = await devtools.send('WebAuthn.addVirtualAuthenticator', { options });
  return {
    touched: (enabled) => devtools.send('WebAuthn.setAutomaticPresenceSimulation', { authenticatorId, enabled }),
    verifies: (isUserVerified) => devtools.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified }),
    credentials: async () => (await devtools.send('WebAuthn.getCredentials', { authenticatorId })).credentials,
  };
}

async function wholeStory(t, world) {
  const ada = await world.person();
  t.after(() => ada.close());
  const device = await authenticator(ada);
  await ada.signUp(ADA);
  await ada.account();
  await ada.follow('Add a passkey');
  await ada.expectHeading('Add a passkey');
  await ada.look('add');
  await ada.page.getByLabel('Name of this passkey').fill('Laptop');
  await ada.press('Create a passkey');
  await ada.expectText('Your passkey is added.');
  await ada.expectMethods('Passkey', 'Password');
  await ada.look('account');
  const [credential] = await device.credentials();
  assert.equal(credential.isResidentCredential, true, 'it is found without being named');

  // A second one for the same account on the same device is refused by the device, in words.
  await ada.follow('Add a passkey');
  await ada.press('Create a passkey');
  await ada.expectText('This passkey has been added already.');

  // Beside the addresses that the browser remembers: nothing is typed or pressed.
  await ada.account();
  await device.touched(false);
  await ada.signOut();
  await ada.visit('/sign-in');
  await ada.expectHeading('Sign in');
  await ada.look('sign-in');
  await device.touched(true);
  await ada.visit('/sign-in');
  await ada.expectHeading('Your sign-in methods');
  await ada.expectText('Used now');

  // A provider says it is Ada: she proves it with the passkey, and it is linked.
  await device.touched(false);
  await ada.signOut();
  await ada.visit('/sign-in');
  await ada.press(/^Continue with Provider A/);
  await ada.atProvider(world.a, 'a-ada');
  await ada.expectHeading('You already have an account');
  await ada.look('conflict');
  await device.touched(true);
  await ada.press('Use a passkey');
  await ada.expectHeading('Your sign-in methods');
  await ada.expectMethods('Passkey', 'Password', 'Provider A');

  // An authenticator that does not verify its user opens nothing.
  await device.touched(false);
  await ada.account();
  await ada.signOut();
  await ada.visit('/sign-in');
  await device.verifies(false);
  await device.touched(true);
  await ada.press('Use a passkey');
  await ada.expectText('No passkey answered.');
  await device.verifies(true);
  await ada.press('Use a passkey');
  await ada.expectHeading('Your sign-in methods');

  await ada.page.getByRole('link', { name: 'Remove Passkey' }).click();
  await ada.expectHeading('Remove Passkey?');
  await ada.page.getByRole('main').getByRole('button', { name: /^Remove/ }).click();
  // It was what this session rested on.
  await ada.expectHeading('You are signed out');
  await ada.visit('/sign-in');
  // Offered and refused, and not offered again by itself.
  await ada.expectText('This passkey is not known here');
  await ada.press('Use a passkey');
  await ada.expectText('This passkey is not known here');
}

async function calledOff(t, world) {
  const ada = await world.person();
  t.after(() => ada.close());
  const device = await authenticator(ada);
  await ada.signInWithPassword(ADA);
  await ada.expectHeading('Your sign-in methods');
  await device.verifies(false);
  await ada.follow('Add a passkey');
  await ada.press('Create a passkey');
  await ada.expectText('No passkey answered.');
  await device.verifies(true);
  await ada.press('Create a passkey');
  await ada.expectText('Your passkey is added.');

  // Without script nothing of it is in the way.
  const plain = await world.person(undefined, false);
  t.after(() => plain.close());
  await plain.visit('/sign-in');
  assert.equal(await plain.page.getByRole('button', { name: 'Use a passkey' }).count(), 0);
  await plain.signInHere(ADA);
  await plain.expectHeading('Your sign-in methods');
  await plain.visit('/account/passkeys/add');
  assert.match(await plain.page.locator('main').innerText(), /Passkeys need JavaScript/);
}
