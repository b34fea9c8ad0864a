// An application that knows no protocol, and believes the headers it gets: what stands behind nginx, Caddy and Apache.
import { createServer } from 'node:http';

/** `user`, `name` and `email` are the headers it reads, in lower case. */
export async function startBehind({ port, user, name, email }) {
  const heard = [];
  const server = createServer((request, response) => {
    heard.push({ url: request.url, method: request.method, headers: request.headers });
    const said = (header) => escape(request.headers[header] ?? 'nobody');
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
    response.end(`<!doctype html><html lang="en"><title>Behind</title><link rel="icon" href="data:,">
<h1>Hello, ${said(name)}</h1><p id="user">${said(user)}</p><p id="email">${said(email)}</p><p id="url">${escape(request.url)}</p>
<a href="/selfsame/sign-out">Sign out of here</a>`);
  });
  await new Promise((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve));
  return {
    /** Every request that came through. */
    heard,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function escape(text) {
  return String(text).replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
}
