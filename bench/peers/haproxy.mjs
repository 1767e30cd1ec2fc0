import { restartBySignal } from '../lib/restart.mjs';
import { BEHIND_PROXY } from './files.mjs';
import { onPath, SBIN } from './on-path.mjs';

const BALANCE = { 'round-robin': 'roundrobin', 'least-connections': 'leastconn' };

export const haproxy = Object.keys(BALANCE).map((policy) => ({
  id: `haproxy/${policy}`,
  label: `haproxy, ${policy.replace('-', ' ')}`,
  probe: () => (onPath('haproxy', SBIN) === undefined ? 'haproxy is not installed' : undefined),
  args: () => [BEHIND_PROXY, 'haproxy', policy],
  restart: restartBySignal,
}));

export const command = (file) => [onPath('haproxy', SBIN), '-db', '-f', file]; // -db: in the foreground

/** A thread for each CPU, as by default. Connections to the workers are kept and shared, or each client's first
 * request would pay for two. A worker that cannot be reached, or ends without an answer, is not the client's to
 * notice: the request goes to the next one, as nginx does by default.
 * @param {{port: number, policy: string, sockets: string[], pem?: string}} options pem: key and certificate */
export function configuration({ port, policy, sockets, pem }) {
  const servers = sockets.map((socket, i) => `  server worker${i} unix@${socket}`);
  return `${[
    'defaults',
    '  mode http',
    '  timeout connect 5s',
    '  timeout client 600s',
    '  timeout http-keep-alive 600s',
    '  timeout server 60s',
    '  retries 3',
    '  option redispatch 1',
    '  retry-on conn-failure empty-response',
    '  http-reuse always',
    'frontend clients',
    `  bind :${port}${pem === undefined ? '' : ` ssl crt ${pem}`}`,
    '  default_backend workers',
    'backend workers',
    `  balance ${BALANCE[policy]}`,
    ...servers,
  ].join('\n')}\n`;
}
