import net from 'node:net';
import { now } from './clock.mjs';

/** Longer than any worker is ever kept from its work. */
const HUNG_AFTER = 20_000;

/** One request on a connection of its own. Resolves with its record, whatever became of it; times in ms:
 *
 * `start` just before connect(), `port` the client's, `first` the first byte of the answer, `end` when it was
 * over, `fate` 'ok', 'refused', 'reset', 'empty' (closed without an answer), 'hung' or another error's code.
 * An answered connection is reset: neither end keeps the port for a minute. */
export function request(port, path) {
  return new Promise((resolve) => {
    const record = { start: now(), port: 0, first: 0, end: 0, fate: '', pid: 0, path };
    const socket = net.connect({ port, host: '127.0.0.1' });
    const limit = setTimeout(() => settle('hung'), HUNG_AFTER);
    let answer = '';
    // Known from connect() on, which net calls in the tick before: a reset may come before 'connect'.
    process.nextTick(() => {
      record.port = socket.localPort ?? 0;
    });
    socket.on('connect', () => {
      record.port = socket.localPort;
    });
    socket.on('data', (data) => {
      record.first ||= now();
      answer += data;
      const body = /\r\n\r\n(\d+)$/.exec(answer)?.[1]; // the pid comes whole: it is written at once
      if (body === undefined) return;
      record.pid = Number(body);
      settle('ok');
    });
    socket.on('end', () => settle('empty'));
    socket.on('error', ({ code }) => settle(FATES[code] ?? code));
    socket.write(`GET ${path} HTTP/1.1\r\nHost: stress\r\n\r\n`);

    function settle(fate) {
      if (record.fate !== '') return;
      clearTimeout(limit);
      record.fate = fate;
      record.end = now();
      socket.resetAndDestroy();
      resolve(record);
    }
  });
}

const FATES = { ECONNREFUSED: 'refused', ECONNRESET: 'reset', EPIPE: 'reset' };
