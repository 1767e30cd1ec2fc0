import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import net from 'node:net';
import { onTestFinished } from 'vitest';
import { binding, type ListenSocket, type ListenSocketOptions } from '../../dist/binding.js';
import { tcpHandle } from './windows-sockets.ts';

/** The addon: EVENKEEL_ADDON, else the one that is built. */
export const addon = binding();

export const LOOPBACK = { host: '127.0.0.1', family: 4, port: 0 } as const;

/** A listening socket, closed when the test ends. */
export function listen(options: ListenSocketOptions = LOOPBACK): ListenSocket {
  return closing(new addon.ListenSocket(options));
}

/** Closes it when the test ends. */
export function closing<T extends { close(): void }>(closeable: T): T {
  onTestFinished(() => closeable.close());
  return closeable;
}

/** A client's connection, made; destroyed when the test ends. */
export async function connect(port: number, host = '127.0.0.1'): Promise<net.Socket> {
  const socket = net.connect({ port, host });
  onTestFinished(() => {
    socket.destroy();
  });
  await once(socket, 'connect');
  return socket;
}

/** So many connections one after another, each from a port of its own. */
export async function connections(count: number, port: number, host?: string): Promise<net.Socket[]> {
  const sockets: net.Socket[] = [];
  for (let i = 0; i < count; i++) sockets.push(await connect(port, host));
  return sockets;
}

/** What queueLength() says of so many: Windows does not count them. */
export const queueOf = (count: number): number => ('handleCount' in addon ? Math.min(count, 1) : count);

/** Clients of this machine whose SYN to `port` was not answered yet. See proc_net_tcp of the kernel's
 * documentation: of each line the remote address and then the state, 02 for SYN_SENT. */
export function handshaking(port: number): number {
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  const line = new RegExp(`^ *\\d+: \\S+ [0-9A-F]+:${hex} 02 `, 'gm');
  const tables = ['/proc/net/tcp', '/proc/net/tcp6'].map((table) => readFileSync(table, 'utf8'));
  return tables.join('\n').match(line)?.length ?? 0;
}

/** Everything in the accept queue. The caller owns the descriptors. */
export function acceptAll(socket: ListenSocket): number[] {
  const fds: number[] = [];
  for (let fd = socket.accept(); fd >= 0; fd = socket.accept()) fds.push(fd);
  return fds;
}

/** An accepted connection as a socket of Node's, which takes no descriptors of sockets on Windows. */
export function socketOver(fd: number): net.Socket {
  if (!('handleCount' in addon)) return new net.Socket({ fd });
  return new net.Socket({ handle: tcpHandle(fd), pauseOnCreate: false } as object).resume();
}

/** The two ends talk to each other. */
export async function talk(client: net.Socket, acceptedFd: number): Promise<void> {
  const server = socketOver(acceptedFd);
  client.write('ping');
  const [ping] = await once(server, 'data');
  server.end(`pong after ${ping}`);
  const [pong] = await once(client, 'data');
  if (String(pong) !== 'pong after ping') throw new Error(`not what was sent: ${pong}`);
  await once(server, 'close');
}
