/** Milliseconds of CLOCK_MONOTONIC: the same in every process of a machine. */
export const now = () => Number(process.hrtime.bigint()) / 1e6;

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

const never = new Int32Array(new SharedArrayBuffer(4));

/** Nothing else of this process runs meanwhile. */
export const pause = (ms) => void Atomics.wait(never, 0, 0, ms);

/** Resolves when `test` says so; fails after `limit` ms, with what `say` says. */
export async function eventually(test, limit, say) {
  const end = now() + limit;
  while (!(await test())) {
    if (now() > end) throw new Error(`not within ${limit} ms: ${say()}`);
    await sleep(20);
  }
}

const TICK = 5;
const LATE = 10;

/** How late this process's timers are says how long the machine kept it waiting that wanted to run. Returns
 * an end, which tells when that was more than a few milliseconds: `{from, to}` each. */
export function watchLateness() {
  const late = [];
  let due = now() + TICK;
  const timer = setInterval(() => {
    const at = now();
    if (at - due > LATE) late.push({ from: due, to: at });
    due = at + TICK;
  }, TICK);
  return () => {
    clearInterval(timer);
    return late;
  };
}
