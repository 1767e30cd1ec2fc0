import type { ServerResponse } from 'node:http';
import { isLastAnswer } from './last-answer.js';

type WriteHead = (...args: unknown[]) => ServerResponse;

const KEEP_ALIVE = /keep-alive/i;

/** The answer says `Connection: close`, if it can be the last of its connection by the time its headers are out. What is
 * begun is not broken off: where they are out already, the next answer says it. */
export function closeAfter(response: ServerResponse): void {
  if (response.headersSent) return;
  const own = Object.getOwnPropertyDescriptor(response, 'writeHead');
  const writeHead: WriteHead = (...args) => {
    // What was there before, or is in a prototype by now, is next.
    if (own === undefined) delete (response as Partial<ServerResponse>).writeHead;
    else Object.defineProperty(response, 'writeHead', own);
    const isLast = isLastAnswer(response);
    if (isLast) sayClose(response);
    return (response.writeHead as WriteHead)(...(isLast ? args.map(withoutKeepAlive) : args));
  };
  try {
    Object.defineProperty(response, 'writeHead', { value: writeHead, configurable: true, writable: true });
  } catch {
    sayClose(response); // the application has locked it: whatever comes behind
  }
}

/** As Node says it after maxRequestsPerSocket. With a header of ours Node would merge what is given to writeHead() into
 * the others, and lose all but one of those that have the same name. */
function sayClose(response: ServerResponse): void {
  response.shouldKeepAlive = false;
  if (KEEP_ALIVE.test(String(response.getHeader('connection') ?? '')))
    response.setHeader('Connection', 'close');
}

/** An argument of writeHead(): headers as an object, as a list of names and values, or as a list of pairs. */
function withoutKeepAlive(arg: unknown): unknown {
  if (typeof arg !== 'object' || arg === null) return arg;
  if (!Array.isArray(arg)) {
    const entries = Object.entries(arg);
    if (!entries.some(([name, value]) => isKeepAlive(name, value))) return arg;
    return Object.fromEntries(
      entries.map(([name, value]) => [name, isKeepAlive(name, value) ? 'close' : value]),
    );
  }
  if (Array.isArray(arg[0])) {
    return arg.map(([name, value]) => [name, isKeepAlive(name, value) ? 'close' : value]);
  }
  return arg.map((value, i) => (i % 2 === 1 && isKeepAlive(arg[i - 1], value) ? 'close' : value));
}

function isKeepAlive(name: unknown, value: unknown): boolean {
  return String(name).toLowerCase() === 'connection' && KEEP_ALIVE.test(String(value));
}
