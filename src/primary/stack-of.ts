import { fileURLToPath } from 'node:url';
import { findInspector, type Inspector } from './inspector.js';
import { mainThread } from './main-thread.js';

/** What was seen of a worker that does not turn. */
export interface Look {
  /** Where its JavaScript is, as in an Error's stack, without the message. */
  stack?: string;
  /** Why that cannot be said. */
  why?: string;
  /** Somebody debugs it. */
  isDebugged: boolean;
  /** It may go on, if it was held. */
  end(): void;
}

/** Lines and columns count from 1. */
export interface CallFrame {
  functionName: string;
  url: string;
  line: number;
  column: number;
}

const MAX_FRAMES = 30;

/** Looks where a process of Node's is, by its inspector, which is started for that: Node does so on SIGUSR1, also
 * while JavaScript loops. Linux only. The process is held there until end(). Does not throw.
 * @param limit ms it may take */
export async function lookInto(pid: number, limit: number): Promise<Look> {
  let inspector: Inspector | undefined;
  const end = (): void => inspector?.close();
  try {
    const state = mainThread(pid)?.state;
    if (state === undefined) throw new Error('that needs Linux and its /proc');
    if (state === 't') return { why: 'a debugger has stopped it', isDebugged: true, end };
    if (state === 'T') return { why: 'it was stopped by a signal', isDebugged: false, end };
    const deadline = AbortSignal.timeout(limit);
    inspector = await findInspector(pid, deadline);
    if (inspector.isDebugged) {
      return { why: 'somebody debugs it', isDebugged: true, end };
    }
    return { stack: format(await inspector.pause(deadline)), isDebugged: false, end };
  } catch (error) {
    return { why: (error as Error).message, isDebugged: false, end };
  }
}

/** As in an Error's stack. */
export function format(frames: readonly CallFrame[]): string {
  const lines = frames.slice(0, MAX_FRAMES).map(({ functionName, url, line, column }) => {
    const file = url.startsWith('file:') ? fileURLToPath(url) : url || '<anonymous>';
    const place = `${file}:${line}:${column}`;
    return functionName === '' ? `    at ${place}` : `    at ${functionName} (${place})`;
  });
  const more = frames.length - MAX_FRAMES;
  if (more > 0) lines.push(`    … ${more} more`);
  return lines.join('\n');
}
