import { expect, test } from 'vitest';
import { STRATEGIES } from '../../dist/strategies/select.js';
import { Fleet, fixture } from '../helpers/fleet.ts';
import { freePort } from '../helpers/free-port.ts';
import { newConnections } from '../helpers/load.ts';

// The channel, the load table and IPC are all a worker can reach. Garbage there may cost that worker its
// connections and the balance; never the primary, and never the others' connections.
test.each(STRATEGIES)(
  'a worker that writes garbage everywhere, %s: the fleet goes on',
  async (strategy) => {
    const port = await freePort();
    const env = { PORT: String(port), CHANNEL: '4' };
    await using fleet = new Fleet([fixture('misbehaves.mjs'), '-w', '3', '-s', strategy], env);
    await fleet.logged(({ msg }) => / of 3 workers ready/.test(msg));
    const load = newConnections(port, 200);
    await fleet.printed(/^misbehaved$/);
    const { ok, ...failures } = await load.stop();
    expect(failures).toEqual({ refused: 0, reset: 0, empty: 0, hung: 0, other: 0 });
    expect(ok).toBeGreaterThan(20);
    expect(fleet.log.some(({ code }) => code === 'EPROTO')).toBe(true);
    expect(fleet.stderr).toBe('');
    expect(await fleet.stop()).toEqual({ code: 0, signal: null });
  },
  60_000,
);
