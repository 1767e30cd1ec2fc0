import net from 'node:net';
import { binding } from '../../dist/binding.js';

/** Node's handle class, as far as it is used here. */
interface TcpHandle {
  open(fd: number): number;
  getsockname(out: { address?: string; port?: number }): number;
  getpeername(out: { address?: string; port?: number }): number;
  close(): void;
}

let tcp: (new (type: number) => TcpHandle) | undefined;

/** As in src/worker/tcp-handle.ts. */
function tcpClass(): new (type: number) => TcpHandle {
  if (tcp !== undefined) return tcp;
  const socket = net.connect({ host: 'evenkeel.invalid', port: 1, lookup: () => {} });
  tcp = (socket as unknown as { _handle: { constructor: typeof tcp } })._handle.constructor;
  socket.destroy();
  return tcp as NonNullable<typeof tcp>;
}

/** The handle owns the fd. */
export function tcpHandle(takeFd: number): TcpHandle {
  const handle = new (tcpClass())(0);
  handle.open(takeFd);
  return handle;
}

/** What a socket is, by its ends, which every duplicate of it has; undefined once it is closed. */
export function socketIdentity(fd: number): string | undefined {
  let duplicate: number;
  try {
    duplicate = binding().openSocket(binding().shareSocket(fd, process.pid));
  } catch {
    return undefined;
  }
  const handle = tcpHandle(duplicate);
  const [own, peer] = [{}, {}] as [{ port?: number }, { port?: number }];
  handle.getsockname(own);
  handle.getpeername(peer);
  handle.close();
  return `socket:${own.port}-${peer.port ?? ''}`;
}
