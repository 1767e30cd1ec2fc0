// A run of scenarios, one after the other.
import { expected } from './estimate.mjs';
import { show } from './live.mjs';
import { keepFor } from './pool.mjs';
import { progress } from './progress.mjs';

/** What is to be done, for the display and for run().
 * @param {{scenario: object, contestants: object[], options: object}[]} parts
 * @returns {import('./board.mjs').Run} */
export function plan(parts) {
  const known = new Set();
  const stages = parts.map(({ scenario, contestants, options }) => {
    const ids = contestants.map(({ id }) => id);
    const warming = ids.filter((id) => !known.has(id)).length;
    for (const id of ids) known.add(id);
    return {
      name: scenario.name,
      ids,
      rounds: options.rounds,
      expected: expected(scenario, options, { taking: ids.length, warming }),
      state: 'waiting',
      measured: {},
    };
  });
  return { ids: [...known], stages };
}

/** Performs the parts of a plan. A scenario that fails does not end the run: the others are worth having.
 * @returns {Promise<{scenarios: object, failed: {id: string, why: string}[]}>} */
export async function run(parts, stagesAndIds) {
  const { stages } = stagesAndIds;
  const scenarios = {};
  const failed = [];
  const display = show(stagesAndIds);
  const stop = follow(stagesAndIds, display);
  try {
    for (const [i, part] of parts.entries()) {
      const stage = stages[i];
      await keepFor((id) => stages.slice(i).some(({ ids }) => ids.includes(id)));
      Object.assign(stage, { state: 'running', began: performance.now() });
      display.update();
      try {
        scenarios[stage.name] = await perform(part);
        Object.assign(stage, { state: 'done', summary: scenarios[stage.name].summary });
      } catch (error) {
        stage.state = 'failed';
        failed.push({ id: stage.name, why: `it failed: ${error.message}` });
        display.say(`${stage.name} failed: ${error.stack}`);
      }
      stage.took = (performance.now() - stage.began) / 1000;
    }
    return { scenarios, failed };
  } finally {
    stop();
    display.end();
    await keepFor(() => false);
  }
}

async function perform({ scenario, contestants, options }) {
  const results = await scenario.run(contestants, options);
  const summary = scenario.summarize(results, options);
  return { title: scenario.title, options, results, summary };
}

/** Keeps what the display shows up to date. */
function follow(state, display) {
  const running = () => state.stages.find((stage) => stage.state === 'running');
  const onDoing = ({ text }) => {
    state.doing = text;
    display.update();
  };
  const onMeasured = ({ id }) => {
    const { measured } = running();
    measured[id] = (measured[id] ?? 0) + 1;
  };
  progress.on('doing', onDoing).on('measured', onMeasured);
  return () => progress.off('doing', onDoing).off('measured', onMeasured);
}
