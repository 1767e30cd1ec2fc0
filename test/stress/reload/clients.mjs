// Clients of a fleet that reloads, by protocol and kind. Each counts what was answered and what failed, with the
// reason. They behave as HTTP asks of clients: no request on a connection that has said it closes, or on an HTTP/2
// session that has been told to go away.
import http from 'node:http';
import http2 from 'node:http2';
import https from 'node:https';

const BODY = Buffer.alloc(2000, 'x');

/** @typedef {{ok: number, failed: Map<string, number>}} Tally */
/** @typedef {{tally: Tally, stop(): Promise<void>}} Load */

/** @param {'http' | 'https' | 'http2'} protocol
 * @param {number} clients of each kind
 * @returns {Load[]} */
export function loads(protocol, port, clients) {
  if (protocol === 'http2') return [loop(clients, () => http2Client(port))];
  const module = protocol === 'http' ? http : https;
  const options = { port, host: '127.0.0.1', rejectUnauthorized: false };
  const kept = () => {
    const agent = new module.Agent({ keepAlive: true, maxSockets: 1 });
    return { options: { ...options, agent }, end: () => agent.destroy() };
  };
  const asks = (method, body) => () => {
    const { options: own, end } = kept();
    return { send: () => ask(module, { ...own, method }, body), end };
  };
  return [
    loop(clients, () => ({ send: () => ask(module, { ...options, agent: false }), end() {} })),
    loop(clients, asks('GET')),
    loop(clients, asks('POST', BODY)),
    // Idle most of the time: whose connection may be closed just as they ask.
    loop(clients, asks('GET'), () => Math.random() * 400),
  ];
}

/** So many clients, each with its next request when the last is answered, and a pause. */
function loop(count, client, pause = () => 0) {
  const tally = { ok: 0, failed: new Map() };
  let isStopped = false;
  const one = async () => {
    const { send, end } = client();
    while (!isStopped) {
      const error = await send();
      if (error === undefined) tally.ok++;
      else tally.failed.set(error, (tally.failed.get(error) ?? 0) + 1);
      const wait = pause();
      if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    }
    end();
  };
  const all = Promise.all(Array.from({ length: count }, one));
  return {
    tally,
    async stop() {
      isStopped = true;
      await all;
    },
  };
}

/** Resolves with what went wrong, or with nothing. */
function ask(module, options, body) {
  return new Promise((resolve) => {
    const request = module.request({ ...options, timeout: 10_000 }, (response) => {
      response.on('error', (error) => resolve(`answer: ${error.code ?? error.message}`));
      response.on('end', () => resolve(response.statusCode === 200 ? undefined : `${response.statusCode}`));
      response.resume();
    });
    request.on('timeout', () => request.destroy(new Error('no answer in 10 s')));
    request.on('error', (error) => resolve(`${error.code ?? ''} ${error.message}`.trim()));
    request.end(body);
  });
}

/** One session, and the next when it is told to go away. Every other request is a POST. */
function http2Client(port) {
  let session;
  let count = 0;
  const connect = () => {
    const opened = http2.connect(`https://127.0.0.1:${port}`, { rejectUnauthorized: false });
    const forget = () => {
      if (session === opened) session = undefined;
    };
    opened.on('goaway', forget).on('close', forget).on('error', forget);
    return opened;
  };
  const attempt = (isPost) =>
    new Promise((resolve) => {
      session ??= connect();
      const stream = session.request({ ':path': '/', ':method': isPost ? 'POST' : 'GET' });
      let status;
      stream.on('response', (headers) => {
        status = headers[':status'];
      });
      stream.on('error', (error) => resolve(`${error.code ?? ''} ${error.message}`.trim()));
      stream.on('end', () => resolve(status === 200 ? undefined : `status ${status}`));
      stream.resume();
      stream.end(isPost ? BODY : undefined);
    });
  return {
    async send() {
      const isPost = count++ % 2 === 1;
      const error = await attempt(isPost);
      // "The request can be safely retried", a POST too: RFC 9113, 8.7.
      return error?.includes('NGHTTP2_REFUSED_STREAM') ? attempt(isPost) : error;
    },
    end: () => session?.destroy(),
  };
}
