// Clients that keep their connection, by Node's own agent: it opens another when the server has closed the last, or
// has said that it will. h2load's clients do not come back then, and autocannon counts no request that was cut off.
import http from 'node:http';
import { fateOf, HUNG_AFTER } from './request.mjs';

/** @param {number} count each has one connection, and sends its requests one after another
 * @returns {(port: number, options?: {path?: string, hungAfter?: number}) => Promise<{fate: string, pid?: number}>}
 * sends a request by the client whose turn it is; never rejects */
export function clients(count) {
  const agents = Array.from({ length: count }, () => new http.Agent({ keepAlive: true, maxSockets: 1 }));
  let turn = 0;
  return (port, options) => send(agents[turn++ % count], port, options);
}

function send(agent, port, { path = '/', hungAfter = HUNG_AFTER } = {}) {
  return new Promise((resolve) => {
    const request = http.get({ agent, port, host: '127.0.0.1', path });
    const limit = setTimeout(() => end('hung'), hungAfter);

    function end(fate, pid) {
      clearTimeout(limit);
      if (fate === 'hung') request.destroy();
      resolve({ fate, pid });
    }
    const fail = (error) => end(fateOf(error));
    request.on('error', fail).on('response', (response) => {
      let body = '';
      response.setEncoding('latin1').on('data', (text) => {
        body += text;
      });
      response.on('error', fail);
      response.on('end', () => end(response.statusCode === 200 ? 'ok' : 'other', Number(body)));
    });
  });
}
