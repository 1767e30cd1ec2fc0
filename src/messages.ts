import type { Address } from 'node:cluster';
import { EvenkeelError } from './errors.js';

/** Names a worker's end of its link: the channel's fd, or on Windows what both share. Removed by the worker
 * as it starts. */
export const LINK_ENV = 'EVENKEEL_LINK';

/** Node keeps messages whose `cmd` begins with `NODE_` from the application's 'message' listeners. */
export const COMMAND = 'NODE_EVENKEEL';

/** Primary → worker, before anything else. */
export interface Hello {
  slot: number;
  /** A supervisor runs this worker: signals drain it, and it ends with its primary. */
  supervised: boolean;
  /** The primary's pid. */
  primary: number;
}

/** Worker → primary, over Node's IPC: `queryServer` of node:cluster's child, with our own `cmd`. */
export interface Question {
  cmd: typeof COMMAND;
  act: 'listen';
  seq: number;
  address: string | null;
  port: number;
  addressType: 4 | 6;
  flags: number | undefined;
  backlog: number | undefined;
  index: number;
  data: unknown;
  protocol: 'http' | 'https' | 'tls' | 'tcp';
  /** The server sets TCP_NODELAY on its connections: they may inherit it. */
  noDelay: boolean;
}

/** Worker → primary, over Node's IPC: a SIGTERM came here. */
export interface TermRequest {
  cmd: typeof COMMAND;
  act: 'term';
}

/** Worker → primary, over Node's IPC: the application closes its servers, and ends. */
export interface LeavingNotice {
  cmd: typeof COMMAND;
  act: 'leaving';
}

/** Worker → primary, over Node's IPC: the application has said that it is ready. */
export interface ReadyMessage {
  cmd: typeof COMMAND;
  act: 'ready';
}

/** Primary → worker, on the link: how to end. */
export interface DrainOrder {
  /** Milliseconds from now that idle connections may bring one more request, before they are closed. */
  patience: number;
  /** Milliseconds from now in which busy connections are asked to close, more and more of them, so that their
   * clients do not all come back at once. */
  spread: number;
}

/** Primary → worker, on the link, with the borrowed socket: what a lease was promised. */
export interface Loan {
  /** As in an Answer. */
  gate: number | null;
  backlog: number;
}

/** Primary → worker, on the link; the borrowed socket comes with it where there is one. */
export interface Answer {
  seq: number;
  /** 0, or a negative errno as libuv's. */
  errno: number;
  key: string;
  data: unknown;
  sockname: object | null;
  /** The number of the gate through which the borrowed socket shall be shared; null: without one. */
  gate: number | null;
  /** Connections come with TCP_NODELAY set. */
  noDelay: boolean;
}

/** Primary → worker over Node's IPC, where there is no channel. A socket is what shareSocket() made of it. */
export type ToWorker = { cmd: typeof COMMAND } & (
  | { act: 'answer'; lease: number; answer: Answer; socket: string | null }
  | { act: 'lend'; lease: number; loan: Loan; socket: string }
  | { act: 'drain'; order: DrainOrder }
  /** A connection sent back has been received. */
  | { act: 'received'; id: number }
);

/** Worker → primary over Node's IPC, where there is no channel. */
export type ToPrimary = { cmd: typeof COMMAND } & (
  | { act: 'adopted'; lease: number }
  | { act: 'returned'; lease: number; hops: number; socket: string; id: number }
);

export function isFromPrimary(message: unknown): message is ToWorker {
  const m = message as Partial<ToWorker> | null;
  return isOurs(m, 'answer') || isOurs(m, 'lend') || isOurs(m, 'drain') || isOurs(m, 'received');
}

/** Well-formed, too: an application may send what it likes. */
export function isFromWorker(message: unknown): message is ToPrimary {
  const m = message as Record<string, unknown> | null;
  if (isOurs(m, 'adopted')) return isCount(m?.lease);
  if (!isOurs(m, 'returned')) return false;
  return isCount(m?.lease) && isCount(m?.id) && isCount(m?.hops) && typeof m?.socket === 'string';
}

function isCount(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 0xffff_ffff;
}

const UV_TCP_IPV6ONLY = 1;

export function isIpv6Only(question: Pick<Question, 'flags'>): boolean {
  return ((question.flags ?? 0) & UV_TCP_IPV6ONLY) !== 0;
}

/** The JSON of a channel message.
 * @throws EvenkeelError ERR_CHANNEL_MESSAGE */
export function parsePayload<T>(payload: string): T {
  try {
    return JSON.parse(payload) as T;
  } catch (cause) {
    throw new EvenkeelError('ERR_CHANNEL_MESSAGE', 'a message on the channel is not JSON; it was ignored', {
      cause,
    });
  }
}

/** Whether an IPC message is one of ours, and well-formed. A malformed one is not: it is ignored by who
 * asks, since a worker that speaks wrongly to us can only be an application playing with internals. */
export function isQuestion(message: unknown): message is Question {
  const m = message as Partial<Question> | null;
  return (
    isOurs(m, 'listen') &&
    Number.isInteger(m?.seq) &&
    isPort(m?.port) &&
    (m?.addressType === 4 || m?.addressType === 6) &&
    isPrimitive(m.index) &&
    isPrimitive(m.flags) &&
    isPrimitive(m.backlog) &&
    PROTOCOLS.includes(m.protocol) &&
    typeof m.noDelay === 'boolean' &&
    (m.address === null || m.address === undefined || typeof m.address === 'string')
  );
}

const PROTOCOLS: readonly unknown[] = ['http', 'https', 'tls', 'tcp'];

/** Node itself puts `false` where there is no backlog, and an application may give it as text. */
function isPrimitive(value: unknown): boolean {
  return value === null || (typeof value !== 'object' && typeof value !== 'function');
}

function isPort(port: unknown): boolean {
  return typeof port === 'number' && Number.isInteger(port) && port >= 0 && port <= 65535;
}

export function isReadyMessage(message: unknown): message is ReadyMessage {
  return isOurs(message as Partial<ReadyMessage>, 'ready');
}

export function isTermRequest(message: unknown): message is TermRequest {
  return isOurs(message as Partial<TermRequest>, 'term');
}

export function isLeavingNotice(message: unknown): message is LeavingNotice {
  return isOurs(message as Partial<LeavingNotice>, 'leaving');
}

function isOurs(message: { cmd?: unknown; act?: unknown } | null | undefined, act: string): boolean {
  return message?.cmd === COMMAND && message.act === act;
}

/** Node's own message that a worker's server was closed; see worker/listen-hook.ts. */
export function closedKey(message: unknown): string | undefined {
  const m = message as { cmd?: unknown; act?: unknown; key?: unknown } | null;
  return m?.cmd === 'NODE_CLUSTER' && m.act === 'close' && typeof m.key === 'string' ? m.key : undefined;
}

/** Node's own key of what node:cluster itself serves: address, port as it was asked for, kind, descriptor; on Node 20, and
 * with port 0, also how many of the same there were in that worker before. */
const NODE_KEY = /^(.*):(-?\d+):(4|6|-1|udp4|udp6):[^:]*(?::\d+)?$/s;

/** Where the server of that key listened. Undefined where it says nothing of that: it is one of ours. With port 0 where
 * the system had chosen. */
export function closedAddress(key: string): Address | undefined {
  const [, address = '', port, kind] = NODE_KEY.exec(key) ?? [];
  if (kind === undefined) return undefined;
  return {
    // As node:cluster's 'listening' has it, whatever its type says.
    address: (address === 'null' || address === 'undefined' ? null : address) as string,
    port: Number(port),
    addressType: (kind.startsWith('udp') ? kind : Number(kind)) as Address['addressType'],
  };
}

/** The same, where Node does not say it: it has no handle to close. */
export function closedMessage(key: string): object {
  return { cmd: 'NODE_CLUSTER', act: 'close', key };
}

const KEY_PREFIX = 'evenkeel:';

export function leaseKey(lease: number): string {
  return `${KEY_PREFIX}${lease}`;
}

/** The lease in a key, NaN where it is not one of ours. */
export function leaseOf(key: string): number {
  return key.startsWith(KEY_PREFIX) ? Number(key.slice(KEY_PREFIX.length)) : Number.NaN;
}
