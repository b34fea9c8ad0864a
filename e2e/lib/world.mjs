// A server, providers that know people of the same addresses, and a mailbox; what was opened is closed, come what may.
import { randomBytes } from 'node:crypto';

import { Person } from './journeys.mjs';
import { Mailbox } from './mailbox.mjs';
import { freePort } from './ports.mjs';
import { startProvider } from './provider.mjs';
import { originAt, redirectUri, startServer } from './server.mjs';

/**
 * `providers` is `{ NAME: { title, people, ...connection } }`; what is neither title nor people goes into the
 * connection's configuration. The providers are members of the world under their names. `extra` are further sections of
 * the configuration.
 */
export async function openWorld({ browser, database, providers, policy = {}, clients = [], extra, script = true, pictures }) {
  const opened = [];
  const close = async () => {
    // What one part has to say at its end keeps no other part running.
    const ended = [];
    for (const part of opened.splice(0).reverse()) ended.push(...(await Promise.allSettled([part.stop()])));
    const failed = ended.find(({ status }) => status === 'rejected');
    if (failed) throw failed.reason;
  };
  const keep = (part) => {
    opened.push(part);
    return part;
  };
  try {
    const mailbox = keep(await Mailbox.start());
    const port = await freePort();
    const origin = originAt(port);
    const running = {};
    const connections = [];
    for (const [name, { title, people, ...settings }] of Object.entries(providers)) {
      const client = { client_id: 'selfsame', client_secret: randomBytes(24).toString('hex') };
      const clients = [{ ...client, redirect_uris: [redirectUri(origin, name)] }];
      running[name] = { ...keep(await startProvider({ name, people, clients })), title };
      const { issuer } = running[name];
      connections.push({ id: name, name: title, issuer, ...client, email_evidence: 'vouched', ...settings });
    }
    const server = keep(await startServer({ port, database, mailbox, connections, clients, policy, extra }));
    // Accessibility is looked at by a script in the page.
    const person = (look, withScript = script) => Person.open({ browser, origin, mailbox, pictures: withScript ? pictures : undefined, script: withScript, look });
    return { ...running, mailbox, server, origin, person, close };
  } catch (error) {
    await close();
    throw error;
  }
}
