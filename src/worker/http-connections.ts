import type { ServerResponse } from 'node:http';
import type { Server, Socket } from 'node:net';

/** What http.Server keeps of its connections: their parsers. */
interface ConnectionsList {
  all(): { socket?: HttpSocket }[];
}

/** `_httpMessage`: the answer it is given now. */
type HttpSocket = Socket & { _httpMessage?: ServerResponse | null };

/** Connections of an HTTP server that have not sent a byte of a request: a browser opens some in advance.
 * closeIdleConnections() leaves them alone, since they might be about to. Nothing for other servers. */
export function unusedConnections(server: Server): Socket[] {
  return socketsOf(server).filter(({ bytesRead }) => bytesRead === 0);
}

/** Answers an HTTP server has begun to make and not ended. Nothing for other servers. */
export function answersUnderWay(server: Server): ServerResponse[] {
  return socketsOf(server).flatMap(({ _httpMessage: response }) => (response ? [response] : []));
}

function socketsOf(server: Server): HttpSocket[] {
  const symbol = Object.getOwnPropertySymbols(server).find(
    ({ description }) => description === 'http.server.connections',
  );
  if (symbol === undefined) return [];
  const list = (server as unknown as Record<symbol, ConnectionsList | undefined>)[symbol];
  return list?.all().flatMap(({ socket }) => (socket ? [socket] : [])) ?? [];
}
