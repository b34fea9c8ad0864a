// A real SMTP receiver: what the server sends is read here as a person would, so codes come from mails and nowhere else.
import PostalMime from 'postal-mime';
import { SMTPServer } from 'smtp-server';

import { eventually } from './ports.mjs';

const CODE = /\b\d{6}\b/;

export class Mailbox {
  #server;
  #mails = [];
  #read = new Set();

  static async start() {
    const mailbox = new Mailbox();
    mailbox.#server = new SMTPServer({
      authOptional: true,
      disabledCommands: ['AUTH', 'STARTTLS'],
      disableReverseLookup: true,
      onData: (stream, session, done) => mailbox.#receive(stream, session).then(() => done(), done),
    });
    await new Promise((resolve, reject) => {
      mailbox.#server.once('error', reject);
      mailbox.#server.listen(0, '127.0.0.1', resolve);
    });
    mailbox.#server.on('error', () => {}); // a client that goes away mid-dialogue is the client's business
    return mailbox;
  }

  async #receive(stream, session) {
    const chunks = [];
    for await (const chunk of stream) chunks.push(chunk);
    const raw = Buffer.concat(chunks);
    const mail = await PostalMime.parse(raw);
    this.#mails.push({
      to: session.envelope.rcptTo.map(({ address }) => address.toLowerCase()),
      from: session.envelope.mailFrom?.address,
      messageId: mail.messageId,
      subject: mail.subject ?? '',
      text: mail.text ?? '',
      html: mail.html ?? '',
      raw: raw.toString('utf8'),
    });
  }

  get url() {
    return `smtp://127.0.0.1:${this.#server.server.address().port}`;
  }

  /** Every mail received so far, oldest first. */
  get mails() {
    return [...this.#mails];
  }

  /** The oldest mail to `to` that was not read yet (and that `matches`); reading it takes it off the pile. */
  async waitForMail(to, { matches = () => true, timeout = 15_000 } = {}) {
    return eventually(`mail to ${to}`, () => {
      const mail = this.#mails.find((m) => !this.#read.has(m) && m.to.includes(to.toLowerCase()) && matches(m));
      if (mail) this.#read.add(mail);
      return mail;
    }, { timeout });
  }

  /** The code in the next unread code mail to `to`. */
  async waitForCode(to, options = {}) {
    const mail = await this.waitForMail(to, { ...options, matches: (m) => CODE.test(m.text) });
    return codeIn(mail);
  }

  async stop() {
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** The six digits of a code mail. */
export function codeIn(mail) {
  const found = CODE.exec(mail.text);
  if (!found) throw new Error(`no six-digit code in the mail "${mail.subject}"`);
  return found[0];
}
