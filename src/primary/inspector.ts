import { readFileSync } from 'node:fs';
import http from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { WebSocket } from 'ws';
import { hasConnections, type Listening, ownListening } from './own-listening.js';
import type { CallFrame } from './stack-of.js';

/** How often it is looked whether the inspector has started, ms. */
const POLL_INTERVAL = 50;
/** An inspector has a thread of its own: it answers at once or is none. Ms. */
const ANSWER_LIMIT = 500;
const SIGUSR1 = 10;

/** Another process's inspector. */
export class Inspector {
  /** Somebody else is connected. */
  readonly isDebugged: boolean;
  readonly #url: string;
  #socket: WebSocket | undefined;

  constructor(url: string, isDebugged: boolean) {
    this.#url = url;
    this.isDebugged = isDebugged;
  }

  /** Stops its JavaScript, until close(). Where it is.
   * @throws where it does not stop in time */
  async pause(deadline: AbortSignal): Promise<CallFrame[]> {
    const { WebSocket } = await import('ws');
    const socket = new WebSocket(this.#url, { perMessageDeflate: false });
    this.#socket = socket;
    const urls = new Map<string, string>();
    return new Promise((resolve, reject) => {
      const onLate = (): void => reject(new Error('it is in native code, which the inspector cannot stop'));
      deadline.addEventListener('abort', onLate, { once: true });
      socket.on('error', reject);
      socket.on('close', () => reject(new Error('it closed its inspector')));
      socket.on('open', () => {
        socket.send(JSON.stringify({ id: 1, method: 'Debugger.enable' }));
        socket.send(JSON.stringify({ id: 2, method: 'Debugger.pause' }));
      });
      socket.on('message', (text) => {
        const { method, params } = JSON.parse(String(text));
        if (method === 'Debugger.scriptParsed') urls.set(params.scriptId, params.url);
        if (method === 'Debugger.paused')
          resolve(params.callFrames.map((frame: PausedFrame) => named(frame, urls)));
      });
    });
  }

  close(): void {
    this.#socket?.terminate();
  }
}

/** V8's "Debugger.CallFrame": lines and columns count from 0. */
interface PausedFrame {
  functionName: string;
  location: { scriptId: string; lineNumber: number; columnNumber?: number };
}

function named({ functionName, location }: PausedFrame, urls: ReadonlyMap<string, string>): CallFrame {
  const { scriptId, lineNumber, columnNumber = 0 } = location;
  return { functionName, url: urls.get(scriptId) ?? '', line: lineNumber + 1, column: columnNumber + 1 };
}

/** The inspector of a process of Node's, which is started where it does not run.
 * @throws where there is none in time */
export async function findInspector(pid: number, deadline: AbortSignal): Promise<Inspector> {
  const before = await ownListening(pid);
  const running = await askAll(before, deadline);
  if (running !== undefined) return new Inspector(running.url, await hasConnections(pid, running.at));
  if (!catchesSigusr1(pid)) throw new Error('it was started with --disable-sigusr1');
  process.kill(pid, 'SIGUSR1');
  const seen = new Set(before.map(({ inode }) => inode));
  while (!deadline.aborted) {
    const fresh = (await ownListening(pid, seen)).filter(({ inode }) => !seen.has(inode));
    const started = await askAll(fresh, deadline);
    if (started !== undefined) return new Inspector(started.url, false);
    await delay(POLL_INTERVAL);
  }
  throw new Error('its inspector did not start: it is in native code, or its application handles SIGUSR1');
}

/** The first of those sockets that is an inspector's. */
async function askAll(
  sockets: readonly Listening[],
  deadline: AbortSignal,
): Promise<{ at: Listening; url: string } | undefined> {
  const answers = await Promise.all(sockets.map(async (at) => ({ at, url: await askForUrl(at, deadline) })));
  return answers.find((answer): answer is { at: Listening; url: string } => answer.url !== undefined);
}

/** See Node's "inspector" documentation: its targets by HTTP. Undefined where that is no inspector. */
function askForUrl({ host, port }: Listening, deadline: AbortSignal): Promise<string | undefined> {
  const signal = AbortSignal.any([deadline, AbortSignal.timeout(ANSWER_LIMIT)]);
  return new Promise((resolve) => {
    const request = http.get({ host, port, path: '/json/list', agent: false, signal }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      response.on('end', () => resolve(urlIn(text)));
      response.on('error', () => resolve(undefined));
    });
    request.on('error', () => resolve(undefined));
  });
}

function urlIn(text: string): string | undefined {
  try {
    const [target] = JSON.parse(text);
    const url = target?.webSocketDebuggerUrl;
    return typeof url === 'string' ? url : undefined;
  } catch {
    return undefined; // some server of the application's
  }
}

/** Where nobody catches it, it would end the process. */
function catchesSigusr1(pid: number): boolean {
  const mask = readFileSync(`/proc/${pid}/status`, 'utf8').match(/^SigCgt:\s*([0-9a-f]+)$/m)?.[1] ?? '0';
  return ((BigInt(`0x${mask}`) >> BigInt(SIGUSR1 - 1)) & 1n) === 1n;
}
