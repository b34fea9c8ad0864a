// The way back: from a notice in the mail, and into an account that one cannot sign in to. Once as people have it, once in a
// browser without script.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { launch } from '../lib/browser.mjs';
import { databases } from '../lib/server.mjs';
import { openWorld } from '../lib/world.mjs';

const PASSWORD = 'violet anchor copper lantern 42';
const at = (sub, name, email) => ({ sub, name, email, email_verified: true });
const PROVIDERS = {
  a: { title: 'Provider A', mark: 'a', people: [at('a-ada', 'Ada Lovelace', 'ada@example.test'), at('a-emmy', 'Emmy Noether', 'emmy@example.test')] },
};

let browser;
before(async () => { browser = await launch(); });
after(async () => { await browser?.close(); });

const first = databases()[0];
for (const database of databases()) {
  describe(`the way back on ${database}`, () => {
    let world;
    before(async () => {
      const pictures = database === first ? 'recover' : undefined;
      world = await openWorld({ browser, database, providers: PROVIDERS, policy: { email_code: true }, pictures });
    });
    after(async () => { await world?.close(); });

    test(`${database}: from the notice to hold, and back`, (t) => fromTheNotice(t, world));
    test(`${database}: back into an account, without script`, (t) => backIn(t, world));
  });
}

const WAY_BACK = /https?:\/\/\S+\/undo\/[\w-]+/;

async function wayBack(world, email, subject) {
  const mail = await world.mailbox.waitForMail(email, { matches: (m) => m.subject.includes(subject) });
  const found = WAY_BACK.exec(mail.text);
  assert.ok(found, `no way back in "${mail.subject}":\n${mail.text}`);
  assert.ok(mail.html.includes(found[0]), 'both bodies lead to the same page');
  return new URL(found[0]).pathname;
}

async function fromTheNotice(t, world) {
  const { a } = world;
  const ada = await world.person();
  t.after(() => ada.close());
  await ada.signUp({ name: 'Ada Lovelace', email: 'ada@example.test', password: PASSWORD });
  await ada.connect(a, 'a-ada');
  const path = await wayBack(world, 'ada@example.test', 'was connected');

  // On another device, where nobody is signed in.
  const phone = await world.person();
  t.after(() => phone.close());
  await phone.visit(path);
  await phone.expectHeading(`${a.title} was connected to your account`);
  await phone.look('notice');
  await phone.press('This wasn’t me: put it on hold');
  await phone.expectHeading(`${a.title} is on hold`);
  await phone.look('on-hold');

  // Its owner says that it was her, and which account it is stands there.
  await ada.account();
  await ada.method(a.title).getByText('On hold').waitFor();
  await ada.look('account-on-hold');
  await ada.follow(`Use ${a.title} again`);
  await ada.expectHeading(`Use ${a.title} again?`);
  await ada.look('release');
  await ada.press('It was me');
  await ada.expectText(`${a.title} is no longer on hold.`);

  // Removed, and put back from the confirmation.
  await ada.remove(a);
  await ada.expectText(`${a.title} no longer opens your account.`);
  await ada.look('removed');
  await ada.follow('Undo');
  await ada.expectHeading(`${a.title} was removed from your account`);
  await ada.look('removed-notice');
  await ada.press(`Put ${a.title} back`);
  await ada.expectText(`${a.title} opens your account again.`);
  await ada.visit(await wayBack(world, 'ada@example.test', 'was removed'));
  await ada.expectText('This was undone already.');
  await ada.account();
  await ada.signOut();
  await ada.signInWith(a, 'a-ada');
  await ada.expectHeading('Your sign-in methods');
}

async function backIn(t, world) {
  const { a } = world;
  const emmy = await world.person();
  t.after(() => emmy.close());
  await emmy.signUp({ name: 'Emmy Noether', email: 'emmy@example.test', password: PASSWORD });
  await emmy.connect(a, 'a-emmy');

  for (const script of [true, false]) {
    const elsewhere = await world.person('light', script);
    t.after(() => elsewhere.close());
    await elsewhere.visit('/sign-in');
    await elsewhere.follow('I can’t sign in');
    await elsewhere.expectHeading('Get back into your account');
    await elsewhere.look('start');
    await elsewhere.page.getByLabel('E-mail address').fill('emmy@example.test');
    await elsewhere.press('E-mail me a code');
    await elsewhere.enterCode('emmy@example.test', 'code');
    await elsewhere.expectHeading('You are back in your account');
    await elsewhere.expectText(a.title);
    await elsewhere.look('recovered');
    // Held the first time, and still held the second time: nobody has confirmed it.
    await elsewhere.page.getByRole('link', { name: `Use ${a.title} again` }).waitFor();
    // The session of before has ended.
    await emmy.visit('/account');
    await emmy.expectHeading('Sign in');
    await elsewhere.follow('Change your password');
    await elsewhere.expectHeading('Change your password');
    await elsewhere.page.getByLabel('Choose a password').fill(`${PASSWORD} ${script ? 'kelp' : 'fern'}`);
    await elsewhere.press('Save password');
    await elsewhere.expectText('Your password is set.');
  }
}
