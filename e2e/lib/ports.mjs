// Loopback ports, reserved by the kernel. A server and its providers name each other in their configuration, so both
// need their port before either runs.
import { createServer } from 'node:net';

export async function freePort(host = '127.0.0.1') {
  const probe = createServer();
  await new Promise((resolve, reject) => probe.once('error', reject).listen(0, host, resolve));
  const { port } = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

/** Calls `attempt` until it gives something, and says what was missed when it never does. */
export async function eventually(what, attempt, { timeout = 15_000, pause = 25 } = {}) {
  const end = Date.now() + timeout;
  let last;
  while (Date.now() < end) {
    try {
      const found = await attempt();
      if (found) return found;
      last = undefined;
    } catch (error) {
      last = error;
    }
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
  throw new Error(`${what}: not within ${timeout} ms${last ? ` (${last.message})` : ''}`, { cause: last });
}
