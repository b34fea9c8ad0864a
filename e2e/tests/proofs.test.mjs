// The stricter ways of a certified client library, in a real browser: pushed requests, client assertions, and tokens that
// are bound to a key.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { launch } from '../lib/browser.mjs';
import { freePort } from '../lib/ports.mjs';
import { RelyingParty, clientKey } from '../lib/relying-party.mjs';
import { databases } from '../lib/server.mjs';
import { openWorld } from '../lib/world.mjs';

const ADA = { name: 'Ada Lovelace', email: 'ada@example.test', password: 'violet anchor copper lantern 42' };

let browser;
before(async () => { browser = await launch(); });
after(async () => { await browser?.close(); });

for (const database of databases()) {
  describe(`proofs on ${database}`, () => {
    let world;
    let bank;
    let pocket;
    before(async () => {
      const [one, other] = await Promise.all([freePort(), freePort()]);
      const key = await clientKey('ES256');
      const common = { name: 'Bank', first_party: true, require_pushed: true, dpop: true };
      const clients = [
        {
          ...common, id: 'bank', auth: 'private_key_jwt', jwks: key.jwks, access_tokens: 'jwt', algorithm: 'EdDSA',
          redirect_uris: [`http://bank.localhost:${one}/cb`],
        },
        { ...common, id: 'pocket', name: 'Pocket', redirect_uris: [`http://pocket.localhost:${other}/cb`] },
      ];
      world = await openWorld({ browser, database, providers: {}, clients, policy: { email_code: false } });
      const start = (name, port, more) => RelyingParty.start({ name, port, issuer: world.origin, id: name, pushes: true, ...more });
      bank = await start('bank', one, { key, bound: 'Ed25519' });
      pocket = await start('pocket', other, { bound: 'ES256' });
      await bank.discover();
      await pocket.discover();
    });
    after(async () => {
      await bank?.stop();
      await pocket?.stop();
      await world?.close();
    });

    test(`${database}: requests are pushed, assertions signed, tokens bound`, async (t) => {
      const ada = await world.person();
      t.after(() => ada.close());
      await ada.page.goto(bank.origin);
      await ada.follow('Create an account');
      await ada.page.getByLabel('Your name').fill(ADA.name);
      await ada.page.getByLabel('E-mail address').fill(ADA.email);
      await ada.page.getByLabel('Choose a password').fill(ADA.password);
      await ada.press('Create account');
      await ada.enterCode(ADA.email);
      await ada.expectHeading('Hello, Ada Lovelace');
      const tokens = bank.signedIn.pop();
      assert.equal(tokens.token_type, 'dpop');
      assert.equal((await bank.userinfo(tokens)).sub, tokens.claims().sub);
      const told = await bank.introspect(tokens.access_token);
      assert.equal(told.token_type, 'DPoP');
      assert.ok(told.cnf.jkt);
      const again = await bank.refresh(tokens);
      assert.equal((await bank.userinfo(again)).email, ADA.email);

      // One without a secret: its refresh token is its key's alone.
      await ada.page.goto(pocket.origin);
      // Any program on this machine could stand behind its redirect, so that somebody has to see it.
      await ada.expectHeading('Pocket wants to know who you are');
      await ada.press(/^Allow/);
      await ada.expectHeading('Hello, Ada Lovelace');
      const held = pocket.signedIn.pop();
      assert.equal(held.claims().sub, tokens.claims().sub);
      const thief = new RelyingParty();
      Object.assign(thief, { ...pocket });
      await thief.discover();
      await assert.rejects(thief.refresh(held), { error: 'invalid_grant' });
      await assert.rejects(thief.userinfo(held));
      const later = await pocket.refresh(held);
      assert.equal((await pocket.userinfo(later)).sub, tokens.claims().sub);
      await bank.revoke(again.refresh_token);
      await assert.rejects(bank.refresh(again), { error: 'invalid_grant' });
    });
  });
}
