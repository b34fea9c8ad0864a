// The main job in a real browser: a password and two providers, one account; linked, met in conflict, proven, unlinked.
// On every database, and once without any script.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { launch } from '../lib/browser.mjs';
import { databases } from '../lib/server.mjs';
import { openWorld } from '../lib/world.mjs';

const ADA = { name: 'Ada Lovelace', email: 'ada@example.test', password: 'violet anchor copper lantern 42' };
const GRACE = { name: 'Grace Hopper', email: 'grace@example.test', password: 'meadow thunder pencil orbit 17' };
const ONLY_WAY_IN = 'This is your only way in. Add another first.';
const AT_A = [
  { sub: 'a-ada', email: ADA.email, email_verified: true, name: ADA.name },
  { sub: 'a-grace', email: GRACE.email, email_verified: true, name: GRACE.name },
];
const AT_B = [
  { sub: 'b-ada', email: ADA.email, email_verified: true, name: ADA.name },
  { sub: 'b-grace', email: 'grace.hopper@navy.example', email_verified: true, name: 'Grace Hopper (Navy)' },
  { sub: 'b-mallory', email: ADA.email, email_verified: false, name: ADA.name },
  { sub: 'b-nobody', email: 'nobody@example.test', email_verified: false, name: 'Nobody' },
];

const PROVIDERS = { a: { title: 'Provider A', people: AT_A, mark: 'a' }, b: { title: 'Provider B', people: AT_B, mark: 'b' } };

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
    before(async () => {
      // Without codes by e-mail as a way in, so that the last method shows.
      const policy = { email_code: false };
      world = await openWorld({ browser, database, providers: PROVIDERS, policy, script, pictures });
    });
    after(async () => { await world?.close(); });

    test(`${title}: sign up, link, conflict, prove, unlink`, (t) => mainStory(t, world));
    test(`${title}: the last way in is refused with its reason`, (t) => lastMethod(t, world));
    test(`${title}: an unverified address opens nothing and tells nothing`, (t) => attackerStory(t, world));
  });
}

async function mainStory(t, { a, b, mailbox, person }) {
  const ada = await person();
  t.after(() => ada.close());

  await ada.signUp(ADA);
  await ada.expectMethods('Password');
  await ada.look('account-one-method');

  await ada.connect(a, 'a-ada');
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

  await ada.remove(a);
  await ada.page.getByText(`${a.title} no longer opens your account.`).waitFor();
  await ada.look('account-after-removal');
  await mailbox.waitForMail(ADA.email, { matches: ({ text }) => text.includes(a.title) });
  await ada.expectMethods('Password', b.title);
  await ada.remove(b);
  await ada.expectMethods('Password');
  await ada.follow('See recent activity');
  await ada.expectHeading('Recent activity');
  await ada.page.getByText(/^Removed: .*Provider B/).first().waitFor();
  await ada.look('activity');
  await ada.account();
  await ada.signOut();

  await ada.visit('/account');
  await ada.expectHeading('Sign in');

  // Unlink is remembered: the removed identity signs nobody in, it leads to the conflict page again.
  await ada.signInWith(a, 'a-ada');
  await ada.expectHeading('You already have an account');
}

async function lastMethod(t, { a, b, person }) {
  const grace = await person();
  t.after(() => grace.close());

  await grace.signInWith(a, 'a-grace');
  await grace.expectMethods(a.title);
  await grace.expectOnlyWayIn(a);
  await grace.look('account-last-method');

  // The address of the confirmation is known from the time when there was another way in.
  await grace.connect(b, 'b-grace');
  await grace.account();
  const path = await grace.removalPath(a);
  await grace.remove(b);
  await grace.expectMethods(a.title);
  await grace.visit(path);
  await grace.expectHeading(`Remove ${a.title}?`);
  await grace.page.getByText(ONLY_WAY_IN).first().waitFor();
  assert.equal(await grace.button(`Remove ${a.title}`).count(), 0);
  await grace.look('remove-last-method');
  if (grace.script) {
    // Whoever posts the form all the same is refused by the server.
    await grace.post(path.split('?')[0], { method: new URL(path, grace.origin).searchParams.get('method') });
    await grace.page.getByText(ONLY_WAY_IN).first().waitFor();
    await grace.expectMethods(a.title);
  }

  await grace.account();
  await grace.follow('Set a password');
  await grace.expectHeading('Set a password');
  await grace.look('set-password');
  await grace.page.getByLabel('Choose a password').fill('grace1234');
  await grace.press('Save password');
  await grace.page.getByRole('alert').waitFor();
  await grace.look('set-password-weak');
  await grace.page.getByLabel('Choose a password').fill(GRACE.password);
  await grace.press('Save password');
  await grace.page.getByText('Your password is set.').waitFor();
  await grace.expectMethods('Password', a.title);
  await grace.account();
  await grace.follow('Change');
  await grace.expectHeading('Change your password');
  await grace.look('change-password');
  await grace.remove(a);
  // The session came through the link that was removed, so it ended with it.
  await grace.expectHeading('You are signed out');
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
