// Applications sign people in with a certified client library, in a real browser: who the person is stays the same
// whichever way they came, and what an application holds ends with what it rests on.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { launch } from '../lib/browser.mjs';
import { eventually, freePort } from '../lib/ports.mjs';
import { RelyingParty } from '../lib/relying-party.mjs';
import { databases } from '../lib/server.mjs';
import { openWorld } from '../lib/world.mjs';

const ADA = { name: 'Ada Lovelace', email: 'ada@example.test', password: 'violet anchor copper lantern 42' };
const AT_A = [{ sub: 'a-ada', email: ADA.email, email_verified: true, name: ADA.name }];
const AT_B = [{ sub: 'b-ada', email: ADA.email, email_verified: true, name: ADA.name }];
const PROVIDERS = { a: { title: 'Provider A', people: AT_A, mark: 'a' }, b: { title: 'Provider B', people: AT_B, mark: 'b' } };
const SECRET = 'e2e-0123456789abcdef0123456789abcdef';

let browser;
before(async () => { browser = await launch(); });
after(async () => { await browser?.close(); });

const first = databases()[0];
for (const database of databases()) {
  describe(`clients on ${database}`, () => {
    let world;
    let parties;
    before(async () => {
      const ports = await Promise.all(['shop', 'board', 'robot', 'tv'].map(() => freePort()));
      const at = (name, n) => `http://${name}.localhost:${ports[n]}`;
      const clients = [
        {
          id: 'shop', name: 'Shop', secret: SECRET, algorithm: 'ES256',
          redirect_uris: [`${at('shop', 0)}/cb`], post_logout_redirect_uris: [`${at('shop', 0)}/bye`],
          frontchannel_logout_uri: `${at('shop', 0)}/gone?from=id`,
        },
        // The standard's own choice, JWT access tokens, and no secret.
        {
          id: 'board', name: 'Board', algorithm: 'RS256', access_tokens: 'jwt', redirect_uris: [`${at('board', 1)}/cb`],
          backchannel_logout_uri: `${at('board', 1)}/logout`,
        },
        { id: 'robot', name: 'Robot', secret: SECRET, algorithm: 'EdDSA', grants: ['client_credentials'], scopes: ['things'] },
        { id: 'tv', name: 'Television', grants: ['device_code', 'refresh_token'] },
      ];
      world = await openWorld({ browser, database, providers: PROVIDERS, clients, policy: { email_code: false }, pictures: database === first ? 'clients' : undefined });
      const start = (name, n, secret) => RelyingParty.start({ name, port: ports[n], issuer: world.origin, id: name, secret });
      parties = { shop: await start('shop', 0, SECRET), board: await start('board', 1), robot: await start('robot', 2, SECRET), tv: await start('tv', 3) };
      for (const party of Object.values(parties)) await party.discover();
    });
    after(async () => {
      for (const party of Object.values(parties ?? {})) await party.stop();
      await world?.close();
    });

    test(`${database}: sign up at an application, allow it, and come back three ways`, (t) => threeWays(t, world, parties));
    test(`${database}: tokens are refreshed, asked about and taken back`, (t) => lifeOfTokens(t, world, parties));
    test(`${database}: a device is let in, and another is not`, (t) => devices(t, world, parties));
    test(`${database}: who leaves one application leaves all`, (t) => leaving(t, world, parties));
    test(`${database}: an answer by form sends itself`, (t) => byForm(t, world, parties));
    test(`${database}: an application for itself`, () => forItself(parties));
  });
}

async function threeWays(t, world, { shop, board }) {
  const ada = await world.person();
  t.after(() => ada.close());
  await ada.page.goto(shop.origin);
  await ada.expectHeading('Sign in');
  await ada.expectText('to continue to Shop');
  await ada.follow('Create an account');
  await ada.page.getByLabel('Your name').fill(ADA.name);
  await ada.page.getByLabel('E-mail address').fill(ADA.email);
  await ada.page.getByLabel('Choose a password').fill(ADA.password);
  await ada.press('Create account');
  await ada.enterCode(ADA.email);
  await ada.expectHeading('Shop wants to know who you are');
  await ada.look('consent');
  await ada.press(/^Allow/);
  await ada.expectHeading('Hello, Ada Lovelace');
  const [signedUp] = shop.signedIn.splice(0);
  const { sub } = signedUp.claims();
  assert.equal(signedUp.claims().email, ADA.email);
  assert.deepEqual(signedUp.claims().amr, ['pwd']);
  assert.equal((await shop.userinfo(signedUp)).sub, sub);

  // A second application of somebody else's: the same person.
  await ada.page.goto(board.origin);
  await ada.expectHeading('Board wants to know who you are');
  await ada.press(/^Allow/);
  await ada.expectHeading('Hello, Ada Lovelace');
  const atBoard = board.signedIn.pop();
  assert.equal(atBoard.claims().sub, sub);
  assert.equal((await board.userinfo(atBoard)).sub, sub);

  await ada.connect(world.a, 'a-ada');
  await ada.expectMethods('Password', 'Provider A');
  await ada.visit('/account/applications');
  await ada.expectHeading('Applications with access');
  await ada.look('applications');

  // Through the provider: nothing to allow again, and the same sub.
  await ada.account();
  await ada.signOut();
  await ada.page.goto(shop.origin);
  await ada.press(/^Continue with Provider A/);
  await ada.atProvider(world.a, 'a-ada');
  await ada.expectHeading('Hello, Ada Lovelace');
  const throughA = shop.signedIn.pop();
  assert.equal(throughA.claims().sub, sub);
  assert.deepEqual(throughA.claims().amr, ['fed']);

  // The link is removed from another browser: what came through it ends.
  assert.equal((await shop.introspect(throughA.access_token)).active, true);
  const elsewhere = await world.person();
  t.after(() => elsewhere.close());
  await elsewhere.signInWithPassword(ADA);
  await elsewhere.remove(world.a);
  assert.equal((await shop.introspect(throughA.access_token)).active, false);
  await assert.rejects(shop.refresh(throughA), { error: 'invalid_grant' });

  // A fresh sign-in is asked for, and is one.
  shop.more = { prompt: 'login' };
  t.after(() => { shop.more = {}; });
  await elsewhere.page.goto(shop.origin);
  await elsewhere.expectHeading('Confirm that it’s you');
  await elsewhere.expectText('Shop asks you to confirm');
  await elsewhere.look('fresh');
  await elsewhere.page.getByLabel('Password of this account').fill(ADA.password);
  await elsewhere.press('Confirm and go on');
  await elsewhere.expectHeading('Hello, Ada Lovelace');
  assert.equal(shop.signedIn.pop().claims().sub, sub);
}

/** By the provider (board) and by the browser (shop), with and without script. */
async function leaving(t, world, { shop, board }) {
  for (const script of [true, false]) {
    const ada = await world.person(undefined, script);
    t.after(() => ada.close());
    await ada.signInWithPassword(ADA);
    const signIn = async (party) => {
      await ada.page.goto(party.origin);
      if (await ada.page.getByRole('button', { name: /^Allow/ }).count()) await ada.press(/^Allow/);
      await ada.expectHeading('Hello, Ada Lovelace');
      return party.signedIn.pop();
    };
    const [atShop, atBoard] = [await signIn(shop), await signIn(board)];
    for (const party of [shop, board]) { party.gone.splice(0); party.loggedOut.splice(0); }
    await ada.page.goto(shop.signOutUrl(atShop));
    await ada.page.waitForURL(`${shop.origin}/bye`);
    assert.deepEqual(shop.gone, [{ from: 'id', iss: world.origin, sid: atShop.claims().sid }]);
    const told = await eventually('a logout token', () => board.loggedOut[0]);
    assert.equal(told.sid, atBoard.claims().sid);
    assert.equal(told.sub, atBoard.claims().sub);

    // With nowhere to go: the page stays, and says so.
    await ada.signInWithPassword(ADA);
    await signIn(shop);
    await ada.account();
    await ada.signOut();
    await ada.expectHeading('You are signed out');
    await eventually('the page in its frame', () => shop.gone[1]);
    if (script) await ada.look('signed-out-with-frames');
  }
}

async function lifeOfTokens(t, world, { shop }) {
  const ada = await world.person();
  t.after(() => ada.close());
  await ada.signInWithPassword(ADA);
  await ada.expectHeading('Your sign-in methods');
  const signIn = async () => {
    await ada.page.goto(shop.origin);
    await ada.expectHeading('Hello, Ada Lovelace');
    return shop.signedIn.pop();
  };
  const tokens = await signIn();
  const again = await shop.refresh(tokens);
  assert.equal(again.claims().sub, tokens.claims().sub);
  assert.equal((await shop.introspect(again.access_token)).active, true);
  // The one before came back: a thief or a broken client, and everything ends.
  await assert.rejects(shop.refresh(tokens), { error: 'invalid_grant' });
  assert.equal((await shop.introspect(again.access_token)).active, false);

  const other = await signIn();
  await shop.revoke(other.refresh_token);
  assert.equal((await shop.introspect(other.access_token)).active, false);

  const last = await signIn();
  await ada.page.goto(shop.signOutUrl(last));
  await ada.expectHeading('Bye');
  assert.equal((await shop.introspect(last.access_token)).active, false);
  await ada.visit('/account');
  await ada.expectHeading('Sign in');
}

async function devices(t, world, { tv }) {
  const { asked, tokens } = await tv.askForDevice('openid profile offline_access');
  const ada = await world.person();
  t.after(() => ada.close());
  await ada.page.goto(asked.verification_uri);
  await ada.expectHeading('Sign in');
  await ada.signInHere(ADA);
  await ada.expectHeading('Connect a device');
  await ada.look('device-code');
  await ada.page.getByLabel('Code').fill('BCDF-GHJK');
  await ada.press('Continue');
  await ada.expectText('No device shows this code');
  await ada.page.getByLabel('Code').fill(asked.user_code.toLowerCase());
  await ada.press('Continue');
  await ada.expectHeading('Sign in to Television on a device?');
  await ada.expectText(asked.user_code);
  await ada.expectText('In the same network as you');
  await ada.look('device-answer');
  await ada.press('Yes, sign in on the device');
  await ada.expectHeading('The device is signed in');
  await ada.look('device-allowed');
  const given = await tokens;
  assert.equal(given.claims().name, ADA.name);
  assert.deepEqual(given.claims().amr, ['pwd']);
  const again = await tv.refresh(given);
  assert.equal(again.claims().sub, given.claims().sub);

  // The address that brings the code along, and a no.
  const other = await tv.askForDevice();
  await ada.page.goto(other.asked.verification_uri_complete);
  await ada.expectText('Is this the code that your device shows?');
  await ada.look('device-code-given');
  await ada.press('Continue');
  await ada.press('No, that was not me');
  await ada.expectHeading('The device was not let in');
  await ada.look('device-refused');
  await assert.rejects(other.tokens, { error: 'access_denied' });
  assert.equal((await tv.userinfo(again)).sub, given.claims().sub);
}

async function byForm(t, world, { shop }) {
  const ada = await world.person();
  t.after(() => ada.close());
  await ada.signInWithPassword(ADA);
  await ada.expectHeading('Your sign-in methods');
  shop.more = { response_mode: 'form_post' };
  t.after(() => { shop.more = {}; });
  await ada.page.goto(shop.origin);
  // Nothing is pressed.
  await ada.expectHeading('Hello, Ada Lovelace');
  assert.equal(shop.answeredBy, 'POST');
  assert.equal(new URL(ada.page.url()).search, '', 'nothing of the answer is in the address');
  assert.equal(shop.signedIn.pop().claims().email, ADA.email);
}

async function forItself({ robot }) {
  const { access_token: token, scope } = await robot.forItself('things');
  assert.equal(scope, 'things');
  const told = await robot.introspect(token);
  assert.equal(told.active, true);
  assert.equal(told.sub, 'robot');
  await robot.revoke(token);
  assert.equal((await robot.introspect(token)).active, false);
  await assert.rejects(robot.forItself('openid'), { error: 'invalid_scope' });
}
