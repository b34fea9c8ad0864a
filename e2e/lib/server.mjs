// The product as it ships: the binary named by SELFSAME_BIN in a directory of its own, on SQLite or on a fresh database
// of the PostgreSQL cluster named by SELFSAME_TEST_POSTGRES.
import { execFile, spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { eventually } from './ports.mjs';

const run = promisify(execFile);

/** The databases to test on: both, or the one that E2E_DATABASE names. A missing cluster is a failure, not a skip. */
export function databases() {
  const only = process.env.E2E_DATABASE;
  if (!only) return ['sqlite', 'postgres'];
  if (only !== 'sqlite' && only !== 'postgres') throw new Error(`E2E_DATABASE is \`${only}\`: use sqlite or postgres`);
  return [only];
}

/** Where a provider sends people back to. */
export function redirectUri(origin, connection) {
  return `${origin}/callback/${connection}`;
}

/**
 * `port` is reserved by the caller because providers must know it; `connections` is
 * `[{ id, name, issuer, client_id, client_secret, ... }]`, further keys are written as they are.
 */
export async function startServer({ port, database, mailbox, connections, clients = [], policy = {}, extra = '' }) {
  const binary = required('SELFSAME_BIN', 'build it with `cargo build -p selfsame --features demo`');
  const directory = await mkdtemp(join(tmpdir(), 'selfsame-e2e-'));
  const origin = originAt(port);
  const store = database === 'postgres' ? await freshPostgres() : freshSqlite(directory);
  await writeFile(join(directory, 'root.key'), randomBytes(32).toString('base64'), { mode: 0o600 });
  for (const { id, client_secret } of connections) {
    await writeFile(join(directory, `${id}.secret`), client_secret, { mode: 0o600 });
  }
  for (const { id, secret } of clients) {
    if (secret) await writeFile(join(directory, `client-${id}.secret`), secret, { mode: 0o600 });
  }
  const config = join(directory, 'selfsame.toml');
  await writeFile(config, configuration({ directory, origin, port, store, mailbox, connections, clients, policy, extra }));

  const log = join(directory, 'server.log');
  const server = { origin, directory, config, binary, databaseUrl: store.url, log, child: undefined };
  server.start = async () => {
    const sink = createWriteStream(log, { flags: 'a' });
    const child = spawn(binary, ['serve', '--config', config, '--insecure-loopback'], {
      cwd: directory, stdio: ['ignore', 'pipe', 'pipe'],
    });
    child.stdout.pipe(sink);
    child.stderr.pipe(sink);
    server.child = child;
    try {
      await ready(child, port);
    } catch (error) {
      await end(child, 'SIGKILL');
      throw new Error(`${error.message}\n${await tail(log)}`, { cause: error });
    }
  };
  /** Ends the process: SIGTERM as an operator would, or any other signal. */
  server.halt = (signal = 'SIGTERM') => end(server.child, signal);
  server.command = (...args) => run(binary, [...args, '--config', config], { cwd: directory });
  server.logTail = () => tail(log);
  /** Ends it, and the doctor looks at what it leaves: whatever people did, everything stored must agree. */
  server.stop = async () => {
    await end(server.child, 'SIGTERM');
    try {
      if (server.child) await server.command('doctor', 'verify');
    } catch (error) {
      throw new Error(`the data does not agree at the end:\n${error.stdout}${error.stderr}`, { cause: error });
    } finally {
      await store.drop();
      await rm(directory, { recursive: true, force: true });
    }
  };
  try {
    await server.command('migrate', 'up');
    await server.start();
  } catch (error) {
    // It never ran: there is nothing to look at.
    server.child = undefined;
    await server.stop();
    throw error;
  }
  return server;
}

/** The origin people see. A host of its own, so that cookies and SameSite mean what they mean outside. */
export function originAt(port) {
  return `http://selfsame.localhost:${port}`;
}

function configuration({ directory, origin, port, store, mailbox, connections, clients, policy, extra }) {
  const lines = [
    '[server]', pair('public_origin', origin), pair('listen', `127.0.0.1:${port}`), '',
    '[database]', pair('url', store.url), '',
    '[[secrets.keys]]', pair('id', 'e2e'), pair('file', join(directory, 'root.key')), '',
    '[mail]', pair('url', mailbox.url), pair('from', 'Selfsame <no-reply@selfsame.test>'), '',
    '[policy]', ...Object.entries(policy).map(([key, value]) => pair(key, value)), '',
  ];
  for (const { client_secret: _inFile, ...connection } of connections) {
    const settings = { algorithm: 'RS256', link_on_match: 'prove', fetch_userinfo: true, ...connection };
    lines.push('[[connections]]', ...Object.entries(settings).map(([key, value]) => pair(key, value)));
    lines.push(`client_secret = { file = ${text(join(directory, `${connection.id}.secret`))} }`, '');
  }
  for (const { secret, ...client } of clients) {
    lines.push('[[clients]]', ...Object.entries(client).map(([key, value]) => pair(key, value)));
    if (secret) lines.push(`secret = { file = ${text(join(directory, `client-${client.id}.secret`))} }`);
    lines.push('');
  }
  return `${lines.join('\n')}\n${extra}`;
}

function pair(key, value) {
  return `${key} = ${Array.isArray(value) ? `[${value.map(text).join(', ')}]` : text(value)}`;
}

/** A TOML value; JSON's strings, numbers and booleans are written alike. */
function text(value) {
  return JSON.stringify(value);
}

function freshSqlite(directory) {
  return { url: `sqlite:${join(directory, 'selfsame.sqlite')}`, drop: async () => {} };
}

async function freshPostgres() {
  const cluster = new URL(required('SELFSAME_TEST_POSTGRES', '`cargo xtask test` starts a cluster and sets it'));
  const name = `e2e_${randomBytes(6).toString('hex')}`;
  await run('createdb', [`--maintenance-db=${cluster}`, name]);
  const url = new URL(cluster);
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => run('dropdb', ['--force', `--maintenance-db=${cluster}`, name]) };
}

function required(variable, hint) {
  const value = process.env[variable];
  if (!value) throw new Error(`${variable} is not set: ${hint}`);
  return value;
}

async function ready(child, port) {
  let ended;
  child.once('exit', (code, signal) => { ended = `the server ended (${code ?? signal})`; });
  child.once('error', (error) => { ended = `the server did not start: ${error.message}`; });
  const status = await eventually('GET /health/ready', async () => {
    if (ended) return ended;
    return (await statusOf(port, '/health/ready')) === 200;
  });
  if (status !== true) throw new Error(status);
}

/** By address and with the Host header of the origin: not every resolver knows `*.localhost`, browsers do. */
export function statusOf(port, path) {
  return new Promise((resolve, reject) => {
    const { host } = new URL(originAt(port));
    request({ host: '127.0.0.1', port, path, headers: { host }, timeout: 2000 }, (response) => {
      response.resume();
      resolve(response.statusCode);
    }).once('error', reject).end();
  });
}

async function end(child, signal) {
  if (!child || child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill(signal);
  const patience = setTimeout(() => child.kill('SIGKILL'), 10_000);
  await gone;
  clearTimeout(patience);
}

async function tail(log) {
  const lines = (await readFile(log, 'utf8').catch(() => '')).trimEnd().split('\n');
  return lines.slice(-40).join('\n');
}
