// Whoever there may be: evenkeel's pairs, node:cluster, and the peers of bench/peers.
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { EVERYONE } from './contestants.mjs';
import { cli } from './ours.mjs';

/** @param {string} node the Node that serves
 * @returns {{known: object[], why: (contestant: object) => string | undefined}} why one cannot be had here; it is
 * looked at only when asked for, once: a peer may have to be fetched first */
export function gather(node) {
  const refused = refusals(node);
  const reasons = new Map();
  const why = (contestant) => {
    const { id } = contestant;
    if (!reasons.has(id)) reasons.set(id, contestant.probe?.() ?? refused.get(id.split('@')[0]));
    return reasons.get(id);
  };
  return { known: EVERYONE, why };
}

/** The pairs that evenkeel would refuse on this machine, with its own words. */
function refusals(node) {
  const { reasons } = JSON.parse(execFileSync(node, [cli, 'explain', '--json'], { encoding: 'utf8' }));
  const unsupported = reasons.filter(({ verdict }) => verdict === 'unsupported');
  return new Map(unsupported.map(({ strategy, policy, why }) => [`${strategy}/${policy}`, why]));
}

/** Every file in bench/scenarios is one: what it exports has the file's name. */
export async function loadScenarios() {
  const folder = new URL('../scenarios/', import.meta.url);
  const files = readdirSync(folder).filter((file) => file.endsWith('.mjs'));
  return Promise.all(
    files.sort().map(async (file) => {
      const exported = Object.values(await import(new URL(file, folder)));
      const scenario = exported.find((value) => `${value?.name}.mjs` === file && value.summarize);
      if (scenario !== undefined) return scenario;
      throw new Error(`bench/scenarios/${file} exports no scenario of that name`);
    }),
  );
}
