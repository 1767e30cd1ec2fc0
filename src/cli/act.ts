import { ControlClient } from '../control/client.js';
import { EvenkeelError } from '../errors.js';
import type { FleetStatus } from '../fleet-status.js';
import { parseWorkers } from '../options.js';
import { workersOf } from './format.js';
import { print } from './output.js';
import { patiently } from './patience.js';
import { describeStatus } from './status.js';

export interface ControlFlags {
  name?: string;
  json?: true;
}

/** Milliseconds for what is answered at once. */
export const STATUS_TIMEOUT = 10_000;

/** `evenkeel status` */
export async function statusCommand(flags: ControlFlags): Promise<void> {
  await perform(flags, async (client) => {
    const status = (await client.request({ command: 'status' }, STATUS_TIMEOUT)) as FleetStatus;
    return { facts: status, text: describeStatus(status, Date.now()) };
  });
}

/** `evenkeel metrics` */
export async function metricsCommand(flags: ControlFlags): Promise<void> {
  await perform(flags, async (client) => {
    const metrics = (await client.request({ command: 'metrics' }, STATUS_TIMEOUT)) as string;
    return { facts: { metrics }, text: metrics.trimEnd() };
  });
}

/** `evenkeel reload`: until every worker is replaced, or it has failed. */
export async function reloadCommand(flags: ControlFlags): Promise<void> {
  await perform(flags, async (client) => {
    const facts = await patiently(client, { command: 'reload' }, 'the reload');
    const { generation, workers } = facts as { generation: number; workers: number };
    return { facts, text: `reloaded: ${workersOf(workers)} of generation ${generation}` };
  });
}

/** `evenkeel upgrade`: until another process serves, or it has failed. */
export async function upgradeCommand(flags: ControlFlags): Promise<void> {
  await perform(flags, async (client) => {
    const facts = await patiently(client, { command: 'upgrade' }, 'the upgrade');
    const { pid, workers } = facts as { pid: number; workers: number };
    const text = `upgraded: process ${pid} serves with ${workersOf(workers)}; the old one ends when it has answered what it has`;
    return { facts, text };
  });
}

/** `evenkeel scale N`: until those that come are ready, and those that go have ended. Exit status 1 where not all are,
 * within the time they have for it: they are tried again, and again. */
export async function scaleCommand(argument: string, flags: ControlFlags): Promise<void> {
  await reporting(flags, async () => {
    const to = parseScale(argument);
    await connected(flags, async (client) => {
      const facts = await patiently(client, { command: 'scale', ...to }, 'the scaling');
      const { workers, ready } = facts as { workers: number; ready: number };
      if (ready < workers) process.exitCode = 1;
      return { facts, text: `scaled to ${workersOf(workers)}, ${ready} of them ready` };
    });
  });
}

/** `evenkeel stop`: until every process has ended. */
export async function stopCommand({ force, ...flags }: ControlFlags & { force?: true }): Promise<void> {
  await perform(flags, async (client) => {
    await patiently(client, { command: 'stop', force: force === true }, 'the stop').catch(
      async (error: Error) => {
        // A program that ends as soon as its fleet has, gives no answer.
        const isGone = error instanceof EvenkeelError && error.code === 'ERR_NO_ANSWER';
        if (!isGone || (await client.isLive())) throw error;
      },
    );
    return { facts: { stopped: client.name }, text: `stopped ${client.name}` };
  });
}

/** `4`, `+1`, `-1`.
 * @throws EvenkeelError ERR_INVALID_OPTION */
export function parseScale(argument: string): { workers: number } | { by: number } {
  if (/^[+-]\d{1,3}$/.test(argument)) return { by: Number(argument) };
  const workers = parseWorkers(argument);
  if (workers !== 'auto') return { workers };
  throw new EvenkeelError('ERR_INVALID_OPTION', "scale takes a number of workers, 4, +1 or -1, not 'auto'");
}

type Action = (client: ControlClient) => Promise<{ facts: unknown; text: string }>;

/** Prints what `action` gives, or how it failed. */
function perform(flags: ControlFlags, action: Action): Promise<void> {
  return reporting(flags, () => connected(flags, action));
}

async function connected({ name, json }: ControlFlags, action: Action): Promise<void> {
  const client = await ControlClient.connect(name);
  try {
    const { facts, text } = await action(client);
    print(json ? JSON.stringify(facts, null, 2) : text);
  } finally {
    client.close();
  }
}

async function reporting({ json }: ControlFlags, act: () => Promise<void>): Promise<void> {
  try {
    await act();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (json && code !== undefined) {
      print(JSON.stringify({ error: { code, message } }, null, 2));
    }
    throw error; // said by main.ts, to people
  }
}
