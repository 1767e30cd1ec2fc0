// Whoever there may be: evenkeel's pairs, node:cluster, and the peers of bench/peers.
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { ALL, cli } from './contestants.mjs';

/** @param {string} node the Node that serves
 * @returns {Promise<{known: object[], absent: {id: string, why: string}[]}>} absent: those of the known that
 * cannot be had here */
export async function gather(node) {
  const peers = await loadPeers();
  const own = ALL.filter(({ id }) => !peers.some((peer) => peer.id === id));
  const absent = [];
  for (const peer of peers) {
    const why = await peer.probe();
    if (why !== undefined) absent.push({ id: peer.id, why });
  }
  return { known: [...peers, ...own], absent: [...absent, ...refused(node, own)] };
}

async function loadPeers() {
  const index = new URL('../peers/index.mjs', import.meta.url);
  return existsSync(index) ? (await import(index)).PEERS : [];
}

/** Pairs that evenkeel would refuse on this machine, with its own words, and what is a variant of one. */
function refused(node, own) {
  const { reasons } = JSON.parse(execFileSync(node, [cli, 'explain', '--json'], { encoding: 'utf8' }));
  const unsupported = reasons.filter(({ verdict }) => verdict === 'unsupported');
  return own.flatMap(({ id }) => {
    const pair = unsupported.find(({ strategy, policy }) => `${strategy}/${policy}` === id.split('@')[0]);
    return pair ? [{ id, why: pair.why }] : [];
  });
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
