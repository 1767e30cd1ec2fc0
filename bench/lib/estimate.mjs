// How long a run takes. Pure; all in seconds.

/** To start and warm a server once, at least; and each of its workers, where a primary passes all connections on. */
const WARM_UP = 5;
const WARM_UP_OF_WORKER = 8000 / 30_000;
/** A round of a scenario that does not say how long one takes. */
const ROUND = 5;

/** What a scenario is expected to take.
 * @param {object} scenario `takes(options)` is its own word on one round of one contestant
 * @param {number} warming how many contestants nobody has warmed before */
export function expected(scenario, options, { taking, warming }) {
  const round = scenario.takes?.(options) ?? options.seconds ?? ROUND;
  const { workers = 0 } = options;
  return taking * options.rounds * round + warming * Math.max(WARM_UP, workers * WARM_UP_OF_WORKER);
}

/** What is left of a run. Scenarios to come take as much longer than expected as those before did; the one under
 * way is judged by its own rounds, the more the further it is.
 * @param {{expected: number, took: number}[]} finished
 * @param {{expected: number, elapsed: number, done: number, total: number}} [running] done of total measurements
 * @param {number[]} waiting what each is expected to take */
export function timeLeft({ finished, running, waiting }) {
  const sum = (numbers) => numbers.reduce((total, number) => total + number, 0);
  const planned = sum(finished.map((one) => one.expected));
  const pace = planned > 0 ? sum(finished.map(({ took }) => took)) / planned : 1;
  return ofRunning(running, pace) + sum(waiting) * pace;
}

function ofRunning(running, pace) {
  if (running === undefined) return 0;
  const { expected, elapsed, done, total } = running;
  const byPlan = Math.max(0, expected * pace - elapsed);
  if (done === 0) return byPlan;
  const share = done / total;
  return (1 - share) * byPlan + share * elapsed * (1 / share - 1);
}

/** 75 is '1:15'. */
export function clock(seconds) {
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
}
