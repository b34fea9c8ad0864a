// Other people's servers: a program in a directory of its own, in the foreground, ended with the test.
import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { eventually } from './ports.mjs';

/**
 * Starts `command` in a new directory with `files` (`{ name: text }`) in it, and waits until it answers on `port`.
 * `arguments_` and `env` are made from the directory; its `program.log` is shown when it does not start.
 */
export async function startProgram({ name, command, port, files, arguments_, env = () => ({}) }) {
  const directory = await mkdtemp(join(tmpdir(), `selfsame-${name}-`));
  // Workers of a server that was started by root run as somebody else.
  await chmod(directory, 0o755);
  for (const [file, text] of Object.entries(files(directory))) await writeFile(join(directory, file), text);
  const log = join(directory, 'program.log');
  const child = spawn(command, arguments_(directory), {
    cwd: directory, stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env(directory) },
  });
  const sink = createWriteStream(log, { flags: 'a' });
  child.stdout.pipe(sink);
  child.stderr.pipe(sink);
  let ended;
  child.once('exit', (code, signal) => { ended = `${name} ended (${code ?? signal})`; });
  child.once('error', (error) => { ended = `${name} did not start: ${error.message}`; });
  const logTail = async () => (await readFile(log, 'utf8').catch(() => '')).split('\n').slice(-40).join('\n');
  const stop = async () => {
    if (child.pid && child.exitCode === null && child.signalCode === null) {
      const gone = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      const patience = setTimeout(() => child.kill('SIGKILL'), 10_000);
      await gone;
      clearTimeout(patience);
    }
    await rm(directory, { recursive: true, force: true });
  };
  const state = await eventually(`${name} on port ${port}`, async () => ended ?? await answers(port)).catch((error) => error.message);
  if (state !== true) {
    const said = await logTail();
    await stop();
    throw new Error(`${state}\n${said}`);
  }
  return { directory, logTail, stop };
}

/** Some open their port before they know whether they can serve: the first byte of an answer counts, whatever it says. */
function answers(port) {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port }, () => socket.write('GET / HTTP/1.0\r\n\r\n'));
    const done = (answered) => {
      socket.destroy();
      resolve(answered);
    };
    socket.setTimeout(5_000, () => done(false));
    socket.once('data', () => done(true)).once('error', () => done(false)).once('close', () => done(false));
  });
}
