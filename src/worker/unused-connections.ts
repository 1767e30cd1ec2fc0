import type { Server, Socket } from 'node:net';

/** What http.Server keeps of its connections; `all()` lists their parsers. */
interface ConnectionsList {
  all(): { socket?: Socket }[];
}

/** Connections of an HTTP server that have not sent a byte of a request: a browser opens some in advance.
 * closeIdleConnections() leaves them alone, since they might be about to. Nothing for other servers. */
export function unusedConnections(server: Server): Socket[] {
  const symbol = Object.getOwnPropertySymbols(server).find(
    ({ description }) => description === 'http.server.connections',
  );
  if (symbol === undefined) return [];
  const list = (server as unknown as Record<symbol, ConnectionsList | undefined>)[symbol];
  const sockets = list?.all().map(({ socket }) => socket) ?? [];
  return sockets.filter((socket): socket is Socket => socket?.bytesRead === 0);
}
