// Open-loop load, as a process of its own: each request is sent when it is due, on a new connection, whatever
// became of those before, and its time counts from when it was DUE. So a server that stands still is charged
// with everyone who would have come meanwhile. With `keepAlive`, so many clients send in turn, each on a connection
// that it keeps; a request whose client still waits for the last answer waits, too. Its parent is load.mjs.
import os from 'node:os';
import { Worker } from 'node:worker_threads';
import { clients } from './clients.mjs';
import { FATES, request } from './request.mjs';

const clock = () => Number(process.hrtime.bigint()) / 1e6;

try {
  os.setPriority(-10); // ahead of the servers, or their load would be measured as lateness of its own
} catch {} // not allowed: `late` tells what it costs

process.once('message', ({ port, arrivals, hungAfter, keepAlive }) => {
  const send = keepAlive === undefined ? request : clients(keepAlive);
  const { length } = arrivals;
  const results = {
    took: new Float64Array(length).fill(Number.NaN),
    late: new Float64Array(length).fill(Number.NaN),
    fates: new Int8Array(length).fill(-1), // not sent
    pids: new Int32Array(length),
  };
  const times = Float64Array.from(arrivals, ({ at }) => at);
  const open = new Set();
  let metronome;
  let isStopped = false;
  process.on('message', (message) => {
    // 'stop': what is sent ends, nothing more is sent.
    if (message === 'stop') isStopped = true;
    else start(message);
    if (isStopped) metronome?.terminate();
  });
  process.send('ready');

  function start({ begin }) {
    metronome = new Worker(new URL('./metronome.mjs', import.meta.url), { workerData: { begin, times } });
    metronome.on('message', (i) => {
      const { at, path } = arrivals[i];
      results.late[i] = clock() - begin - at;
      const answer = send(port, { path, hungAfter }).then(({ fate, pid }) => {
        results.took[i] = clock() - begin - at;
        results.fates[i] = FATES.indexOf(fate);
        results.pids[i] = pid ?? 0;
        open.delete(answer);
      });
      open.add(answer);
    });
    metronome.once('exit', async () => {
      await Promise.all(open);
      process.send(results, () => process.disconnect());
    });
  }
});
process.once('disconnect', () => process.exit());
