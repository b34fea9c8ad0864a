// The states beside the main story, each as a person meets it: other proofs, other people, providers that fail, ways back.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';

import { launch } from '../lib/browser.mjs';
import { databases } from '../lib/server.mjs';
import { openWorld } from '../lib/world.mjs';

const PASSWORD = 'violet anchor copper lantern 42';
const person = (name, email) => ({ name, email, password: PASSWORD });
const at = (sub, name, email, email_verified = true) => ({ sub, name, email, email_verified });

const PROVIDERS = {
  a: {
    title: 'Provider A',
    mark: 'a',
    people: [
      at('a-ada', 'Ada Lovelace', 'ada@example.test'),
      at('a-ada-two', 'Ada Lovelace', 'ada@example.test'),
      at('a-emmy', 'Emmy Noether', 'emmy@example.test'),
      at('a-joan', 'Joan Clarke', 'joan@example.test'),
      at('a-mary', 'Mary Somerville', 'mary@example.test'),
    ],
  },
  b: {
    title: 'Provider B',
    mark: 'b',
    people: [
      at('b-ada', 'Ada Lovelace', 'ada@example.test'),
      at('b-rosalind', 'Rosalind Franklin', 'rosalind@example.test'),
      at('b-barbara', 'Barbara Liskov', 'barbara@example.test', false),
    ],
  },
  c: { title: 'Careful Company', mark: 'building', link_on_match: 'off', people: [at('c-emmy', 'Emmy', 'emmy@example.test')] },
};

let browser;
before(async () => { browser = await launch(); });
after(async () => { await browser?.close(); });

const first = databases()[0];
for (const database of databases()) {
  describe(`states on ${database}`, () => {
    let world;
    before(async () => {
      const pictures = database === first ? 'states' : undefined;
      const policy = { email_code: true };
      world = await openWorld({ browser, database, providers: PROVIDERS, policy, pictures });
    });
    after(async () => { await world?.close(); });

    test('a conflict is proven at another provider, freshly', (t) => provenByProvider(t, world));
    test('a conflict is proven by a code from the mailbox, or left', (t) => provenByCode(t, world));
    test('cancelling at a provider changes nothing', (t) => cancelled(t, world));
    test('a provider that does not answer is no dead end', (t) => providerDown(t, world));
    test('codes: wrong, sent again, used up', (t) => codes(t, world));
    test('confirming that it is the person', (t) => stepUp(t, world));
    test('another person in the same browser: switch or stay', (t) => switching(t, world));
    test('what a provider sends back is confirmed before it is connected', (t) => silent(t, world));
    test('what belongs to somebody else is refused', (t) => somebodyElse(t, world));
    test('an identity that was removed and is nobody\'s may start anew', (t) => returning(t, world));
    test('addresses that are taken say so, after the mailbox was shown', (t) => taken(t, world));
    test('sessions are listed and ended', (t) => sessions(t, world));
    test('pages that are not there', (t) => notThere(t, world));
  });
}

async function open(t, { person: opened }) {
  const somebody = await opened();
  t.after(() => somebody.close());
  return somebody;
}

// T91: the provider must say that the person authenticated for this very proof.
async function provenByProvider(t, world) {
  const { a, b } = world;
  const ada = await open(t, world);
  await ada.signInWith(a, 'a-ada');
  await ada.expectMethods('Code by e-mail', a.title);
  await ada.signOut();
  await ada.signInWith(b, 'b-ada');
  await ada.expectHeading('You already have an account');
  await ada.look('conflict-by-provider');
  const before = a.requests.length;
  await ada.press(`Continue with ${a.title}`);
  await ada.page.locator('button[name=cancel]').click();
  await ada.expectHeading('You already have an account');
  await ada.page.getByText('The sign-in at the provider was cancelled.').first().waitFor();
  await ada.look('conflict-proof-cancelled');

  // Somebody else's account there proves nothing.
  await ada.press(`Continue with ${a.title}`);
  await ada.atProvider(a, 'a-joan');
  await ada.page.getByText('You confirmed a different account').first().waitFor();
  await ada.look('conflict-other-proof');

  await ada.press(`Continue with ${a.title}`);
  const asked = a.requests.slice(before).filter(({ path }) => path === '/auth');
  assert.equal(asked.length, 3);
  assert.ok(asked.every(({ query }) => query.max_age === '0'), 'a fresh authentication is asked for');
  await ada.atProvider(a, 'a-ada');
  await ada.page.getByText(/Provider B( \(.*\))? is connected/).first().waitFor();
  await ada.expectMethods('Code by e-mail', a.title, b.title);
  await ada.look('account-by-provider');
}

async function provenByCode(t, world) {
  const { b, mailbox } = world;
  const rosalind = person('Rosalind Franklin', 'rosalind@example.test');
  const somebody = await open(t, world);
  await somebody.signUp(rosalind);
  await somebody.signOut();
  await somebody.signInWith(b, 'b-rosalind');
  await somebody.expectHeading('You already have an account');
  await somebody.look('conflict-all-proofs');
  await somebody.page.getByText('Use your password').or(somebody.button('Confirm and go on')).first().waitFor();
  await somebody.press('E-mail me a code');
  await somebody.expectHeading('Enter the code');
  await somebody.look('conflict-code');
  await somebody.page.getByLabel('Code from the e-mail').fill(await mailbox.waitForCode(rosalind.email));
  await somebody.press('Continue');
  await somebody.page.getByText(/Provider B( \(.*\))? is connected/).first().waitFor();
  await somebody.expectMethods('Password', 'Code by e-mail', b.title);
}

async function cancelled(t, world) {
  const { a } = world;
  const joan = await open(t, world);
  await joan.visit('/sign-in');
  await joan.press(`Continue with ${a.title}`);
  await joan.page.locator('button[name=cancel]').click();
  await joan.expectHeading('Sign in');
  await joan.page.getByText('The sign-in at the provider was cancelled.').first().waitFor();
  await joan.look('sign-in-cancelled');

  await joan.signUp(person('Joan Clarke', 'joan@example.test'));
  await joan.account();
  await joan.follow(`Connect ${a.title}`);
  await joan.press(`Go to ${a.title}`);
  await joan.page.locator('button[name=cancel]').click();
  await joan.page.waitForURL((url) => url.origin === world.origin);
  await joan.look('connect-cancelled');
  await joan.expectMethods('Password', 'Code by e-mail');
}

async function providerDown(t, world) {
  const { a } = world;
  const joan = await open(t, world);
  a.broken.add('/token');
  t.after(() => a.broken.clear());
  await joan.signInWith(a, 'a-joan');
  await joan.expectHeading('Sign in');
  await joan.page.getByText('We can’t reach the provider at the moment.').first().waitFor();
  await joan.look('provider-down');
  a.broken.clear();
  await joan.signInWith(a, 'a-joan');
  await joan.expectHeading('You already have an account');
}

async function codes(t, world) {
  const { b, mailbox } = world;
  const barbara = await open(t, world);
  await barbara.signInWith(b, 'b-barbara');
  await barbara.expectHeading('Enter the code');
  await barbara.look('code-external');
  const old = await mailbox.waitForCode('barbara@example.test');
  await barbara.press('Send a new code');
  const code = await mailbox.waitForCode('barbara@example.test');
  await barbara.look('code-again');
  const wrong = ['000000', '000001'].find((candidate) => candidate !== code);
  for (const tried of [old === code ? wrong : old, wrong]) {
    await barbara.page.getByLabel('Code from the e-mail').fill(tried);
    await barbara.press('Continue');
    await barbara.page.getByRole('alert').waitFor();
  }
  await barbara.look('code-wrong');
  await barbara.page.getByLabel('Code from the e-mail').fill(`${code.slice(0, 3)} ${code.slice(3)}`);
  await barbara.press('Continue');
  await barbara.expectMethods('Code by e-mail', b.title);
}

async function stepUp(t, world) {
  const { a, mailbox } = world;
  const mary = person('Mary Somerville', 'mary@example.test');
  const somebody = await open(t, world);
  await somebody.signUp(mary);
  await somebody.connect(a, 'a-mary');
  await somebody.account();
  const removal = await somebody.removalPath(a);
  const asked = (to) => somebody.visit(`/account/step-up?to=${encodeURIComponent(to)}`);

  await asked(`${removal}&name=a`);
  await somebody.expectHeading('Confirm that it’s you');
  await somebody.page.getByText(`You are about to remove ${a.title}`).waitFor();
  await somebody.look('step-up');
  await somebody.provePassword('not the password at all');
  await somebody.page.getByRole('alert').waitFor();
  await somebody.look('step-up-wrong-password');
  await somebody.provePassword(mary.password);
  await somebody.expectHeading(`Remove ${a.title}?`);

  await asked('/account/password');
  await somebody.press(`Continue with ${a.title}`);
  await somebody.atProvider(a, 'a-mary');
  await somebody.expectHeading('Change your password');

  await asked('/account/activity');
  await somebody.press('E-mail me a code');
  await somebody.page.getByLabel('Code from the e-mail').fill(await mailbox.waitForCode(mary.email));
  await somebody.press('Continue');
  await somebody.expectHeading('Recent activity');
}

async function switching(t, world) {
  const { a } = world;
  const [ada, emmy] = [person('Hedy Lamarr', 'hedy@example.test'), 'a-emmy'];
  const somebody = await open(t, world);
  await somebody.signUp(ada);
  await somebody.visit('/sign-in');
  await somebody.page.getByText('You are signed in as Hedy Lamarr').waitFor();
  await somebody.look('sign-in-while-signed-in');
  await somebody.signInWith(a, emmy);
  await somebody.expectHeading('Which account do you want to use?');
  await somebody.look('switch');
  await somebody.press('Stay with this account');
  await somebody.expectMethods('Password', 'Code by e-mail');
  await somebody.signInWith(a, emmy);
  await somebody.press('Switch to this account');
  await somebody.expectMethods('Code by e-mail', a.title);
}

async function silent(t, world) {
  const { b } = world;
  const somebody = await open(t, world);
  await somebody.signUp(person('Lise Meitner', 'lise@example.test'));
  b.setLoginAge(3600);
  t.after(() => b.setLoginAge(0));
  b.setPerson(at('b-lise', 'Lise (work)', 'lise@work.example'));
  await somebody.account();
  await somebody.follow(`Connect ${b.title}`);
  await somebody.press(`Go to ${b.title}`);
  await somebody.atProvider(b, 'b-lise');
  await somebody.expectHeading(`Connect this ${b.title} account?`);
  await somebody.look('confirm-link');
  await somebody.press('Don’t connect');
  await somebody.expectMethods('Password', 'Code by e-mail');
}

async function somebodyElse(t, world) {
  const { a, b } = world;
  const somebody = await open(t, world);
  await somebody.signUp(person('Sofia Kovalevskaya', 'sofia@example.test'));
  b.setPerson(at('b-sofia', 'Sofia', 'sofia@elsewhere.example'));
  await somebody.connect(b, 'b-sofia');
  for (const [provider, sub, sentence] of [
    [a, 'a-ada', 'already opens another account here'],
    [b, 'b-sofia', 'connected to your account already'],
  ]) {
    await somebody.tryToConnect(provider, sub);
    await somebody.expectText(sentence);
    await somebody.look(`connect-refused-${provider.name}`);
  }
  await somebody.expectMethods('Password', 'Code by e-mail', b.title);
  await somebody.signOut();

  // Another account of one provider with an address that is known here is another person until proven otherwise.
  const other = await open(t, world);
  await other.signInWith(a, 'a-ada-two');
  await other.expectHeading('Another account is already connected');
  await other.look('other-account');
}

async function returning(t, world) {
  const { b } = world;
  const somebody = await open(t, world);
  await somebody.signUp(person('Maria Mitchell', 'maria@example.test'));
  b.setPerson(at('b-maria', 'Maria', 'maria@elsewhere.example'));
  await somebody.connect(b, 'b-maria');
  await somebody.remove(b);
  await somebody.expectMethods('Password', 'Code by e-mail');
  await somebody.account();
  await somebody.signOut();
  await somebody.signInWith(b, 'b-maria');
  await somebody.expectHeading('This sign-in was removed earlier');
  await somebody.look('returning');
  await somebody.press('Continue with a separate account');
  await somebody.expectMethods('Code by e-mail', b.title);
}

async function taken(t, world) {
  const { c, mailbox } = world;
  const emmy = person('Emmy Noether', 'emmy@example.test');
  const somebody = await open(t, world);
  await somebody.signInWith(c, 'c-emmy');
  await somebody.expectHeading('This address belongs to an account');
  await somebody.look('address-taken');

  await somebody.visit('/sign-up');
  await somebody.page.getByLabel('Your name').fill(emmy.name);
  await somebody.page.getByLabel('E-mail address').fill('emmy@');
  await somebody.page.getByLabel('Choose a password').fill('emmy');
  await somebody.page.locator('form[action="/sign-up"]').evaluate((form) => { form.noValidate = true; });
  await somebody.press('Create account');
  await somebody.page.getByRole('alert').waitFor();
  await somebody.look('sign-up-invalid');
  await somebody.page.getByLabel('E-mail address').fill(emmy.email);
  await somebody.page.getByLabel('Choose a password').fill('password1');
  await somebody.press('Create account');
  await somebody.page.getByRole('alert').waitFor();
  await somebody.look('sign-up-weak');
  await somebody.page.getByLabel('Choose a password').fill(PASSWORD);
  await somebody.press('Create account');
  await somebody.expectHeading('Enter the code');
  await somebody.page.getByLabel('Code from the e-mail').fill(await mailbox.waitForCode(emmy.email));
  await somebody.press('Continue');
  await somebody.expectHeading('This address belongs to an account');
  await somebody.look('address-taken-sign-up');
  await somebody.press('Sign in to that account');
  await somebody.expectMethods('Code by e-mail', 'Provider A');
}

async function sessions(t, world) {
  const ida = person('Ida Rhodes', 'ida@example.test');
  const [here, there] = [await open(t, world), await open(t, world)];
  await here.signUp(ida);
  await there.signInWithPassword(ida);
  await there.account();
  await there.button(/^End the session on/).click();
  await there.page.getByText('The session has ended.').waitFor();
  await there.look('session-ended');
  await here.visit('/account');
  await here.expectHeading('Sign in');
}

async function notThere(t, world) {
  const somebody = await open(t, world);
  await somebody.visit('/nowhere');
  await somebody.expectHeading('There is nothing here');
  await somebody.look('not-found');
  await somebody.visit(`/flow/${randomUUID()}`);
  await somebody.page.getByRole('heading', { level: 1 }).waitFor();
  await somebody.look('flow-gone');
  await somebody.visit('/callback/a?code=x&state=y');
  await somebody.page.getByRole('heading', { level: 1 }).waitFor();
  await somebody.look('callback-forged');
  // From a page of somebody else.
  await somebody.page.goto(`data:text/html,<form method=post action="${world.origin}/sign-out"><button>go</button></form>`);
  await somebody.press('go');
  await somebody.expectText('The request didn’t come from one of our pages.');
}
