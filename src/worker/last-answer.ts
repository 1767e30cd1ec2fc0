import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** What http.Server has for a connection, as Node keeps it. */
interface Parser {
  /** The request that began last. */
  incoming: IncomingMessage | null;
  /** A copy of the chunk that is parsed now; empty when none is. */
  getCurrentBuffer?(): Buffer;
}

/** The chunk a connection's last request began in, and how far its requests go. */
interface Chunk {
  /** The connection's `bytesRead` with it: no other chunk has the same. */
  read: number;
  /** Bytes. */
  length: number;
  /** Where the last request ends, beyond the chunk where more of its body is to come. NaN: that cannot be known before all
   * of it is parsed. */
  end: number;
  /** Where there may be more requests in it. */
  bytes: Buffer | undefined;
}

const HEAD_END = '\r\n\r\n';
const [CR, LF] = [13, 10];

const chunks = new WeakMap<Socket, Chunk>();

/** A request has begun, and its handler has not been called: it may answer at once, before the next one of a client
 * that sends several without waiting (RFC 9112, 9.3.2) has been parsed. */
export function noteRequest(request: IncomingMessage): void {
  const { socket } = request;
  const known = chunks.get(socket);
  const chunk = known?.read === socket.bytesRead ? known : begin(socket);
  if (chunk === undefined) return;
  const head = chunk.bytes?.indexOf(HEAD_END, chunk.end) ?? -1;
  const isKnown = head >= 0 && !isChunked(request);
  chunk.end = isKnown ? head + HEAD_END.length + contentLength(request) : Number.NaN;
  if (!(chunk.end < chunk.length)) chunk.bytes = undefined;
}

/** It may be the last answer of its connection: all of its request has come, since the rest of a body would meet a closed
 * connection, and nothing of a later one, which would be lost. */
export function isLastAnswer({ req }: ServerResponse): boolean {
  const { socket } = req;
  const { incoming } = parserOf(socket) ?? {};
  if (incoming && incoming !== req) return false;
  const chunk = chunks.get(socket);
  if (chunk === undefined) return req.complete || !(isChunked(req) || contentLength(req) > 0);
  if (!req.complete) return chunk.end === chunk.length;
  return Number.isNaN(chunk.end) ? currentChunk(socket) === undefined : chunk.end >= chunk.length;
}

function begin(socket: Socket): Chunk | undefined {
  const bytes = currentChunk(socket);
  if (bytes === undefined) {
    chunks.delete(socket);
    return undefined;
  }
  // One that begins so may begin with the rest of a head's end.
  const isClear = bytes[0] !== CR && bytes[0] !== LF;
  const { length } = bytes;
  const chunk: Chunk = { read: socket.bytesRead, length, end: 0, bytes: isClear ? bytes : undefined };
  chunks.set(socket, chunk);
  return chunk;
}

function isChunked({ headers }: IncomingMessage): boolean {
  return 'transfer-encoding' in headers;
}

function contentLength({ headers }: IncomingMessage): number {
  return Number(headers['content-length'] ?? 0);
}

function parserOf(socket: Socket): Parser | undefined {
  return (socket as { parser?: Parser | null }).parser ?? undefined;
}

function currentChunk(socket: Socket): Buffer | undefined {
  const bytes = parserOf(socket)?.getCurrentBuffer?.();
  return bytes === undefined || bytes.length === 0 ? undefined : bytes;
}
