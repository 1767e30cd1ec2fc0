import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** What http.Server has for a connection, as Node keeps it. */
interface Parser {
  /** The request that began last. */
  incoming: IncomingMessage | null;
  /** The chunk that is parsed now; empty when none is. */
  getCurrentBuffer?(): Buffer;
}

/** How far the requests known so far go in a chunk. */
interface Chunk {
  bytes: Buffer;
  end: number;
}

const HEAD_END = '\r\n\r\n';

const chunks = new WeakMap<Socket, Chunk>();

/** A request has begun, and its handler has not been called: it may answer at once, before the next one of a client
 * that sends several without waiting (RFC 9112, 9.3.2) has been parsed. */
export function noteRequest({ socket, headers }: IncomingMessage): void {
  const bytes = currentChunk(socket);
  if (bytes === undefined) return;
  const last = chunks.get(socket);
  const isSame = last !== undefined && last.end < last.bytes.length && last.bytes.equals(bytes);
  const head = bytes.indexOf(HEAD_END, isSame ? last.end : 0);
  const length =
    'transfer-encoding' in headers ? Number.POSITIVE_INFINITY : Number(headers['content-length'] ?? 0);
  chunks.set(socket, { bytes, end: head < 0 ? bytes.length : head + HEAD_END.length + length });
}

/** Nothing has come of a later request on the connection: it may be the last answer there. One behind it would be lost. */
export function isLastAnswer({ req }: ServerResponse): boolean {
  const { socket } = req;
  const { incoming } = parserOf(socket) ?? {};
  if (incoming && incoming !== req) return false;
  const chunk = chunks.get(socket);
  return chunk === undefined || chunk.end >= chunk.bytes.length;
}

function parserOf(socket: Socket): Parser | undefined {
  return (socket as { parser?: Parser | null }).parser ?? undefined;
}

function currentChunk(socket: Socket): Buffer | undefined {
  const bytes = parserOf(socket)?.getCurrentBuffer?.();
  return bytes === undefined || bytes.length === 0 ? undefined : bytes;
}
