import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Server, Socket } from 'node:net';

/** What http.Server keeps of its connections: their parsers. */
interface ConnectionsList {
  all(): Parser[];
}

interface Parser {
  socket?: HttpSocket | null;
  /** The request that began last. */
  incoming?: IncomingMessage | null;
}

/** `_httpMessage`: the answer it is given now. */
type HttpSocket = Socket & { _httpMessage?: ServerResponse | null };

/** Connections of an HTTP server whose clients wait for nothing, and have brought no more than a part of a request's head:
 * closeIdleConnections() leaves those alone that have brought a byte of one, or none at all, as a browser opens some in
 * advance. Nothing for other servers. */
export function waitingForRequest(server: Server): Socket[] {
  return parsersOf(server).flatMap(({ socket, incoming }) =>
    socket && !socket._httpMessage && (!incoming || incoming.complete) ? [socket] : [],
  );
}

/** Answers an HTTP server has begun to make and not ended. Nothing for other servers. */
export function answersUnderWay(server: Server): ServerResponse[] {
  return parsersOf(server).flatMap(({ socket }) => (socket?._httpMessage ? [socket._httpMessage] : []));
}

function parsersOf(server: Server): Parser[] {
  const symbol = Object.getOwnPropertySymbols(server).find(
    ({ description }) => description === 'http.server.connections',
  );
  if (symbol === undefined) return [];
  return (server as unknown as Record<symbol, ConnectionsList | undefined>)[symbol]?.all() ?? [];
}
