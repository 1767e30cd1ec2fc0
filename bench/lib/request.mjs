import net from 'node:net';

/** What can become of a request:
 *  ok       answered
 *  refused  nobody listens
 *  reset    the connection was reset: what served it is gone, or its queue is
 *  timeout  the connection could not be made in the kernel's time
 *  empty    closed without a whole answer
 *  hung     no answer in the time given
 *  other    anything else: look at it before you trust the rest */
export const FATES = ['ok', 'refused', 'reset', 'timeout', 'empty', 'hung', 'other'];

const FATE_OF_ERROR = { ECONNREFUSED: 'refused', ECONNRESET: 'reset', EPIPE: 'reset', ETIMEDOUT: 'timeout' };

export const HUNG_AFTER = 10_000;

/** Of a socket's error, or of a request's by node:http. */
export function fateOf({ code, message }) {
  // node:http has the code of a reset for a connection that was closed, too.
  if (message === 'socket hang up' || message === 'aborted') return 'empty';
  return FATE_OF_ERROR[code] ?? 'other';
}

/** One HTTP request on a connection of its own: a plain socket, since node:http's client would cost more than the
 * servers measured. `pid` is who answered.
 * @param {{path?: string, keep?: boolean, hungAfter?: number}} options keep: leave the connection open
 * @returns {Promise<{fate: string, pid?: number, socket: net.Socket}>} never rejects */
export function request(port, { path = '/', keep = false, hungAfter = HUNG_AFTER } = {}) {
  return new Promise((resolve) => {
    const socket = net.connect({ port, host: '127.0.0.1', noDelay: true });
    const connection = keep ? 'keep-alive' : 'close';
    socket.write(`GET ${path} HTTP/1.1\r\nHost: bench\r\nConnection: ${connection}\r\n\r\n`);
    let received = '';
    const limit = setTimeout(() => end('hung'), hungAfter);

    function end(fate, pid) {
      clearTimeout(limit);
      if (!(keep && fate === 'ok')) socket.destroy();
      resolve({ fate, pid, socket });
    }
    socket.setEncoding('latin1').on('data', (text) => {
      received += text;
      const body = bodyOf(received);
      if (body !== undefined) end(received.startsWith('HTTP/1.1 200 ') ? 'ok' : 'other', Number(body));
    });
    socket.on('end', () => end('empty'));
    socket.on('error', (error) => end(fateOf(error)));
  });
}

/** The body once it is complete. */
function bodyOf(received) {
  const start = received.indexOf('\r\n\r\n');
  if (start < 0) return undefined;
  const length = Number(/^content-length: (\d+)/im.exec(received)?.[1]);
  const body = received.slice(start + 4);
  return body.length >= length ? body : undefined;
}

/** How often each fate: failures by their kind. */
export function tally(fates) {
  const counts = Object.fromEntries(FATES.map((fate) => [fate, 0]));
  for (const fate of fates) counts[fate]++;
  return counts;
}

export function addTallies(tallies) {
  const sum = (fate) => tallies.reduce((total, counts) => total + counts[fate], 0);
  return Object.fromEntries(FATES.map((fate) => [fate, sum(fate)]));
}
