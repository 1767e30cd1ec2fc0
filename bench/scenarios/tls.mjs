// TLS handshakes, each on a new connection with one request: full ones, then such as ask for the last connection's
// session. A session is resumed only where the worker that gets the connection knows the key of the ticket: how many
// were is counted. A proxy ends TLS itself.
import { main } from '../lib/command.mjs';
import { MAIN, NODE_REUSE_PORT, ONE_PROCESS, ROUND_ROBIN } from '../lib/contestants.mjs';
import { cpuTime } from '../lib/processes.mjs';
import { interleaved } from '../lib/rounds.mjs';
import { sTime } from '../lib/s-time.mjs';
import { over, summarize } from '../lib/summary.mjs';
import { tlsKeys } from '../lib/tls.mjs';

const cost = (key, label) => ({ key, label, unit: 'µs', digits: 0, better: 'lower' });
const rate = (key, label) => ({ key, label, unit: '/s', digits: 0, better: 'higher' });
const FULL = cost('fullCost', 'CPU for each full handshake');
const RESUMED = cost('resumedCost', 'CPU where resumption is asked for');

export const tls = {
  name: 'tls',
  title: 'TLS 1.3 handshakes: CPU time of all processes for each, and how many a second',
  contestants: [ONE_PROCESS.id, ...MAIN, NODE_REUSE_PORT, 'haproxy'],
  options: { rounds: 3, seconds: 1, clients: 16 },
  scale: { clients: 'workers' },
  quick: null,
  takes: ({ seconds }) => 2.5 * (seconds + 0.5),

  run(contestants, options) {
    const withTls = contestants.map((one) => ({ ...one, isTls: true, env: { ...one.env, ...tlsKeys() } }));
    return interleaved(withTls, options, async (server, round) => {
      if (round === 0) await sTime(server.port, { ...options, resume: false }); // see Server.warmUp()
      const full = await measure(server, { ...options, resume: false });
      const resumed = await measure(server, { ...options, resume: true });
      return {
        fullCost: full.cost,
        fullRate: full.rate,
        resumedCost: resumed.cost,
        resumedRate: resumed.rate,
        resumedShare: (100 * resumed.resumed) / (resumed.resumed + resumed.full),
      };
    });
  },

  summarize(results) {
    return summarize(results, [
      FULL,
      over(FULL, ROUND_ROBIN.id),
      rate('fullRate', 'full handshakes'),
      RESUMED,
      over(RESUMED, ROUND_ROBIN.id),
      rate('resumedRate', 'where resumption is asked for'),
      { key: 'resumedShare', label: 'of these resumed', unit: '%', digits: 0, better: 'higher' },
    ]);
  },
};

async function measure({ port, pids }, options) {
  const before = cpuTime(pids);
  const begun = performance.now();
  const { full, resumed } = await sTime(port, options);
  const seconds = (performance.now() - begun) / 1000;
  const count = full + resumed;
  return { full, resumed, cost: (cpuTime(pids) - before) / count, rate: count / seconds };
}

await main(import.meta, tls);
