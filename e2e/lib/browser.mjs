// The real browser. A page that logs an error, throws, or breaks its own content security policy fails the test that
// opened it: such faults are invisible in the HTML and plain to a person.
import { mkdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';

import { chromium } from 'playwright-core';

const SCREENSHOTS = new URL('../screenshots/', import.meta.url);
const FLAGS = [
  '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync',
];
const DESKTOP = { width: 1280, height: 900 };
const PHONE = { width: 390, height: 844 };
const LOOKS = {
  light: { colorScheme: 'light', viewport: DESKTOP },
  dark: { colorScheme: 'dark', viewport: DESKTOP },
  phone: { colorScheme: 'light', viewport: PHONE },
};

/** `more`: further flags. */
export function launch(...more) {
  return chromium.launch({ executablePath: '/usr/bin/chromium', args: [...FLAGS, ...more] });
}

/**
 * A fresh person at a fresh browser. `look` is `light`, `dark` or `phone`; `script: false` turns JavaScript off. There
 * is no motion, so that no colour is measured or pictured half way.
 */
export async function openContext(browser, { look = 'light', script = true, locale = 'en-GB' } = {}) {
  const { colorScheme, viewport } = LOOKS[look];
  const context = await browser.newContext({
    colorScheme, viewport, locale, reducedMotion: 'reduce', javaScriptEnabled: script, isMobile: look === 'phone', hasTouch: look === 'phone',
  });
  context.setDefaultTimeout(10_000);
  return context;
}

/** A page and what goes wrong on it; `check()` throws when anything did. `origin` limits the watch to our own pages. */
export async function openPage(context, { origin } = {}) {
  const page = await context.newPage();
  const faults = [];
  const answered = new Map();
  const ours = (url) => !origin || url === '' || url.startsWith(origin);
  page.on('response', (response) => {
    if (response.request().isNavigationRequest()) answered.set(response.url(), response.status());
  });
  page.on('pageerror', (error) => {
    if (ours(page.url())) faults.push(`script error on ${page.url()}: ${error.message}`);
  });
  page.on('console', (message) => {
    const { url } = message.location();
    if (message.type() !== 'error' || !ours(url || page.url())) return;
    // The browser logs every page answered with 4xx; a form that comes back with its error is such a page.
    if (message.text().startsWith('Failed to load resource') && (answered.get(url) ?? 0) >= 400) return;
    faults.push(`console error on ${page.url()}: ${message.text()} (${url})`);
  });
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) => {
      console.error(`content security policy: ${event.violatedDirective} blocked ${event.blockedURI || 'inline'}`);
    });
  });
  const check = () => {
    if (faults.length > 0) throw new Error(`the browser complained:\n  ${faults.splice(0).join('\n  ')}`);
  };
  return { page, faults, check };
}

/** Leaves NAME-light.png, NAME-dark.png and NAME-phone.png in e2e/screenshots/, and the page as it was. */
export async function shot(page, name) {
  await mkdir(SCREENSHOTS, { recursive: true });
  const before = page.viewportSize();
  for (const [look, { colorScheme, viewport }] of Object.entries(LOOKS)) {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize(viewport);
    await page.screenshot({ path: new URL(`${name}-${look}.png`, SCREENSHOTS).pathname, fullPage: true });
  }
  await page.emulateMedia({ colorScheme: null });
  if (before) await page.setViewportSize(before);
}

const axePath = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
let axeSource;

/** WCAG 2.2 AA as far as a machine can see; fails on serious and critical findings. */
export async function checkAccessibility(page) {
  axeSource ??= await readFile(axePath, 'utf8');
  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme });
    await page.evaluate(axeSource);
    const { violations } = await page.evaluate(() => globalThis.axe.run(document, {
      runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
    }));
    const grave = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
    if (grave.length > 0) {
      const lines = grave.flatMap(({ id, help, nodes }) =>
        nodes.map((node) => `${id}: ${help}: ${node.html} ${node.failureSummary ?? ''}`));
      throw new Error(`accessibility of ${page.url()} (${colorScheme}):\n  ${lines.join('\n  ')}`);
    }
  }
  await page.emulateMedia({ colorScheme: null });
}
