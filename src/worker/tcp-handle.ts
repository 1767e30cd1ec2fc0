import net from 'node:net';
import { binding } from '../binding.js';
import { passesDescriptors } from '../link/link.js';

/** Node's listening handle, as far as we use it: its TCP class, or node:cluster's stand-in for one. */
export interface ServerHandle {
  /** Set by net.Server after it has the handle. */
  onconnection: OnConnection | null;
  close(callback?: () => void): void;
  ref(): void;
  unref(): void;
}

export type OnConnection = (this: ServerHandle, errno: number, client?: TcpHandle) => void;

export interface TcpHandle extends ServerHandle {
  open(fd: number): number;
  listen(backlog: number): number;
  setNoDelay(enable: boolean): number;
  /** Windows. */
  setSimultaneousAccepts?(enable: boolean): void;
}

type TcpClass = { new (type: number): TcpHandle; prototype: TcpHandle };

const SOCKET = 0;
const SERVER = 1;

let tcp: TcpClass | undefined;

/** Node's class TCP, which no public API exports: any net.Socket over a TCP descriptor has an instance. On
 * Windows, where a socket is no descriptor to Node, one whose name is for ever being looked up.
 * Works without process.binding, and so without its warning and under --permission. */
function tcpClass(): TcpClass {
  if (tcp !== undefined) return tcp;
  const socket = passesDescriptors()
    ? new net.Socket({ fd: binding().unboundSocket(), readable: false, writable: false })
    : net.connect({ host: 'evenkeel.invalid', port: 1, lookup: () => {} });
  tcp = (socket as unknown as { _handle: { constructor: TcpClass } })._handle.constructor;
  socket.destroy();
  return tcp;
}

/** A connection handle over an accepted socket; the handle owns the fd.
 * @throws the system's error; the fd is closed then. */
export function connectionHandle(takeFd: number): TcpHandle {
  return handleOver(takeFd, SOCKET);
}

/** Says that the connection's socket has TCP_NODELAY from its listener: net.Server sets it for each connection,
 * a system call for nothing. `wanted`: whether this server does. */
export function inheritNoDelay(client: TcpHandle, wanted: boolean): void {
  if (wanted) client.setNoDelay = setNoDelayAgain;
  else client.setNoDelay(false);
}

function setNoDelayAgain(this: TcpHandle, enable: boolean): number {
  if (enable) return 0;
  delete (this as Partial<TcpHandle>).setNoDelay; // from here on it is as the application says
  return this.setNoDelay(false);
}

/** A listening handle over a borrowed socket; the handle owns the fd. Each connection libuv accepts on it
 * passes through `around`, which must call `deliver` once.
 * @throws the system's error; the fd is closed then. */
export function listeningHandle(
  takeFd: number,
  around: (deliver: () => void, client?: TcpHandle) => void,
): TcpHandle {
  const handle = handleOver(takeFd, SERVER);
  // libuv would have 32 connections at once accepted here before anybody else gets one.
  handle.setSimultaneousAccepts?.(false);
  let deliver: OnConnection | null = null;
  // libuv's callback reads the property; net.Server writes it.
  Object.defineProperty(handle, 'onconnection', {
    configurable: true,
    enumerable: true,
    get: () => intercept,
    set: (listener: OnConnection) => {
      deliver = listener;
    },
  });
  function intercept(errno: number, client?: TcpHandle): void {
    around(() => deliver?.call(handle, errno, client), client);
  }
  return handle;
}

/** A listening handle over a borrowed socket whose connections go to `server`, node:cluster's stand-in, which
 * remains what net.Server knows: this one keeps no process alive. The handle owns the fd.
 * @throws the system's error; the fd is closed then. */
export function lentHandle(
  takeFd: number,
  backlog: number,
  server: ServerHandle,
  around: (deliver: () => void, client?: TcpHandle) => void,
): TcpHandle {
  const handle = listeningHandle(takeFd, around);
  handle.onconnection = (errno, client) => server.onconnection?.call(server, errno, client);
  handle.unref();
  const errno = handle.listen(backlog);
  if (errno === 0) return handle;
  handle.close();
  throw Object.assign(new Error(`cannot listen on a lent socket: errno ${errno}`), {
    errno,
    syscall: 'listen',
  });
}

/** Whether it is a handle of Node's TCP class, and not node:cluster's stand-in for one. */
export function isListeningHandle(handle: ServerHandle): handle is TcpHandle {
  return Object.prototype.isPrototypeOf.call(tcpClass().prototype, handle);
}

/** Closes the descriptor of a listening handle at once; nothing for node:cluster's stand-in, which has none.
 * A second close() of the handle does nothing. */
export function closeDescriptor(handle: ServerHandle, callback?: () => void): void {
  if (isListeningHandle(handle)) tcpClass().prototype.close.call(handle, callback);
}

function handleOver(fd: number, type: number): TcpHandle {
  const handle = new (tcpClass())(type);
  const errno = handle.open(fd);
  if (errno === 0) return handle;
  binding().closeFd(fd);
  handle.close();
  const message = `cannot open descriptor ${fd} as a TCP handle: errno ${errno}`;
  throw Object.assign(new Error(message), { errno, syscall: 'open' });
}
