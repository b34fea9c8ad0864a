// What a person does, in the words of the pages: roles and names, never ids or classes, so that a test that passes also
// says that the page can be used with a keyboard and a screen reader.
import assert from 'node:assert/strict';

import { checkAccessibility, openContext, openPage, shot } from './browser.mjs';

/** One person at one browser. `pictures` is a prefix for screenshots, or nothing. */
export class Person {
  static async open({ browser, origin, mailbox, pictures, look = 'light', script = true }) {
    const person = new this();
    person.context = await openContext(browser, { look, script });
    const { page, check } = await openPage(person.context, { origin });
    Object.assign(person, { page, check, origin, mailbox, pictures, script });
    return person;
  }

  /** A further tab of the same browser. */
  tab() {
    return this.context.newPage();
  }

  async close() {
    await this.context.close();
  }

  /** The page as it stands: no fault logged, no grave accessibility finding, three pictures of it. */
  async look(name) {
    this.check();
    // The pages are the same on every database: once is enough.
    if (this.pictures) {
      await checkAccessibility(this.page);
      await shot(this.page, `${this.pictures}-${name}`);
    }
    this.check();
  }

  async visit(path) {
    return this.page.goto(`${this.origin}${path}`);
  }

  /** Waits for the page with this heading; what is there instead goes into the failure. */
  async expectHeading(name) {
    return this.#expect(this.page.getByRole('heading', { level: 1, name }), `the page "${name}"`);
  }

  /** Waits for a sentence, wherever on the page it stands. */
  async expectText(text) {
    return this.#expect(this.page.getByText(text).first(), `"${text}"`);
  }

  async #expect(locator, what) {
    try {
      await locator.waitFor();
    } catch {
      const text = await this.page.locator('body').innerText().catch(() => '(no page)');
      assert.fail(`expected ${what}, found ${this.page.url()}:\n${text.slice(0, 800)}`);
    }
  }

  button(name) {
    return this.page.getByRole('button', { name });
  }

  async press(name) {
    await this.button(name).click();
  }

  async follow(name) {
    await this.page.getByRole('link', { name }).click();
  }

  // — signing up, in and out

  async signUp({ name, email, password }) {
    await this.visit('/sign-up');
    await this.expectHeading('Create an account');
    await this.look('sign-up');
    await this.page.getByLabel('Your name').fill(name);
    await this.page.getByLabel('E-mail address').fill(email);
    await this.page.getByLabel('Choose a password').fill(password);
    await this.press('Create account');
    await this.enterCode(email, 'sign-up-code');
  }

  async enterCode(email, picture) {
    await this.expectHeading('Enter the code');
    if (picture) await this.look(picture);
    await this.page.getByLabel('Code from the e-mail').fill(await this.mailbox.waitForCode(email));
    await this.press('Continue');
  }

  async signInWithPassword(who) {
    await this.visit('/sign-in');
    await this.signInHere(who);
  }

  /** On whichever sign-in page the person stands. */
  async signInHere({ email, password }) {
    await this.page.getByLabel('E-mail address').fill(email);
    await this.button('Continue').and(this.page.locator(':not([name=connection])')).click();
    await this.expectHeading('Enter your password');
    await this.look('password');
    await this.page.getByLabel('Password', { exact: true }).fill(password);
    await this.page.getByRole('main').getByRole('button', { name: 'Sign in', exact: true }).click();
  }

  async signInWith(provider, sub) {
    await this.visit('/sign-in');
    await this.expectHeading('Sign in');
    await this.press(new RegExp(`^Continue with ${provider.title}`));
    await this.atProvider(provider, sub);
  }

  /** Chooses an account at the provider, unless the provider remembers one and sends the person straight back. */
  async atProvider(provider, sub) {
    await this.page.waitForLoadState();
    if (!this.page.url().startsWith(provider.issuer)) return;
    await this.page.locator(`button[name=account][value="${sub}"], button[name=sub][value="${sub}"]`).click();
    await this.page.waitForURL((url) => url.origin !== new URL(provider.issuer).origin);
  }

  async signOut() {
    await this.press('Sign out');
    await this.expectHeading('You are signed out');
  }

  // — the account

  async account() {
    await this.visit('/account');
    await this.expectHeading('Your sign-in methods');
  }

  /** One row of "Ways to sign in". */
  method(name) {
    const rows = this.page.getByRole('region', { name: 'Ways to sign in' }).getByRole('listitem');
    return rows.filter({ has: this.page.getByText(name, { exact: true }) });
  }

  async expectMethods(...names) {
    await this.account();
    const rows = this.page.getByRole('region', { name: 'Ways to sign in' }).getByRole('listitem');
    const titles = await rows.locator('.strong bdi').allInnerTexts();
    assert.deepEqual(titles.sort(), [...names].sort());
  }

  async provePassword(password) {
    const field = this.page.getByLabel('Password of this account');
    if (!(await field.isVisible())) await this.page.getByText('Use your password').click();
    await field.fill(password);
    await this.press('Confirm and go on');
  }

  /** From the account page to the provider and back; ends on a page that says what is connected now. */
  async connect(provider, sub) {
    await this.tryToConnect(provider, sub);
    await this.expectText(new RegExp(`${provider.title}( \\(.*\\))? is connected`));
    await this.look(`connected-${provider.name}`);
  }

  /** As `connect`, wherever that leads. What the provider sent back is shown before anything is connected. */
  async tryToConnect(provider, sub) {
    await this.account();
    await this.follow(`Connect ${provider.title}`);
    await this.expectHeading(`Connect ${provider.title}`);
    await this.look(`connect-${provider.name}`);
    const before = provider.requests?.length;
    await this.press(`Go to ${provider.title}`);
    await this.atProvider(provider, sub);
    if (provider.requests) assert.ok(provider.requests.length > before, 'the provider was asked only after the consent');
    await this.expectHeading(`Connect this ${provider.title} account?`);
    await this.look(`confirm-${provider.name}`);
    await this.press(`Connect ${provider.title}`);
  }

  /** Where the removal of this provider is confirmed. */
  async removalPath(provider) {
    const link = this.page.getByRole('link', { name: `Remove ${provider.title}` }).first();
    return link.getAttribute('href');
  }

  /** The row says in words why it cannot go, and its button is disabled. */
  async expectOnlyWayIn(provider) {
    const remove = this.button(`Remove ${provider.title}`);
    assert.ok(await remove.isDisabled());
    await this.method(provider.title).getByText('This is your only way in. Add another first.').waitFor();
  }

  async remove(provider) {
    await this.account();
    await this.follow(`Remove ${provider.title}`);
    await this.expectHeading(`Remove ${provider.title}?`);
    await this.look(`remove-${provider.name}`);
    await this.press(`Remove ${provider.title}`);
  }

  /** Sends a form that no page offers, as a page of ours would: same origin, same cookies. */
  async post(path, fields = {}) {
    const csrf = await this.page.locator('input[name=csrf]').first().inputValue();
    const answered = this.page.waitForResponse((response) => response.request().method() === 'POST');
    await this.page.evaluate(([action, pairs]) => {
      const form = document.createElement('form');
      form.method = 'post';
      form.action = action;
      for (const [name, value] of pairs) {
        const input = document.createElement('input');
        Object.assign(input, { type: 'hidden', name, value });
        form.append(input);
      }
      document.body.append(form);
      form.submit();
    }, [path, Object.entries({ csrf, ...fields })]);
    const response = await answered;
    await this.page.waitForLoadState();
    return response.status();
  }
}
