import { fileURLToPath } from 'node:url';
import { restartBySignal } from '../lib/restart.mjs';
import { APP, IN_PM2 } from './files.mjs';
import { onPath } from './on-path.mjs';

const OURS = fileURLToPath(new URL('../../node_modules/.bin', import.meta.url));

/** PM2's cluster mode: its daemon is the primary of node:cluster, and passes connections on in turn. The daemon
 * stays in the foreground, and its files in a folder of this run: no other PM2 of this user notices. */
export const pm2 = {
  id: 'pm2/cluster',
  label: 'PM2, cluster mode',
  probe: () =>
    onPath('pm2-runtime', [OURS]) === undefined
      ? 'pm2 is neither on PATH nor in node_modules; npm install --no-save pm2 puts it there'
      : undefined,
  args: (workers) => [IN_PM2, runtime(), command(), String(workers)],
  restart: restartBySignal,
};

const runtime = () => needed('pm2-runtime');
const command = () => needed('pm2');

function needed(name) {
  const found = onPath(name, [OURS]);
  if (found === undefined) throw new Error(`cannot start PM2: no ${name} on PATH or in node_modules`);
  return found;
}

/** What PM2 is told. By its own advice for restarts without a loss: the app says when it serves, and ends by itself. */
export function ecosystem(workers) {
  const app = {
    name: 'bench',
    script: APP,
    exec_mode: 'cluster',
    instances: workers,
    wait_ready: true,
    listen_timeout: 10_000,
    kill_timeout: 2000, // as cluster-app.mjs
    env: { SAYS_READY: '1', GRACEFUL: 'SIGINT' },
  };
  return { apps: [app] };
}
