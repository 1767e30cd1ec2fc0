import { restartBySignal } from '../lib/restart.mjs';
import { BEHIND_PROXY } from './files.mjs';
import { onPath, SBIN } from './on-path.mjs';

const BALANCE = { 'round-robin': [], 'least-connections': ['least_conn;'] };

export const nginx = Object.keys(BALANCE).map((policy) => ({
  id: `nginx/${policy}`,
  label: `nginx, ${policy.replace('-', ' ')}`,
  probe: () => (onPath('nginx', SBIN) === undefined ? 'nginx is not installed' : undefined),
  args: () => [BEHIND_PROXY, 'nginx', policy],
  restart: restartBySignal,
}));

export const command = (file, folder) => [onPath('nginx', SBIN), '-p', folder, '-c', file, '-e', 'stderr'];

/** A process for each CPU, which see each other's counts (`zone`) and keep connections to the workers. A request
 * whose worker cannot be reached, or ends without an answer, goes to the next one: nginx's default. Without
 * `max_fails=0` a worker that failed once is left out for a time: in a quick restart of all, all of them, and clients
 * get 502.
 * @param {{port: number, policy: string, sockets: string[], folder: string, pem?: string, user?: string, cpus: number}}
 * options pem: key and certificate; user: who the processes are where root starts them, or nobody could open the sockets */
export function configuration({ port, policy, sockets, folder, pem, user, cpus }) {
  const scratch = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  const tls = pem === undefined ? [] : [`    ssl_certificate ${pem};`, `    ssl_certificate_key ${pem};`];
  const ssl = pem === undefined ? '' : ' ssl';
  return `${[
    ...(user === undefined ? [] : [`user ${user};`]),
    'daemon off;',
    `worker_processes ${cpus};`, // `auto` counts those it may not use, too
    `pid ${folder}/nginx.pid;`,
    'error_log stderr crit;',
    'events { worker_connections 8192; }',
    'http {',
    '  access_log off;',
    ...scratch.map((name) => `  ${name}_temp_path ${folder}/${name};`),
    '  keepalive_timeout 600s;',
    '  keepalive_requests 1000000000;',
    '  upstream workers {',
    '    zone workers 256k;',
    ...BALANCE[policy].map((line) => `    ${line}`),
    ...sockets.map((socket) => `    server unix:${socket} max_fails=0;`),
    '    keepalive 64;',
    '    keepalive_requests 1000000000;',
    '  }',
    '  server {',
    `    listen ${port}${ssl};`,
    ...tls,
    '    location / {',
    '      proxy_pass http://workers;',
    '      proxy_http_version 1.1;',
    '      proxy_set_header Connection "";',
    '    }',
    '  }',
    '}',
  ].join('\n')}\n`;
}
