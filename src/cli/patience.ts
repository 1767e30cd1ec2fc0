import { ControlClient } from '../control/client.js';
import type { Command } from '../control/protocol.js';

/** As shells have it, 128 and the signal's number. */
const INTERRUPTED = 130;
/** Milliseconds after which it is looked whether anybody is there to answer, and which a sign of life may take. */
const INTERVAL = 10_000;

/** The answer, as long as it takes. Ctrl+C ends the waiting, and not what is waited for. Where the fleet answers nothing
 * else either, that is said: a primary that is stopped would be waited for without a word.
 * @param what is waited for
 * @param say tells the user
 * @throws as ControlClient.request() */
export async function patiently(
  client: ControlClient,
  command: Command,
  what: string,
  say = (text: string): void => void process.stderr.write(`evenkeel: ${text}\n`),
  interval = INTERVAL,
): Promise<unknown> {
  const onInterrupt = (): void => {
    say(`${what} goes on: evenkeel status --name ${client.name} says how it is`);
    process.exit(INTERRUPTED);
  };
  let timer: NodeJS.Timeout | undefined;
  const look = async (): Promise<void> => {
    const trouble = await troubleOf(client.name, interval);
    if (timer === undefined) return; // answered meanwhile
    if (trouble === undefined) timer = setTimeout(look, interval);
    else say(`still waiting for ${what}: ${trouble}`);
  };
  process.once('SIGINT', onInterrupt);
  timer = setTimeout(look, interval);
  try {
    return await client.request(command);
  } finally {
    clearTimeout(timer);
    timer = undefined;
    process.off('SIGINT', onInterrupt);
  }
}

/** Why the fleet gives no sign of life; undefined where it does, or is gone, which the one who waits hears. */
async function troubleOf(name: string, limit: number): Promise<string | undefined> {
  let client: ControlClient | undefined;
  try {
    client = await ControlClient.connect(name);
    await client.request({ command: 'status' }, limit);
    return undefined;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return code === 'ERR_NO_FLEET' ? undefined : message;
  } finally {
    client?.close();
  }
}
