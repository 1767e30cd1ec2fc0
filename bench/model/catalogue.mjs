// The disciplines by the names that tables and charts have for them, and who of the contestants works like which.
import {
  centralQueue,
  leastConnections,
  randomChoice,
  roundRobin,
  shortestQueue,
  twoChoices,
} from './disciplines.mjs';
import { lateBinding } from './late-binding.mjs';

export const IDEAL = 'central queue (ideal)';
const LATE_BINDING = 'late binding, 1 ahead';
const IN_TURN = '1 ahead, in turn';
const LATE_NEWS = 'least connections, 1 ms late';

export const CATALOGUE = {
  [IDEAL]: centralQueue,
  /** The hand-off where turns have been long: native/pace.h sends one ahead, and it is taken back after 1 ms. */
  [LATE_BINDING]: lateBinding({ ahead: 1, after: 1 }),
  /** node:cluster's primary sends the next when a worker has taken the one before, idle or not. */
  [IN_TURN]: lateBinding({ ahead: 1, inTurn: true }),
  'join shortest queue': shortestQueue,
  [LATE_NEWS]: leastConnections({ delay: 1 }),
  'power of two choices': twoChoices,
  'round robin': roundRobin,
  random: randomChoice,
};

/** By what a contestant's id says before an `@`. Who is not here has no counterpart: `source-hash` where all clients
 * have one address, say, or a proxy that does more than choose. */
const COUNTERPARTS = [
  [/^shared-handle\/|^cluster\/shared-handle$/, IDEAL],
  [/^hand-off\/(least-connections|round-robin)$/, LATE_BINDING],
  [/^(cluster\/round-robin|pm2\/cluster)$/, IN_TURN],
  [/^(reuse-port\/(hash|random)|node\/reuse-port)$/, 'random'],
  [/^reuse-port\/round-robin$/, 'round robin'],
  [/^reuse-port\/least-connections$/, LATE_NEWS],
];

/** @param {string} id of a contestant
 * @returns {string | undefined} a name in the catalogue */
export function counterpartOf(id) {
  const [name] = id.split('@');
  return COUNTERPARTS.find(([pattern]) => pattern.test(name))?.[1];
}
