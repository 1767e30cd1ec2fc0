// A thread that does nothing but wake at the right moments. setTimeout() is late by up to a millisecond, and
// spinning would take the CPU from the servers; this wait is as exact as the kernel's (some 0.1 ms).
import { parentPort, workerData } from 'node:worker_threads';

const { begin, times } = workerData;
const nothing = new Int32Array(new SharedArrayBuffer(4));

for (let i = 0; i < times.length; i++) {
  const wait = times[i] - (Number(process.hrtime.bigint()) / 1e6 - begin);
  if (wait > 0) Atomics.wait(nothing, 0, 0, wait);
  parentPort.postMessage(i);
}
