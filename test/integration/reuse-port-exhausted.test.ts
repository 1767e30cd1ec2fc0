import { expect, test } from 'vitest';
import { MECHANISMS } from '../helpers/privileges.ts';
import { eventually, get, nextWorker } from '../helpers/requests.ts';
import { sharing } from '../helpers/reuse-port.ts';

// A worker without descriptors would close what it accepts (libuv's uv__emfile_trick()).
test.each(MECHANISMS)(
  'least connections, $mechanism: a worker has no descriptors left: the other serves, and it comes back',
  async (privilege) => {
    await using fleet = sharing('no-descriptors.mjs', 2, 'least-connections', privilege);
    const port = await fleet.ready();
    const { pid } = JSON.parse(await get(port, '/exhaust'));
    await fleet.printed(/^exhausted/);
    await eventually(() => fleet.stderr.includes('EMFILE'));
    for (let i = 0; i < 60; i++) expect((await nextWorker(port)).pid).not.toBe(pid);
    process.kill(pid, 'SIGUSR2');
    await fleet.printed(/^free/);
    await eventually(async () => (await nextWorker(port)).pid === pid);
  },
);
