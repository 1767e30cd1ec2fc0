import { fileURLToPath } from 'node:url';
import { restartInTurn } from './restart.mjs';

const local = (file) => fileURLToPath(new URL(file, import.meta.url));

/** evenkeel's command. */
export const cli = local('../../dist/cli/main.js');

/** evenkeel as a contestant. */
export function ours(strategy, policy) {
  return {
    id: `${strategy}/${policy}`,
    args: (workers) => [cli, local('../app.mjs'), '-w', String(workers), '-s', strategy, '-p', policy],
    restart: restartInTurn,
  };
}
